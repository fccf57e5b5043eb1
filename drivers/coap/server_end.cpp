#include "coap/server_end.h"

#include <netdb.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "coap/library.h"
#include "coap/wire_message.h"
#include "link/descriptor.h"
#include "link/ip_address.h"

namespace ferrule::coap {

namespace {

constexpr uint16_t kAnswersUnderWay = 32;  // to one device at a time: it may send the next post before it has heard of the last

// `address` in numbers. Nothing: it is none.
std::optional<SocketAddress> numeric(const std::string& address, uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return std::nullopt;
  SocketAddress out;
  out.length = found->ai_addrlen;
  std::memcpy(&out.storage, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return out;
}

std::string remedy(int error) {
  switch (error) {
    case EADDRINUSE: return ": another program, or another channel, listens there";
    case EACCES: return ": ports below 1024 need a privilege; take a higher one";
    case EADDRNOTAVAIL: return ": this is none of the gateway's own addresses";
    default: return std::string(": ") + std::strerror(error);
  }
}

// "127.0.0.1:5683" or "[::1]:5683"
std::string endpoint_text(const coap_session_t* session) {
  std::array<uint8_t, 80> text{};
  const size_t size = coap_print_addr(coap_session_get_addr_remote(session), text.data(), text.size() - 1);
  return {reinterpret_cast<const char*>(text.data()), std::min(size, text.size() - 1)};
}

std::string ip_of(const std::string& endpoint) {
  std::string ip = endpoint.substr(0, endpoint.rfind(':'));
  if (ip.starts_with('[')) ip = ip.substr(1, ip.size() - 2);
  return canonical_ip(ip).value_or(ip);
}

// Of the certificate that the peer has shown; empty: it has shown none.
std::string common_name(const coap_session_t* session) {
  coap_tls_library_t library = COAP_TLS_LIBRARY_NOTLS;
  auto* tls = static_cast<SSL*>(coap_session_get_tls(session, &library));
  const X509* shown = tls == nullptr || library != COAP_TLS_LIBRARY_OPENSSL ? nullptr : SSL_get0_peer_certificate(tls);
  if (shown == nullptr) return {};
  const X509_NAME* subject = X509_get_subject_name(shown);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  const std::string name(reinterpret_cast<const char*>(text), static_cast<size_t>(std::max(size, 0)));
  OPENSSL_free(text);
  return name;
}

std::string path_text(const Resource& resource) {
  std::string text;
  for (const std::string& part : resource.path) text += (text.empty() ? "" : "/") + part;
  return text;
}

}  // namespace

void SessionRelease::operator()(coap_session_t* session) const { coap_session_release(session); }

struct ServerEnd::Wire {
  Wire(Posts& to, std::vector<ServerSettings::Key> known) : posts(to), keys(std::move(known)) {}
  Wire(const Wire&) = delete;
  ~Wire() {
    if (context != nullptr) coap_free_context(context);
  }

  Status start(const ServerSettings& settings, uint16_t port);
  Status secure(const ServerSettings& settings);
  void add_resources(const ServerSettings& settings);

  static Wire* of(const coap_session_t* session) {
    return static_cast<Wire*>(coap_get_app_data(coap_session_get_context(session)));
  }
  static void on_post(coap_resource_t*, coap_session_t*, const coap_pdu_t* request, const coap_string_t*, coap_pdu_t* response);
  static void on_astray(coap_resource_t*, coap_session_t*, const coap_pdu_t*, const coap_string_t*, coap_pdu_t* response);
  static void on_nack(coap_session_t* session, const coap_pdu_t* sent, coap_nack_reason_t, coap_mid_t);
  static int on_event(coap_session_t* session, coap_event_t event);
  static const coap_bin_const_t* on_identity(coap_bin_const_t* identity, coap_session_t*, void* wire);

