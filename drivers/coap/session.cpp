#include "coap/session.h"

#include <coap3/coap.h>
#include <strings.h>

#include "coap/library.h"
#include "coap/wire_message.h"

namespace ferrule::coap {

namespace {

Status trouble_of(coap_nack_reason_t reason, const std::string& place) {
  switch (reason) {
    case COAP_NACK_TOO_MANY_RETRIES: return {Fault::timeout, place + " does not acknowledge"};
    case COAP_NACK_ICMP_ISSUE: return {Fault::timeout, "nothing listens at " + place + ", or there is no way to it"};
    case COAP_NACK_RST: return {Fault::bad_reply, place + " rejects the message: it does not speak CoAP as it should"};
    case COAP_NACK_TLS_FAILED:
      return {Fault::refused, "no DTLS with " + place + ": check identity, key or certificates of `dtls`"};
    default: return {Fault::timeout, "cannot be sent to " + place};
  }
}

}  // namespace

struct Session::Wire {
  coap_context_t* context = nullptr;
  coap_session_t* session = nullptr;
  int fd = -1;
  bool secured = false;       // the DTLS handshake is over
  bool closed = false;        // by the device: of no use any more
  std::string expected_name;  // in the device's certificate

  ~Wire() {
    if (session != nullptr) coap_session_set_app_data(session, nullptr);
    if (session != nullptr) coap_session_release(session);
    if (context != nullptr) coap_free_context(context);
  }

  bool start(const coap_address_t& address, const SessionSettings& settings);
  coap_session_t* with_key(const coap_address_t& address, const Security& security, const std::string& name) const;
  coap_session_t* with_certificates(const coap_address_t& address, const Security& security);

