#include "coap/library.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace ferrule::coap {

void start_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    coap_startup();
    // It would write a line for each malformed packet. What matters comes to us as an event.
    coap_set_log_level(LOG_EMERG);
    coap_dtls_set_log_level(LOG_EMERG);
    coap_set_log_handler([](coap_log_t, const char*) {});
  });
}

coap_address_t library_address(const SocketAddress& address) {
  coap_address_t out;
  coap_address_init(&out);
  out.size = address.length;
  std::memcpy(&out.addr, &address.storage, std::min<size_t>(address.length, sizeof out.addr));
  return out;
}

coap_fixed_point_t fixed_point(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return {static_cast<uint16_t>(ms / 1000), static_cast<uint16_t>(ms % 1000)};
}

coap_dtls_pki_t certificates(const Security& security) {
  const auto file = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
  coap_dtls_pki_t setup{};
  setup.version = COAP_DTLS_PKI_SETUP_VERSION;
  setup.verify_peer_cert = 1;
  setup.check_common_ca = 1;  // else 4.3.1 does not even read ca_file
  setup.cert_chain_validation = 1;
  setup.cert_chain_verify_depth = 3;
  setup.pki_key.key_type = COAP_PKI_KEY_PEM;
  setup.pki_key.key.pem.ca_file = file(security.ca_file);
  setup.pki_key.key.pem.public_cert = file(security.certificate_file);
  setup.pki_key.key.pem.private_key = file(security.key_file);
  return setup;
}

}  // namespace ferrule::coap
