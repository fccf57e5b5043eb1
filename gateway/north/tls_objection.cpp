#include "north/tls_objection.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

namespace ferrule {

namespace {

constexpr int kPatience_s = 3;
constexpr int kNap_ms = 20;  // between looks at the socket, within the 3 s

std::string openssl_text(const std::string& about) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? about : about + ": " + reason;
}

// What is wrong on our own side, in the files that the settings name.
std::string load(SSL_CTX* context, const TlsSettings& tls) {
  const bool trusted = tls.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                           : SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) == 1;
  if (!trusted) return openssl_text("cannot read the authorities in " + tls.ca_file);
  if (!tls.certificate_file.empty() && SSL_CTX_use_certificate_chain_file(context, tls.certificate_file.c_str()) != 1) {
    return openssl_text("cannot read " + tls.certificate_file);
  }
  if (!tls.key_file.empty() && SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return openssl_text("cannot use " + tls.key_file);
  }
  return "";
}

void demand_host(SSL* ssl, const std::string& host) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1) return;
  ERR_clear_error();
  SSL_set1_host(ssl, host.c_str());
  SSL_set_tlsext_host_name(ssl, host.c_str());
}

}  // namespace

std::string tls_objection(const MqttSettings& settings) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (context == nullptr) return "";
  if (std::string wrong = load(context.get(), settings.tls); !wrong.empty()) return wrong;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> link(BIO_new_ssl_connect(context.get()), &BIO_free_all);
  SSL* ssl = nullptr;
  if (link == nullptr || BIO_get_ssl(link.get(), &ssl) != 1) return "";
  demand_host(ssl, settings.host);
  const bool ipv6 = settings.host.find(':') != std::string::npos;
  BIO_set_conn_hostname(link.get(), (ipv6 ? "[" + settings.host + "]" : settings.host).c_str());
  BIO_set_conn_port(link.get(), std::to_string(settings.port).c_str());
  BIO_set_nbio(link.get(), 1);
  const int connected = BIO_do_connect_retry(link.get(), kPatience_s, kNap_ms);
  const long verdict = SSL_get_verify_result(ssl);
  ERR_clear_error();
  if (connected == 1 || verdict == X509_V_OK) return "";
  return std::string("the broker's certificate: ") + X509_verify_cert_error_string(verdict);
}

}  // namespace ferrule
