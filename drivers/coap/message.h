// CoAP requests and answers, as far as this driver uses them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coap/code.h"
#include "coap/point.h"

namespace ferrule::coap {

enum class RequestCode : uint8_t { get = 1, post = 2, put = 3 };

struct Block {  // RFC 7959
  uint32_t number = 0;
  bool more = false;
  uint8_t size_exponent = 6;  // 0 .. 6: 16 .. 1024 bytes
  size_t size() const { return size_t{16} << size_exponent; }
  size_t offset() const { return number * size(); }
};

using Token = uint32_t;

struct Outgoing {
  RequestCode code = RequestCode::get;
  bool confirmable = true;
  const Resource* resource = nullptr;
  bool observe = false;  // registers
  ContentFormat accept = ContentFormat::none;
  ContentFormat content_format = ContentFormat::none;
  std::optional<Block> block1 = {}, block2 = {};
  std::string_view payload = {};
};

struct Incoming {
  uint8_t code = 0;
  bool acknowledges = false;  // it came in the acknowledgement of our own request, so it answers that and nothing older
  ContentFormat content_format = ContentFormat::none;
  std::optional<uint32_t> observe = {};
  uint32_t max_age_s = 60;
  std::optional<Block> block1 = {}, block2 = {};
  std::string etag = {};
  std::string payload = {};
  uint32_t bytes = 0;  // of the message
};

// What a device sends to a resource of ours.
struct Post {
  std::string from;         // its IP address, canonical
  std::string identity;     // of its pre-shared key; empty: none
  std::string common_name;  // of its certificate; empty: none
  uint64_t peer = 0;        // the same for what comes from the same address and port, with DTLS from the same session
  uint16_t message_id = 0;
  bool confirmable = false;
  std::string token;
  Resource resource;
  ContentFormat content_format = ContentFormat::none;
  std::optional<Block> block1 = {};
  std::string_view payload;
  uint32_t bytes = 0;  // of the message
};

}  // namespace ferrule::coap
