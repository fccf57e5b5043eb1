// CoAP's codes of answers and its content formats, by the numbers of RFC 7252, 7959 and 8428.
#pragma once

#include <cstdint>
#include <string>

namespace ferrule::coap {

constexpr uint8_t code(unsigned of_class, unsigned detail) { return static_cast<uint8_t>(of_class << 5 | detail); }
constexpr unsigned class_of(uint8_t code) { return code >> 5; }
constexpr bool is_success(uint8_t code) { return class_of(code) == 2; }
// 4.04 is 404: as samples and statuses carry it.
constexpr uint16_t decimal(uint8_t code) { return static_cast<uint16_t>(class_of(code) * 100 + (code & 31)); }

// "4.04: there is no such resource"
std::string code_text(uint8_t code);

enum class ContentFormat : int32_t {
  none = -1,
  text = 0,
  link_format = 40,
  bytes = 42,
  json = 50,
  cbor = 60,
  senml_json = 110,
  senml_cbor = 112,
};

}  // namespace ferrule::coap
