#include "simulator/peer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace ferrule::simulator {

Peer Peer::connection(Descriptor socket, size_t endpoint, Framing framing) {
  const int fd = socket.fd();
  return {std::move(socket), fd, endpoint, framing};
}

Peer Peer::line(int fd, size_t endpoint) { return {Descriptor(), fd, endpoint, Framing::rtu}; }

bool Peer::receive(MonoTime now) {
  if (framing_ == Framing::rtu && in_size_ > 0 && now - last_bytes_ > kStaleAfter) in_size_ = 0;
  if (in_size_ == in_.size()) return true;
  const ssize_t got = ::read(fd_, in_.data() + in_size_, in_.size() - in_size_);
  if (got > 0) {
    in_size_ += static_cast<size_t>(got);
    last_bytes_ = now;
    return true;
  }
  return got < 0 && (errno == EAGAIN || errno == EINTR);
}

void Peer::used(size_t bytes) {
  std::copy(in_.begin() + static_cast<ptrdiff_t>(bytes), in_.begin() + static_cast<ptrdiff_t>(in_size_), in_.begin());
  in_size_ -= bytes;
}

bool Peer::send() {
  const ssize_t sent = is_line() ? ::write(fd_, out_.data(), out_.size()) : ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return is_line();
  if (sent > 0) out_.erase(out_.begin(), out_.begin() + sent);
  if (is_line()) out_.clear();
  return true;
}

}  // namespace ferrule::simulator
