// One master at the plant: a TCP connection or a serial line, with what it sent and what it has yet to take.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "simulator/descriptor.h"
#include "simulator/server_frame.h"

namespace ferrule::simulator {

class Peer {
 public:
  // A connection owns its descriptor; a line's belongs to its PseudoTerminal.
  static Peer connection(Descriptor socket, size_t endpoint, Framing framing);
  static Peer line(int fd, size_t endpoint);

  int fd() const { return fd_; }
  size_t endpoint() const { return endpoint_; }
  Framing framing() const { return framing_; }
  bool is_line() const { return !socket_; }

  // Takes what has arrived, as far as there is room. False: the other side is gone.
  bool receive(MonoTime now);
  // The next thing in what has arrived; used() it afterwards.
  Found next() const { return find_request(framing_, std::span(in_).first(in_size_)); }
  void used(size_t bytes);

  // Where answers are appended.
  std::vector<uint8_t>& answers() { return out_; }
  // Sends as much as goes. False: the other side is gone. What a line does not take is lost, as on a wire.
  bool send();
  bool waiting() const { return !out_.empty(); }
  bool crowded() const { return out_.size() >= kMaxWaiting; }

  uint32_t interest = 0;  // the events that epoll was asked for
  uint64_t number = 0;    // no other peer has it
  bool dead = false;      // half open: nothing is taken from it nor sent any more
  // Of frames under way on TCP, where nothing of another frame comes between the bytes of one: from first to last byte.
  std::vector<std::pair<MonoTime, MonoTime>> frames_under_way;
  MonoTime line_free;  // of a line that keeps its pace: when the last byte on it has passed

 private:
  static constexpr size_t kMaxWaiting = 64 * 1024;
  // Bytes of a request that never became whole do not wait for the next one: an RTU frame has no gaps this long.
  static constexpr Duration kStaleAfter{std::chrono::milliseconds(200)};

  Peer(Descriptor socket, int fd, size_t endpoint, Framing framing)
      : socket_(std::move(socket)), fd_(fd), endpoint_(endpoint), framing_(framing) {}

  Descriptor socket_;
  int fd_;
  size_t endpoint_;
  Framing framing_;
  std::array<uint8_t, 1024> in_{};
  size_t in_size_ = 0;
  MonoTime last_bytes_{};
  std::vector<uint8_t> out_;
};

}  // namespace ferrule::simulator
