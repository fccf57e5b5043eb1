#include "app/discover_command.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <sstream>

#include "app/builtin_types.h"
#include "app/client_answer.h"
#include "app/text_table.h"
#include "coap/link_format.h"
#include "sdk/driver.h"

namespace ferrule {

namespace {

constexpr std::string_view kList = "/.well-known/core";

std::span<const FieldSpec> inner_table(std::span<const FieldSpec> table, std::string_view name) {
  for (const FieldSpec& field : table) {
    if (field.name == name) return field.fields;
  }
  return {};
}

// A channel of the CoAP driver with one device without tags.
class LoneDevice {
 public:
  Status describe(const DiscoverOptions& options) {
    const DriverType& type = *builtin_types().driver("coap");
    channel_.name = "discover";
    channel_.driver = "coap";
    channel_.fields = Fields(type.channel_fields);
    DeviceSettings device;
    device.id = names_.device("device");
    device.fields = Fields(type.device_fields);
    if (Status status = set_place(options.device, device.fields); !status) return status;
    if (Status status = set_security(options, device.fields); !status) return status;
    channel_.devices.push_back(std::move(device));
    Complaints complaints;
    type.check(channel_, names_, complaints);
    if (!complaints.empty()) return {Fault::invalid, complaints.front().what};
    auto driver = type.build(channel_, context_);
    if (!driver) return driver.status();
    driver_ = std::move(*driver);
    return driver_->connect(clock_.now() + options.timeout);
  }

  ProbeAnswer list(Duration timeout) {
    return driver_->prober()->probe({.unit = 1, .address = std::string(kList)}, clock_.now() + timeout);
  }

 private:
  static Status set_place(const std::string& text, Fields& device) {
    const size_t colon = text.rfind(':');
    const bool bracketed = text.starts_with('[');
    const bool has_port =
        colon != std::string::npos && (bracketed ? text[colon - 1] == ']' : text.find(':') == colon);  // more: an IPv6 address
    std::string host = text.substr(0, has_port ? colon : std::string::npos);
    if (bracketed && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    device.set("host", std::move(host));
    if (!has_port) return {};
    uint16_t port = 0;
    const auto parsed = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || port == 0) {
      return {Fault::invalid, "a device is HOST or HOST:PORT, not '" + text + "'"};
    }
    device.set("port", int64_t{port});
    return {};
  }

  static Status set_security(const DiscoverOptions& options, Fields& device) {
    if (options.identity.empty() && options.key_file.empty() && options.ca.empty()) return {};
    Fields dtls(inner_table(device.table(), "dtls"));
    if (!options.identity.empty()) dtls.set("identity", options.identity);
    if (!options.ca.empty()) dtls.set("ca", options.ca);
    if (!options.key_file.empty()) {
      std::ifstream file(options.key_file);
      std::string key;
      if (!std::getline(file, key)) return {Fault::invalid, options.key_file + " cannot be read, or is empty"};
      dtls.set("key", key);
    }
    device.set("dtls", std::vector<Fields>{std::move(dtls)});
    return {};
  }

  const SystemClock clock_;
  Names names_;
  const StopSignal stop_;
  ChannelSettings channel_;
  const ChannelContext context_{.clock = clock_, .names = names_, .stop = stop_};
  std::unique_ptr<Driver> driver_;
};

// A tag's name of the last part of a path.
std::string tag_name(const std::string& path) {
  std::string name;
  for (const char letter : path.substr(path.rfind('/') + 1)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0;
    name += plain ? letter : '_';
  }
  return name.empty() || std::isalpha(static_cast<unsigned char>(name[0])) == 0 ? "r" + name : name;
}

void show(const std::vector<coap::Link>& links, std::FILE* out) {
  TextTable table({"PATH", "TYPE", "INTERFACE", "FORMATS", "OBSERVE", "TITLE"});
  for (const coap::Link& link : links) {
    std::string formats;
    for (const int format : link.formats) formats += (formats.empty() ? "" : " ") + std::to_string(format);
    table.add({link.path, link.type, link.interface, formats, link.observable ? "yes" : "", link.title});
  }
  table.print(out);
  std::fprintf(out, "\nAs tags:\n");
  for (const coap::Link& link : links) {
    if (!link.path.starts_with('/') || link.path == kList) continue;
    const std::string line =
        "  - { name: " + tag_name(link.path) + ", path: \"" + link.path + "\"" + (link.observable ? ", observe: true }" : " }");
    std::fprintf(out, "%s\n", printable(line).c_str());
  }
}

}  // namespace

int discover(const DiscoverOptions& options, const ClientCall& call) {
  const auto failed = [&](const Status& status, int exit_code) {
    std::fprintf(call.err, "%s\n", printable(status.what()).c_str());
    return exit_code;
  };
  LoneDevice device;
  if (Status status = device.describe(options); !status) return failed(status, kRefused);
  const ProbeAnswer answer = device.list(options.timeout);
  if (!answer.status.ok()) return failed(answer.status, answer.status.fault() == Fault::timeout ? kNoGateway : kRefused);
  if (answer.refused != 0) return failed(Status(Fault::refused, std::string(kList) + " " + answer.refusal), kRefused);
  const auto links = coap::read_links({reinterpret_cast<const char*>(answer.bytes.data()), answer.bytes.size()});
  if (!links) return failed(links.status(), kRefused);
  show(*links, call.out);
  return kDone;
}

}  // namespace ferrule
