#include "link/fd_stream.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "link/wait.h"

namespace ferrule {

namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Status FdStream::lost(int error) {
  disconnect();
  const std::string why = error == 0 ? "the other side closed the link" : std::generic_category().message(error);
  return {Fault::disconnected, static_cast<uint16_t>(error), name_ + ": " + why + remedy(error)};
}

Status FdStream::write(std::span<const uint8_t> bytes, Deadline deadline) {
  if (!connected()) return closed();
  const uint64_t before = sent_;
  while (!bytes.empty()) {
    const ssize_t sent = send_some(bytes);
    if (sent > 0) {
      sent_ += static_cast<uint64_t>(sent);
      bytes = bytes.subspan(static_cast<size_t>(sent));
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && !would_block(errno)) return lost(errno);
    if (Status ready = wait_for(fd(), POLLOUT, deadline, clock_, stop_, name_); !ready.ok()) {
      if (sent_ == before) return ready;
      drop_unsent();
      disconnect();
      return {Fault::disconnected, name_ + ": the other side does not take what it is sent; a part of a message went out"};
    }
  }
  return {};
}

Result<size_t> FdStream::read(std::span<uint8_t> bytes, Deadline deadline) {
  if (!connected()) return closed();
  while (true) {
    // The wait comes first: a reply is hardly ever there already, and the stop signal is looked at in the same call.
    if (Status ready = wait_for(fd(), POLLIN, deadline, clock_, stop_, name_); !ready.ok()) return ready;
    const ssize_t got = ::read(fd(), bytes.data(), bytes.size());
    if (got > 0) return static_cast<size_t>(got);
    if (got == 0) return lost(0);
    if (errno != EINTR && !would_block(errno)) return lost(errno);
  }
}

size_t FdStream::drain() {
  std::array<uint8_t, 512> bin;
  size_t dropped = 0;
  // At most 64 KiB: a device that sends without end is left to the caller's deadline. A broken link shows at the next read.
  for (int turn = 0; turn < 128 && connected(); ++turn) {
    const ssize_t got = ::read(fd(), bin.data(), bin.size());
    if (got <= 0) break;
    dropped += static_cast<size_t>(got);
    if (static_cast<size_t>(got) < bin.size()) break;
  }
  return dropped;
}

}  // namespace ferrule
