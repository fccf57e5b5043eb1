// A tag's settings as the driver uses them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "sdk/settings.h"

namespace ferrule::coap {

enum class Format : uint8_t { text, json, cbor, senml_json, senml_cbor, bytes };  // as kFormatWords
enum class Type : uint8_t { as_it_comes, number, text, boolean };                 // as kTypeWords, after the first
enum class Method : uint8_t { put, post };

struct Resource {
  std::vector<std::string> path, query;  // each at most 255 bytes, percent-decoded
  auto operator<=>(const Resource&) const = default;
};

// "/a/b?c=d&e". invalid: no leading slash, or a part that is too long or badly escaped; the text says what to write.
Result<Resource> parse_resource(std::string_view text);
Status check_path(std::string_view text);
Status check_value_pointer(std::string_view text);

// Where a value stands in a payload.
struct Place {
  std::optional<Format> format;  // nothing: as the device says
  std::vector<std::string> pointer;
  std::string record;
  Type type = Type::as_it_comes;
};

struct Point {
  Resource resource;
  Place place;
  bool observe = false;
  Method method = Method::put;
};

// A text of the device with its {unit_id} filled in: host, address, root.
std::string device_text(const Fields& device, std::string_view name);
// The device's root and the tag's path.
std::string full_path(const Fields& device, const Fields& tag);
Result<Point> point_of(const Fields& device, const Fields& tag);

}  // namespace ferrule::coap
