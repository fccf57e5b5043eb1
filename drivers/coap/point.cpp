#include "coap/point.h"

#include <algorithm>
#include <span>

#include "coap/fields.h"
#include "drivers_common/document.h"

namespace ferrule::coap {

namespace {

constexpr size_t kMostPart = 255;  // of a path or query, by RFC 7252
constexpr size_t kMostParts = 32;  // of both

int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  const char lower = static_cast<char>(letter | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Result<std::string> unescaped(std::string_view part) {
  std::string plain;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      plain += part[i];
      continue;
    }
    const int high = i + 2 < part.size() ? hex_digit(part[i + 1]) : -1;
    const int low = i + 2 < part.size() ? hex_digit(part[i + 2]) : -1;
    if (high < 0 || low < 0) return Status(Fault::invalid, "'%' must be followed by two hexadecimal digits: write %25 for a %");
    plain += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (plain.size() > kMostPart) return Status(Fault::invalid, "a part of it has more than 255 bytes, which CoAP does not allow");
  return plain;
}

Status split(std::string_view text, char separator, std::vector<std::string>& parts) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    auto part = unescaped(text.substr(0, end));
    if (!part) return part.status();
    parts.push_back(std::move(*part));
    if (parts.size() > kMostParts) return {Fault::invalid, "it has more than 32 parts"};
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

template <class Choice, size_t kCount>
std::optional<Choice> choice(const Fields& fields, std::string_view name, const std::array<std::string_view, kCount>& words) {
  if (!fields.has(name)) return std::nullopt;
  const auto found = std::ranges::find(words, fields.text(name));
  if (found == words.end()) return std::nullopt;
  return static_cast<Choice>(found - words.begin());
}

}  // namespace

Result<Resource> parse_resource(std::string_view text) {
  if (!text.starts_with('/')) return Status(Fault::invalid, "a path begins with a slash: /sensors/temp");
  Resource resource;
  const size_t query = text.find('?');
  const std::string_view path = text.substr(1, query == std::string_view::npos ? query : query - 1);
  if (Status status = split(path, '/', resource.path); !status) return status;
  if (query == std::string_view::npos) return resource;
  if (Status status = split(text.substr(query + 1), '&', resource.query); !status) return status;
  return resource;
}

Status check_path(std::string_view text) { return parse_resource(text).status(); }
Status check_value_pointer(std::string_view text) { return parse_pointer(text).status(); }

std::string device_text(const Fields& device, std::string_view name) {
  constexpr std::string_view kUnit = "{unit_id}";
  std::string text = device.text(name);
  const size_t at = text.find(kUnit);
  if (at != std::string::npos && device.has("unit_id")) text.replace(at, kUnit.size(), std::to_string(device.integer("unit_id")));
  return text;
}

std::string full_path(const Fields& device, const Fields& tag) { return device_text(device, "root") + tag.text("path"); }

Result<Point> point_of(const Fields& device, const Fields& tag) {
  Point point;
  auto resource = parse_resource(full_path(device, tag));
  if (!resource) return resource.status();
  point.resource = std::move(*resource);
  auto pointer = parse_pointer(tag.text("value"));
  if (!pointer) return pointer.status();
  point.place.pointer = std::move(*pointer);
  point.place.record = tag.text("record");
  point.place.format = choice<Format>(tag, "format", kFormatWords);
  if (const auto type = choice<uint8_t>(tag, "type", kTypeWords)) point.place.type = static_cast<Type>(*type + 1);
  point.method = choice<Method>(tag, "method", kMethodWords).value_or(Method::put);
  point.observe = (tag.has("observe") ? tag : device).boolean("observe");
  return point;
}

}  // namespace ferrule::coap
