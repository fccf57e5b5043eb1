#include "link/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <system_error>

namespace ferrule {

namespace {

std::string openssl_words() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "" : std::string(": ") + reason;
}

using Context = std::shared_ptr<ssl_ctx_st>;

Status cannot_read(const std::string& file, const std::string& what) {
  return {Fault::invalid, "cannot read " + what + " in " + file + openssl_words()};
}

Result<Context> new_context(const SSL_METHOD* method) {
  ERR_clear_error();
  Context context(SSL_CTX_new(method), &SSL_CTX_free);
  if (context == nullptr) return {Fault::io, "no TLS" + openssl_words()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // A device's own certificate may stand for an authority.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
  return context;
}

Status use_own_certificate(SSL_CTX* context, const Fields& tls) {
  const std::string certificate = tls.text("certificate");
  const std::string key = tls.has("key") ? tls.text("key") : certificate;
  if (certificate.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) return cannot_read(certificate, "the certificate");
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) return cannot_read(key, "the private key");
  return {};
}

Status trust(SSL_CTX* context, const std::string& ca) {
  if (ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return {Fault::io, "cannot read the system's authorities" + openssl_words()};
  }
  if (SSL_CTX_load_verify_locations(context, ca.c_str(), nullptr) != 1) return cannot_read(ca, "the authorities");
  return {};
}

int clamped(size_t size) { return static_cast<int>(std::min<size_t>(size, 1 << 20)); }

}  // namespace

Result<TlsContext> TlsContext::client(const Fields& tls) {
  auto context = new_context(TLS_client_method());
  if (!context) return context.status();
  if (Status trusted = trust(context->get(), tls.text("ca")); !trusted.ok()) return trusted;
  if (Status own = use_own_certificate(context->get(), tls); !own.ok()) return own;
  SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
  return TlsContext(std::move(*context));
}

Result<TlsContext> TlsContext::server(const Fields& tls) {
  auto context = new_context(TLS_server_method());
  if (!context) return context.status();
  if (Status own = use_own_certificate(context->get(), tls); !own.ok()) return own;
  SSL_CTX_set_num_tickets(context->get(), 0);
  if (const std::string ca = tls.text("ca"); !ca.empty()) {
    if (Status trusted = trust(context->get(), ca); !trusted.ok()) return trusted;
    SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return TlsContext(std::move(*context));
}

TlsSession::TlsSession(const TlsContext& context, int fd) : ssl_(SSL_new(context.context_.get()), &SSL_free) {
  if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd) != 1) trouble_ = "no TLS session" + openssl_words();
}

TlsSession TlsSession::to_server(const TlsContext& context, int fd, const std::string& peer) {
  TlsSession session(context, fd);
  SSL* ssl = session.ssl_.get();
  if (ssl == nullptr) return session;
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), peer.c_str()) != 1) {
    ERR_clear_error();
    SSL_set1_host(ssl, peer.c_str());
    SSL_set_tlsext_host_name(ssl, peer.c_str());
  }
  SSL_set_connect_state(ssl);
  return session;
}

TlsSession TlsSession::to_client(const TlsContext& context, int fd) {
  TlsSession session(context, fd);
  if (session.ssl_ != nullptr) SSL_set_accept_state(session.ssl_.get());
  return session;
}

bool TlsSession::established() const { return ssl_ != nullptr && SSL_is_init_finished(ssl_.get()) == 1; }

TlsSession::Step TlsSession::after(int result, size_t bytes) {
  if (result > 0) return {What::done, bytes};
  const int error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return {What::wants_read};
    case SSL_ERROR_WANT_WRITE: return {What::wants_write};
    case SSL_ERROR_ZERO_RETURN: return {What::closed};
    case SSL_ERROR_SYSCALL:
      trouble_ = error == 0 ? "the other side closed the link" : std::generic_category().message(error);
      ERR_clear_error();
      return {What::failed};
    default: break;
  }
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK) trouble_ = std::string("its certificate: ") + X509_verify_cert_error_string(verdict);
  if (const std::string words = openssl_words(); trouble_.empty()) trouble_ = words.empty() ? "TLS failed" : "TLS" + words;
  return {What::failed};
}

TlsSession::Step TlsSession::shake() {
  if (!trouble_.empty()) return {};
  errno = 0;
  ERR_clear_error();
  return after(SSL_do_handshake(ssl_.get()), 0);
}

TlsSession::Step TlsSession::read(std::span<uint8_t> bytes) {
  if (!trouble_.empty()) return {};
  errno = 0;
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), bytes.data(), clamped(bytes.size()));
  return after(got, got > 0 ? static_cast<size_t>(got) : 0);
}

TlsSession::Step TlsSession::write(std::span<const uint8_t> bytes) {
  if (!trouble_.empty()) return {};
  errno = 0;
  ERR_clear_error();
  const int sent = SSL_write(ssl_.get(), bytes.data(), clamped(bytes.size()));
  return after(sent, sent > 0 ? static_cast<size_t>(sent) : 0);
}

void TlsSession::say_goodbye() {
  if (trouble_.empty() && established()) (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace ferrule
