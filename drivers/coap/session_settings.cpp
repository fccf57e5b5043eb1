#include "coap/session_settings.h"

#include <cstdlib>

#include "coap/fields.h"

namespace ferrule::coap {

namespace {

std::string key_of(const std::string& secret) {
  constexpr std::string_view kHex = "hex:";
  if (!secret.starts_with(kHex)) return secret;
  std::string key;
  for (size_t i = kHex.size(); i + 1 < secret.size(); i += 2) {
    key += static_cast<char>(std::strtoul(secret.substr(i, 2).c_str(), nullptr, 16));
  }
  return key;
}

Security security_of(const Fields& dtls) {
  return {.identity = dtls.text("identity"),
          .key = key_of(dtls.text("key")),
          .ca_file = dtls.text("ca"),
          .certificate_file = dtls.text("certificate"),
          .key_file = dtls.text("private_key"),
          .server_name = dtls.text("server_name")};
}

}  // namespace

SessionSettings session_settings(const Fields& channel, const Fields& device) {
  SessionSettings settings;
  settings.host = device_text(device, "host");
  settings.ack_timeout = channel.duration("ack_timeout");
  settings.retransmit = static_cast<uint16_t>(channel.integer("retransmit"));
  const Fields* dtls = device.object("dtls");
  if (dtls == nullptr) dtls = channel.object("dtls");
  settings.port = device.has("port") ? static_cast<uint16_t>(device.integer("port")) : dtls ? kDefaultSecurePort : kDefaultPort;
  if (dtls != nullptr) settings.security = security_of(*dtls);
  return settings;
}

ServerSettings server_settings(const ChannelSettings& channel) {
  ServerSettings settings;
  const Fields& listen = *channel.fields.object("listen");
  settings.address = listen.text("address");
  const auto add = [&](const Fields* dtls) {
    if (dtls == nullptr) return;
    settings.secure = true;
    const Security security = security_of(*dtls);
    if (!security.key.empty()) settings.keys.push_back({security.identity, security.key});
    if (!security.certificate_file.empty()) settings.certificates = security;
  };
  add(channel.fields.object("dtls"));
  for (const DeviceSettings& device : channel.devices) add(device.fields.object("dtls"));
  settings.port = listen_port(channel);
  return settings;
}

}  // namespace ferrule::coap