  Posts& posts;
  const std::vector<ServerSettings::Key> keys;
  coap_context_t* context = nullptr;
  coap_bin_const_t key{};
  uintptr_t last_session = 0;
  coap_session_t* session = nullptr;  // of the post that is being taken
  const Post* post = nullptr;
};

Status ServerEnd::Wire::start(const ServerSettings& settings, uint16_t port) {
  context = coap_new_context(nullptr);
  if (context == nullptr) return {Fault::io, "no memory for CoAP"};
  coap_set_app_data(context, this);
  coap_context_set_max_idle_sessions(context, kMostIdle);
  coap_context_set_max_handshake_sessions(context, kMostHandshakes);
  coap_register_nack_handler(context, on_nack);
  coap_register_event_handler(context, on_event);
  if (settings.secure) {
    if (Status status = secure(settings); !status) return status;
  }
  add_resources(settings);
  const coap_address_t address = library_address(*numeric(settings.address, port));
  if (coap_new_endpoint(context, &address, settings.secure ? COAP_PROTO_DTLS : COAP_PROTO_UDP) == nullptr) {
    return {Fault::io, "udp port " + std::to_string(port) + " of " + settings.address + " cannot be opened"};
  }
  if (coap_context_get_coap_fd(context) < 0) return {Fault::io, "libcoap is without epoll"};
  return {};
}

Status ServerEnd::Wire::secure(const ServerSettings& settings) {
  if (!keys.empty()) {
    coap_dtls_spsk_t setup{};
    setup.version = COAP_DTLS_SPSK_SETUP_VERSION;
    setup.validate_id_call_back = on_identity;
    setup.id_call_back_arg = this;
    if (coap_context_set_psk2(context, &setup) == 0) return {Fault::invalid, "the keys of `dtls` cannot be used"};
  }
  if (!settings.certificates.certificate_file.empty()) {
    coap_dtls_pki_t setup = certificates(settings.certificates);
    if (coap_context_set_pki(context, &setup) == 0) return {Fault::invalid, "the files of `dtls` cannot be used"};
  }
  return {};
}

void ServerEnd::Wire::add_resources(const ServerSettings& settings) {
  for (const Resource& resource : settings.resources) {
    const std::string path = path_text(resource);
    const coap_str_const_t name{path.size(), reinterpret_cast<const uint8_t*>(path.data())};
    if (coap_get_resource_from_uri_path(context, const_cast<coap_str_const_t*>(&name)) != nullptr) continue;
    coap_resource_t* made = coap_resource_init(coap_new_str_const(name.s, name.length), COAP_RESOURCE_FLAGS_RELEASE_URI);
    coap_register_request_handler(made, COAP_REQUEST_POST, on_post);
    coap_register_request_handler(made, COAP_REQUEST_PUT, on_post);
    coap_add_resource(context, made);
  }
  coap_resource_t* others = coap_resource_unknown_init(on_astray);
  coap_register_request_handler(others, COAP_REQUEST_POST, on_astray);
  coap_add_resource(context, others);
}

void ServerEnd::Wire::on_post(coap_resource_t*, coap_session_t* session, const coap_pdu_t* request, const coap_string_t*,
                              coap_pdu_t* response) {
  Wire& wire = *of(session);
  Post post = post_of(request);
  const std::string endpoint = endpoint_text(session);
  post.from = ip_of(endpoint);
  post.peer = std::hash<std::string>()(endpoint);
  if (coap_session_get_proto(session) == COAP_PROTO_DTLS) {
    post.peer ^= std::hash<uintptr_t>()(reinterpret_cast<uintptr_t>(coap_session_get_app_data(session))) * 0x9e3779b97f4a7c15;
    const coap_bin_const_t* identity = coap_session_get_psk_identity(session);
    if (identity != nullptr && identity->s != nullptr) {
      post.identity.assign(reinterpret_cast<const char*>(identity->s), identity->length);
    } else {
      post.common_name = common_name(session);
    }
  }
  wire.session = session;
  wire.post = &post;
  const uint8_t code = wire.posts.posted(post);
  wire.session = nullptr;
  wire.post = nullptr;
  // Code 0 makes the library send an empty acknowledgement. It would also send an empty NON, with a token, which is malformed;
  // so that goes as an acknowledgement of four bytes, which nobody waits for.
  coap_pdu_set_code(response, static_cast<coap_pdu_code_t>(code));
  if (code == 0) return coap_pdu_set_type(response, COAP_MESSAGE_ACK);
  OptionWriter(response).block(COAP_OPTION_BLOCK1, post.block1);
}

void ServerEnd::Wire::on_astray(coap_resource_t*, coap_session_t* session, const coap_pdu_t*, const coap_string_t*,
                                coap_pdu_t* response) {
  of(session)->posts.astray();
  coap_pdu_set_code(response, COAP_RESPONSE_CODE_NOT_FOUND);
}

void ServerEnd::Wire::on_nack(coap_session_t* session, const coap_pdu_t* sent, coap_nack_reason_t, coap_mid_t) {
  if (sent != nullptr) of(session)->posts.answer_lost();
}

int ServerEnd::Wire::on_event(coap_session_t* session, coap_event_t event) {
  Wire* wire = of(session);
  if (wire == nullptr) return 0;
  if (event == COAP_EVENT_SERVER_SESSION_NEW) {
    coap_session_set_app_data(session, reinterpret_cast<void*>(++wire->last_session));
    coap_session_set_nstart(session, kAnswersUnderWay);
  }
  if (event == COAP_EVENT_DTLS_ERROR) wire->posts.stranger();
  return 0;
}

const coap_bin_const_t* ServerEnd::Wire::on_identity(coap_bin_const_t* identity, coap_session_t*, void* wire) {
  Wire& self = *static_cast<Wire*>(wire);
  const std::string_view said(reinterpret_cast<const char*>(identity->s), identity->length);
  for (const ServerSettings::Key& known : self.keys) {
    if (known.identity != said) continue;
    self.key = {known.key.size(), reinterpret_cast<const uint8_t*>(known.key.data())};
    return &self.key;
  }
  return nullptr;
}

ServerEnd::ServerEnd(ServerSettings settings, Posts& posts) : settings_(std::move(settings)), posts_(posts) {}

ServerEnd::~ServerEnd() { close(); }

// The library binds with SO_REUSEADDR, so that two programs would share a port and each get half of the messages. A socket
// without it finds that out.
Status ServerEnd::claim_port() {
  const std::string name = "udp port " + std::to_string(settings_.port) + " of " + settings_.address;
  const auto address = numeric(settings_.address, settings_.port);
  if (!address) return {Fault::io, settings_.address + " is no address: write it in numbers, such as 192.168.10.1"};
  const Descriptor socket(::socket(address->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return {Fault::io, static_cast<uint16_t>(errno), "no socket: " + std::string(std::strerror(errno))};
  if (bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address->storage), address->length) != 0) {
    return {Fault::io, static_cast<uint16_t>(errno), name + " cannot be opened" + remedy(errno)};
  }
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&bound), &length);
  const bool six = bound.ss_family == AF_INET6;
  port_ = ntohs(six ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  return {};
}

Status ServerEnd::open() {
  if (wire_ != nullptr) return {};
  start_library();
  if (Status status = claim_port(); !status) return status;
  auto wire = std::make_unique<Wire>(posts_, settings_.keys);
  if (Status status = wire->start(settings_, port_); !status) return status;
  wire_ = std::move(wire);
  return {};
}

void ServerEnd::close() noexcept { wire_.reset(); }

int ServerEnd::fd() const { return wire_ == nullptr ? -1 : coap_context_get_coap_fd(wire_->context); }

void ServerEnd::turn() {
  if (wire_ != nullptr) coap_io_process(wire_->context, COAP_IO_NO_WAIT);
}

ReplyPath ServerEnd::reply_path() const {
  ReplyPath path;
  if (wire_ == nullptr || wire_->post == nullptr) return path;
  path.session.reset(coap_session_reference(wire_->session));
  path.token = wire_->post->token;
  path.block1 = wire_->post->block1;
  path.confirmable = wire_->post->confirmable;
  return path;
}

uint32_t ServerEnd::answer(const ReplyPath& path, uint8_t code) {
  coap_session_t* session = path.session.get();
  if (session == nullptr) return 0;
  coap_pdu_t* pdu = coap_pdu_init(path.confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON, static_cast<coap_pdu_code_t>(code),
                                  coap_new_message_id(session), coap_session_max_pdu_size(session));
  if (pdu == nullptr) return 0;
  if (coap_add_token(pdu, path.token.size(), reinterpret_cast<const uint8_t*>(path.token.data())) == 0) {
    coap_delete_pdu(pdu);
    return 0;
  }
  OptionWriter(pdu).block(COAP_OPTION_BLOCK1, path.block1);
  const uint32_t bytes = size_on_wire(pdu);
  return coap_send(session, pdu) == COAP_INVALID_MID ? 0 : bytes;
}

}  // namespace ferrule::coap
