#include "coap/check.h"

#include <algorithm>
#include <map>

#include "coap/point.h"
#include "link/ip_address.h"

namespace ferrule::coap {

namespace {

class Checker {
 public:
  Checker(const ChannelSettings& channel, const Names& names, Complaints& complaints)
      : channel_(channel), names_(names), complaints_(complaints) {}

  void run() {
    if (const Fields* dtls = channel_.fields.object("dtls")) {
      check_dtls(*dtls);
      refuse(*dtls, {"common_name"}, "is of one device: write it in the dtls of that");
    }
    for (const DeviceSettings& device : channel_.devices) {
      if (const Fields* dtls = device.fields.object("dtls")) check_dtls(*dtls);
      listens_ ? check_poster(device) : check_asked(device);
      for (const TagSettings& tag : device.tags) check_tag(tag);
    }
    if (listens_) check_server();
  }

 private:
  void complain(Mark mark, std::string what) { complaints_.push_back({mark, std::move(what)}); }

  void check_dtls(const Fields& dtls) {
    if (dtls.has("key") != dtls.has("identity")) {
      complain(dtls.mark(), "identity and key belong together: write both, or ca for certificates");
    }
    if (dtls.has("key") && dtls.has("ca")) {
      complain(dtls.mark("ca"), "a device is known by a key or by its certificate: write identity and key, or ca");
    }
    if (!dtls.has("key") && !dtls.has("ca") && !dtls.has("common_name")) {
      complain(dtls.mark(), "write how the device is known: { identity: gateway7, key: !secret sensor-key }, or { ca: FILE }");
    }
    if (dtls.has("certificate") != dtls.has("private_key")) {
      complain(dtls.mark(), "certificate and private_key belong together: write both");
    }
  }

  void check_asked(const DeviceSettings& device) {
    const std::string name(names_.name(device.id));
    if (!device.fields.has("host")) complain(device.mark, "device " + name + " needs host: its name or address");
    refuse(device.fields, {"address"}, "goes with listen: a device that is asked has a host");
    if (const Fields* dtls = device.fields.object("dtls")) {
      refuse(*dtls, {"common_name"},
             "goes with listen: write server_name, the name in the certificate of a device that is asked");
    }
  }

  // Two devices that post to the same resource must be told apart.
  void check_poster(const DeviceSettings& device) {
    refuse(device.fields, {"host", "port", "observe", "timeout", "confirmable"},
           "is for devices that are asked, not with listen");
    const Fields* dtls = device.fields.object("dtls");
    if (dtls != nullptr && dtls->has("ca")) {
      complain(dtls->mark("ca"), "certificates of a channel that listens are the channel's: write ca in its dtls");
    }
    if (dtls != nullptr && dtls->has("common_name")) check_certificate(*dtls);
    const std::string written = device_text(device.fields, "address");
    const auto address = canonical_ip(written);
    if (!written.empty() && !address) {
      complain(device.fields.mark("address"), "'" + written + "' is no IP address: write it in numbers, such as 192.168.10.31");
    }
    const std::string peer =
        address.value_or(written) + "\n" + (dtls == nullptr ? "" : dtls->text("identity") + "\n" + dtls->text("common_name"));
    for (const TagSettings& tag : device.tags) {
      auto resource = parse_resource(full_path(device.fields, tag.fields));
      if (!resource) continue;  // its own complaint
      const auto [there, fresh] = posters_.try_emplace({std::move(*resource), peer}, device.id);
      if (fresh || there->second == device.id) continue;
      complain(device.mark, "devices " + std::string(names_.name(there->second)) + " and " + std::string(names_.name(device.id)) +
                                " post to the same " + full_path(device.fields, tag.fields) +
                                ": give each a root, an address or an identity of its own");
      return;
    }
  }

  void check_certificate(const Fields& dtls) {
    refuse(dtls, {"identity", "key"}, "is of a device that has no certificate: write it, or common_name");
    const Fields* channel = channel_.fields.object("dtls");
    if (channel == nullptr || !channel->has("ca")) {
      complain(dtls.mark("common_name"),
               "common_name is that of a certificate: write certificate, private_key and ca in the channel's dtls");
    }
  }

  void check_server() {
    const Fields* dtls = channel_.fields.object("dtls");
    const bool channel_wide = dtls != nullptr;
    if (channel_wide && dtls->has("ca") && !dtls->has("certificate")) {
      complain(dtls->mark(), "a channel that listens shows a certificate: write certificate and private_key, too");
    }
    const auto own = [](const DeviceSettings& device) { return device.fields.has("dtls"); };
    if (channel_wide || std::ranges::none_of(channel_.devices, own)) return;
    for (const DeviceSettings& device : channel_.devices) {
      if (own(device)) continue;
      complain(device.mark, "device " + std::string(names_.name(device.id)) +
                                " has no dtls, and others of this channel have: it could not send anything");
    }
  }

  void refuse(const Fields& fields, std::initializer_list<std::string_view> names, const std::string& why) {
    for (const std::string_view name : names) {
      if (fields.has(name)) complain(fields.mark(name), std::string(name) + " " + why);
    }
  }

  void check_tag(const TagSettings& tag) {
    const Fields& fields = tag.fields;
    const std::string format = fields.text("format");
    if (listens_) {
      refuse(fields, {"observe", "method"}, "is for devices that are asked, not with listen");
      if (tag.writable) complain(tag.mark, "a device that posts takes no commands: leave out write");
    }
    const bool senml = format.starts_with("senml");
    if (fields.has("record") && fields.has("value")) {
      complain(fields.mark("value"), "record names a SenML record, value a place in JSON or CBOR: write one of them");
    }
    if (fields.has("record") && !format.empty() && !senml) {
      complain(fields.mark("record"), "record goes with SenML, not with " + format + ": write value, or another format");
    }
    if (fields.has("value") && (format == "text" || format == "bytes" || senml)) {
      complain(fields.mark("value"), "value is a place in JSON or CBOR, not in " + format + ": leave it out, or name the " +
                                         (senml ? "record" : "right format"));
    }
    if (format == "bytes" && fields.has("type")) complain(fields.mark("type"), "bytes are taken as they are: leave out type");
  }

  const ChannelSettings& channel_;
  const Names& names_;
  Complaints& complaints_;
  const bool listens_ = channel_.fields.has("listen");
  std::map<std::pair<Resource, std::string>, DeviceId> posters_;
};

}  // namespace

void check_channel(const ChannelSettings& channel, const Names& names, Complaints& complaints) {
  Checker(channel, names, complaints).run();
}

}  // namespace ferrule::coap
