#include "tcp/peer_socket.h"

#include <sys/socket.h>

#include <cerrno>

namespace ferrule::tcp {

PeerSocket::PeerSocket(Descriptor socket, const TlsContext* tls) : socket_(std::move(socket)) {
  if (tls != nullptr) tls_ = std::make_unique<TlsSession>(TlsSession::to_client(*tls, socket_.fd()));
}

PeerSocket::Taken PeerSocket::read(std::span<uint8_t> bytes) {
  if (tls_ == nullptr) {
    const ssize_t got = ::read(fd(), bytes.data(), bytes.size());
    if (got > 0) return {What::bytes, static_cast<size_t>(got)};
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {What::nothing};
    return {got == 0 ? What::closed : What::lost};
  }
  const bool before = tls_->established();
  const auto step = tls_->read(bytes);
  tls_waits_ = step.what == TlsSession::What::wants_write;
  switch (step.what) {
    case TlsSession::What::done: return {What::bytes, step.bytes};
    case TlsSession::What::wants_read:
    case TlsSession::What::wants_write: return {What::nothing};
    case TlsSession::What::closed: return {before ? What::closed : What::tls_failed};
    case TlsSession::What::failed: break;
  }
  return {before ? What::lost : What::tls_failed};
}

std::string_view PeerSocket::tls_trouble() const {
  if (tls_ == nullptr) return "";
  return tls_->trouble().empty() ? "the device closed the link in the handshake" : std::string_view(tls_->trouble());
}

size_t PeerSocket::send_now(std::span<const uint8_t> bytes) {
  if (tls_ != nullptr) return tls_->write(bytes).bytes;
  const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent > 0 ? static_cast<size_t>(sent) : 0;
}

bool PeerSocket::send(std::span<const uint8_t> bytes) {
  const size_t sent = unsent_ == nullptr ? send_now(bytes) : 0;
  if (sent == bytes.size()) return true;
  if (unsent_ == nullptr) unsent_ = std::make_unique<std::vector<uint8_t>>();
  unsent_->insert(unsent_->end(), bytes.begin() + static_cast<std::ptrdiff_t>(sent), bytes.end());
  return unsent_->size() <= kMostUnsent;
}

void PeerSocket::flush() {
  if (unsent_ == nullptr) return;
  unsent_->erase(unsent_->begin(), unsent_->begin() + static_cast<std::ptrdiff_t>(send_now(*unsent_)));
  if (unsent_->empty()) unsent_.reset();
}

}  // namespace ferrule::tcp