  static coap_response_t on_response(coap_session_t* session, const coap_pdu_t* sent, const coap_pdu_t* received, coap_mid_t mid);
  static void on_nack(coap_session_t* session, const coap_pdu_t* sent, coap_nack_reason_t reason, coap_mid_t mid);
  static int on_event(coap_session_t* session, coap_event_t event);
  static int on_name(const char* name, const uint8_t*, size_t, coap_session_t*, unsigned depth, int validated, void* wire);
};

bool Session::Wire::start(const coap_address_t& address, const SessionSettings& settings) {
  context = coap_new_context(nullptr);
  if (context == nullptr) return false;
  coap_register_response_handler(context, on_response);
  coap_register_nack_handler(context, on_nack);
  coap_register_event_handler(context, on_event);
  if (!settings.security) {
    session = coap_new_client_session(context, nullptr, &address, COAP_PROTO_UDP);
  } else {
    expected_name = settings.security->server_name.empty() ? settings.host : settings.security->server_name;
    session = settings.security->key.empty() ? with_certificates(address, *settings.security)
                                             : with_key(address, *settings.security, expected_name);
  }
  if (session == nullptr) return false;
  coap_session_set_ack_timeout(session, fixed_point(settings.ack_timeout));
  coap_session_set_max_retransmit(session, settings.retransmit);
  fd = coap_context_get_coap_fd(context);
  return fd >= 0;
}

coap_session_t* Session::Wire::with_key(const coap_address_t& address, const Security& security, const std::string& name) const {
  coap_dtls_cpsk_t setup{};
  std::string copy = name;
  setup.version = COAP_DTLS_CPSK_SETUP_VERSION;
  setup.client_sni = copy.data();
  setup.psk_info.identity = {security.identity.size(), reinterpret_cast<const uint8_t*>(security.identity.data())};
  setup.psk_info.key = {security.key.size(), reinterpret_cast<const uint8_t*>(security.key.data())};
  return coap_new_client_session_psk2(context, nullptr, &address, COAP_PROTO_DTLS, &setup);
}

coap_session_t* Session::Wire::with_certificates(const coap_address_t& address, const Security& security) {
  coap_dtls_pki_t setup = certificates(security);
  setup.validate_cn_call_back = on_name;
  setup.cn_call_back_arg = this;
  setup.client_sni = expected_name.data();
  return coap_new_client_session_pki(context, nullptr, &address, COAP_PROTO_DTLS, &setup);
}

coap_response_t Session::Wire::on_response(coap_session_t* session, const coap_pdu_t*, const coap_pdu_t* received, coap_mid_t) {
  auto* self = static_cast<Session*>(coap_session_get_app_data(session));
  if (self == nullptr) return COAP_RESPONSE_OK;
  return self->events_.received(token_of(received), message_of(received)) ? COAP_RESPONSE_OK : COAP_RESPONSE_FAIL;
}

void Session::Wire::on_nack(coap_session_t* session, const coap_pdu_t* sent, coap_nack_reason_t reason, coap_mid_t) {
  auto* self = static_cast<Session*>(coap_session_get_app_data(session));
  if (self == nullptr) return;
  Status why = trouble_of(reason, self->place());
  if (reason == COAP_NACK_TLS_FAILED && self->wire_->secured) why = {Fault::timeout, self->place() + " has closed the session"};
  if (sent != nullptr && reason != COAP_NACK_TLS_FAILED && reason != COAP_NACK_ICMP_ISSUE) {
    self->events_.lost(token_of(sent), why);
  } else {
    self->events_.broken(why);
  }
}

int Session::Wire::on_event(coap_session_t* session, coap_event_t event) {
  auto* self = static_cast<Session*>(coap_session_get_app_data(session));
  if (self == nullptr) return 0;
  if (event == COAP_EVENT_DTLS_CONNECTED) self->wire_->secured = true;
  if (event == COAP_EVENT_DTLS_CLOSED) self->wire_->closed = true;  // what waits for an answer is told by on_nack
  return 0;
}

// Called once for each certificate of the chain; depth 0 is the device's own.
int Session::Wire::on_name(const char* name, const uint8_t*, size_t, coap_session_t*, unsigned depth, int validated, void* wire) {
  if (depth > 0) return validated;
  return validated != 0 && strcasecmp(name, static_cast<const Wire*>(wire)->expected_name.c_str()) == 0 ? 1 : 0;
}

Session::Session(SessionSettings settings, SessionEvents& events, Turner& turner)
    : settings_(std::move(settings)), events_(events), turner_(turner) {}

Session::~Session() { close(); }

bool Session::is_open() const { return wire_ != nullptr && !wire_->closed; }

Status Session::open(Deadline deadline, const Clock& clock, const StopSignal& stop) {
  if (is_open()) return {};
  close();
  auto addresses = lookup_.find(settings_.host, settings_.port, deadline, clock, stop);
  if (!addresses.ok()) {
    if (addresses.status().fault() == Fault::cancelled) return addresses.status();
    return {Fault::timeout, addresses.status().what()};
  }
  Status status(Fault::timeout, "there is no address of " + settings_.host);
  for (const SocketAddress& address : *addresses) {
    status = open_at(address);
    if (status.ok()) break;
  }
  return status;
}

Status Session::open_at(const SocketAddress& address) {
  start_library();
  auto wire = std::make_unique<Wire>();
  if (!wire->start(library_address(address), settings_)) {
    return {Fault::timeout, "no session with " + place() +
                                (settings_.security ? ": check the files and the key of `dtls`" : ": there is no way to it")};
  }
  if (Status status = turner_.add(wire->fd, *this); !status) return status;
  coap_session_set_app_data(wire->session, this);
  wire_ = std::move(wire);
  return {};
}

void Session::close() noexcept {
  if (wire_ == nullptr) return;
  turner_.remove(wire_->fd);
  wire_.reset();
}

Result<uint32_t> Session::send(const Outgoing& message, Token token) {
  const auto type = message.confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON;
  coap_pdu_t* pdu = coap_pdu_init(type, static_cast<coap_pdu_code_t>(message.code), coap_new_message_id(wire_->session),
                                  coap_session_max_pdu_size(wire_->session));
  if (pdu == nullptr) return Status(Fault::io, "no memory for a message");
  if (!fill(pdu, message, token)) {
    coap_delete_pdu(pdu);
    return Status(Fault::invalid, "the request does not fit a message: shorten `path`");
  }
  const uint32_t bytes = size_on_wire(pdu);
  if (coap_send(wire_->session, pdu) == COAP_INVALID_MID) return Status(Fault::timeout, "cannot be sent to " + place());
  return bytes;
}

bool Session::ready() const {
  return wire_ != nullptr && coap_session_get_state(wire_->session) == COAP_SESSION_STATE_ESTABLISHED;
}

void Session::turn() {
  if (wire_ != nullptr) coap_io_process(wire_->context, COAP_IO_NO_WAIT);
}

}  // namespace ferrule::coap
