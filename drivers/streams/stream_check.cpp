#include <arpa/inet.h>

#include <map>

#include "streams/stream_settings.h"

namespace ferrule::streams {

namespace {

class Checker {
 public:
  Checker(const ChannelSettings& channel, const Names& names, Complaints& complaints)
      : channel_(channel), names_(names), complaints_(complaints), push_(devices_push(channel)) {}

  void run() {
    for (const std::string_view name : {"frame", "request_frame"}) {
      if (const Fields* frame = channel_.fields.object(name)) check_frame(*frame, complaints_);
    }
    if (const Fields* payload = channel_.fields.object("payload")) check_payload(*payload);
    if (push_) check_identity();
    for (const DeviceSettings& device : channel_.devices) {
      if (const Fields* payload = device.fields.object("payload")) check_payload(*payload);
      for (const TagSettings& tag : device.tags) check_tag(device, tag);
    }
  }

 private:
  void complain(Mark mark, std::string what) { complaints_.push_back({mark, std::move(what)}); }
  std::string name(const DeviceSettings& device) const { return std::string(names_.name(device.id)); }

  void check_payload(const Fields& payload) {
    const auto made = Extraction::compile(&payload, {});
    if (!made) complain(payload.mark(), made.status().what());
  }

  // A device that pushes must be known by something.
  void check_identity() {
    const Fields* id = channel_.fields.object("id");
    if (id != nullptr) {
      const Place place = id_place(channel_);
      const auto made = Extraction::compile(channel_.fields.object("payload"), {&place, 1});
      if (!made) complain(id->mark(), made.status().what());
    }
    std::map<std::string, DeviceId> known;
    for (const DeviceSettings& device : channel_.devices) {
      const std::string own = id != nullptr ? id_of(device) : usual_address(device.fields.text("address"));
      if (own.empty() && (id != nullptr || channel_.devices.size() > 1)) {
        complain(device.mark, "device " + name(device) + " needs " +
                                  (id != nullptr ? "its id, as it sends it"
                                                 : "its address, or the channel an `id`: where a frame says whose it is"));
        continue;
      }
      if (!own.empty() && id == nullptr && !is_address(own)) {
        complain(device.fields.mark("address"), "'" + own + "' is no IP address");
      }
      const auto [other, fresh] = known.try_emplace(own, device.id);
      if (!fresh) complain(device.mark, "'" + own + "' is device " + std::string(names_.name(other->second)) + "'s already");
    }
  }

  static bool is_address(const std::string& text) {
    in6_addr bytes{};
    return inet_pton(AF_INET, text.c_str(), &bytes) == 1 || inet_pton(AF_INET6, text.c_str(), &bytes) == 1;
  }

  void check_tag(const DeviceSettings& device, const TagSettings& tag) {
    const Fields* payload = payload_of(channel_, device);
    const Place place = place_of(payload, tag.fields);
    const auto made = Extraction::compile(payload, {&place, 1});
    if (!made) complain(tag.fields.mark("at"), made.status().what());
    const bool readable = push_ || !request_of(device, tag).empty();
    if (!readable) {
      complain(tag.mark, "no request reads this tag: write `request` at it or at device " + name(device));
    }
    check_write(tag);
  }

  void check_write(const TagSettings& tag) {
    if (tag.writable && !tag.fields.has("set"))
      complain(tag.mark, "a tag that is written needs `set`: what is sent, with {value}");
    if (tag.writable && push_) complain(tag.mark, "devices that push take no commands: leave out write");
    const std::string confirm = tag.fields.text("confirm");
    if (confirm.empty()) return;
    Fields pattern(kPayloadFieldTable);
    pattern.set("format", std::string("regex"));
    pattern.set("pattern", confirm);
    const auto made = Extraction::compile(&pattern, {});
    if (!made) complain(tag.fields.mark("confirm"), made.status().what());
  }

  const ChannelSettings& channel_;
  const Names& names_;
  Complaints& complaints_;
  const bool push_;
};

}  // namespace

void check_streams(const ChannelSettings& channel, const Names& names, Complaints& complaints) {
  Checker(channel, names, complaints).run();
}

}  // namespace ferrule::streams
