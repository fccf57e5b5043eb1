#include "streams/stream_settings.h"

#include <arpa/inet.h>

#include <array>

namespace ferrule::streams {

namespace {

bool has_field(const Fields& fields, std::string_view name) {
  for (const FieldSpec& spec : fields.table()) {
    if (spec.name == name) return fields.has(name);
  }
  return false;
}

FrameRule rule_or(const Fields* frame, const FrameRule& otherwise) {
  if (frame == nullptr) return otherwise;
  auto rule = frame_rule(*frame);
  return rule ? std::move(*rule) : otherwise;
}

}  // namespace

FrameRule frame_of(const ChannelSettings& channel) { return rule_or(channel.fields.object("frame"), FrameRule{}); }

FrameRule request_frame_of(const ChannelSettings& channel) {
  return rule_or(channel.fields.object("request_frame"), frame_of(channel));
}

const Fields* payload_of(const ChannelSettings& channel, const DeviceSettings& device) {
  const Fields* own = device.fields.object("payload");
  return own != nullptr ? own : channel.fields.object("payload");
}

std::string id_of(const DeviceSettings& device) {
  std::string id = device.fields.text("id");
  constexpr std::string_view kUnit = "{unit_id}";
  if (const size_t at = id.find(kUnit); at != std::string::npos) {
    id.replace(at, kUnit.size(), std::to_string(device.fields.integer("unit_id")));
  }
  return id;
}

Place id_place(const ChannelSettings& channel) {
  const Fields* payload = channel.fields.object("payload");
  Place place = place_of(payload, *channel.fields.object("id"));
  const bool binary = payload != nullptr && payload->text("format") == "binary";  // whose places have a type
  if (place.type == FieldType::automatic && !binary) place.type = FieldType::text;
  return place;
}

std::string usual_address(const std::string& text) {
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
  std::array<char, INET6_ADDRSTRLEN> letters{};
  const bool four = IN6_IS_ADDR_V4MAPPED(&six);
  inet_ntop(four ? AF_INET : AF_INET6, four ? &six.s6_addr[12] : &six.s6_addr[0], letters.data(), letters.size());
  return letters.data();
}

std::string request_of(const DeviceSettings& device, const TagSettings& tag) {
  return tag.fields.has("request") ? tag.fields.text("request") : device.fields.text("request");
}

bool devices_push(const ChannelSettings& channel) {
  if (has_field(channel.fields, "listen")) return true;
  for (const DeviceSettings& device : channel.devices) {
    for (const TagSettings& tag : device.tags) {
      if (!request_of(device, tag).empty()) return false;
    }
  }
  return true;
}

Duration timeout_of(const ChannelSettings& channel, const DeviceSettings& device) {
  return (device.fields.has("timeout") ? device.fields : channel.fields).duration("timeout");
}

}  // namespace ferrule::streams
