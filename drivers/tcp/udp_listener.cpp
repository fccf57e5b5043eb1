#include "tcp/udp_listener.h"

#include <utility>

#include "streams/reading.h"
#include "streams/stream_listener.h"

namespace ferrule::tcp {

namespace {

using streams::kDatagramSize;
using streams::kSweep;
using streams::PushDevices;

constexpr int kDatagramsPerTurn = 256;

}  // namespace

UdpListener::UdpListener(const Fields& listen, std::unique_ptr<PushDevices> devices, const ListenerContext& context)
    : listen_(listen), context_(context), devices_(std::move(devices)), framer_(devices_->rule()), buffer_(kDatagramSize) {}

Status UdpListener::open(Deadline /*deadline*/) {
  if (socket_.open()) return {};
  auto socket = server_socket(listen_);
  if (!socket) return socket.status();
  socket_ = std::move(*socket);
  context_.output.say(false, "listens on udp port " + std::to_string(local_port(socket_.fd())));
  return {};
}

Result<MonoTime> UdpListener::turn() {
  uint64_t bytes_in = 0;
  int datagrams = 0;
  for (; datagrams < kDatagramsPerTurn; ++datagrams) {
    peer_.size = sizeof peer_.address;
    const ssize_t got =
        recvfrom(socket_.fd(), buffer_.data(), buffer_.size(), 0, reinterpret_cast<sockaddr*>(&peer_.address), &peer_.size);
    if (got < 0) break;  // nothing there; an error of the socket itself cannot be told from it, and does not last
    bytes_in += static_cast<uint64_t>(got);
    framer_.take_datagram({buffer_.data(), static_cast<size_t>(got)}, context_.clock.now(), *this);
  }
  const MonoTime now = context_.clock.now();
  if (now >= next_sweep_) {
    devices_->expire(now);
    next_sweep_ = now + kSweep;
  }
  if (bytes_in + bytes_out_ > 0) {
    context_.output.traffic(std::exchange(messages_, 0), bytes_in, std::exchange(bytes_out_, 0));
  }
  return datagrams == kDatagramsPerTurn ? now : next_sweep_;
}

void UdpListener::frame(const Frame& frame) {
  ++messages_;
  const MonoTime now = context_.clock.now();
  const auto known = devices_->by_address(to_text(address_of(peer_.address)));
  PushDevices::Message message = devices_->read(frame, known, now);
  if (message.device != PushDevices::kNone) devices_->heard(message.device, now);
  if (message.what != PushDevices::What::data) {
    context_.output.count(event_of(message.what));
    return send(peer_, devices_->reply_at_once(message));
  }
  std::vector<uint8_t> reply = devices_->acknowledgement(message);
  const bool owes = !reply.empty() && owed_.size() < kMostOwed;
  const uint64_t token = owes ? ++last_token_ : 0;
  if (owes) owed_.emplace(token, Owed{peer_, std::move(reply)});
  if (context_.output.offer(devices_->id(message.device), std::move(message.samples), token) == OfferResult::taken) return;
  owed_.erase(token);
  context_.output.count("dropped: the bus is full");
}

void UdpListener::dropped(FrameDrop why, size_t /*bytes*/) {
  context_.output.count("dropped: " + std::string(ferrule::to_text(why)));
}

void UdpListener::send(const Peer& peer, std::span<const uint8_t> bytes) {
  if (bytes.empty() || !socket_.open()) return;
  (void)sendto(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&peer.address),
               peer.size);
  bytes_out_ += bytes.size();
}

void UdpListener::settled(uint64_t token, bool durable) {
  const auto owed = owed_.find(token);
  if (owed == owed_.end()) return;
  if (durable) send(owed->second.peer, owed->second.reply);
  owed_.erase(owed);
}

void UdpListener::close() noexcept {
  socket_.reset();
  owed_.clear();
  framer_.forget();
}

}  // namespace ferrule::tcp
