#include "tcp/tcp_listener.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>

#include "streams/reading.h"
#include "streams/stream_listener.h"

namespace ferrule::tcp {

namespace {

using streams::kReadSize;
using streams::kSweep;
using streams::PushDevices;

constexpr int kEventsPerTurn = 256;
constexpr int kAcceptsPerTurn = 64;
constexpr Duration kLastWait = std::chrono::seconds(10);  // of an ended connection, for its acknowledgements
constexpr uint32_t kNoSlot = std::numeric_limits<uint32_t>::max();
constexpr uint32_t kServerSlot = kNoSlot;

void tune(int fd) {
  const auto set = [fd](int level, int option, int value) { (void)setsockopt(fd, level, option, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

Duration sweep_interval(const FrameRule& rule, Duration hello_within) {
  Duration every = std::min({kSweep, rule.timeout, hello_within});
  if (rule.kind == FrameKind::gap) every = std::min(every, rule.gap / 2);
  return std::max<Duration>(every, std::chrono::milliseconds(5));
}

epoll_event wanted_events(uint64_t slot, bool room, bool ended) {
  epoll_event event{};
  event.events = (ended ? 0u : EPOLLIN | EPOLLRDHUP) | (room ? EPOLLOUT : 0u);
  event.data.u64 = slot;
  return event;
}

}  // namespace

TcpListener::TcpListener(const Fields& listen, std::unique_ptr<PushDevices> devices, const ListenerContext& context)
    : listen_(listen),
      context_(context),
      devices_(std::move(devices)),
      most_connections_(static_cast<size_t>(listen.integer("max_connections"))),
      most_per_address_(static_cast<size_t>(listen.integer("max_per_address"))),
      hello_within_(listen.duration("hello_within")),
      sweep_every_(sweep_interval(devices_->rule(), hello_within_)),
      slot_of_(devices_->size(), kNoSlot),
      buffer_(kReadSize) {}

Status TcpListener::open(Deadline /*deadline*/) {
  if (server_.open()) return {};
  if (const Fields* tls = listen_.object("tls")) {
    auto context = TlsContext::server(*tls);
    if (!context) return context.status();
    tls_ = std::move(*context);
  }
  auto server = server_socket(listen_);
  if (!server) return server.status();
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.open()) return {Fault::io, "no epoll: " + std::generic_category().message(errno)};
  server_ = std::move(*server);
  if (want_descriptors(most_connections_) < most_connections_) {
    context_.output.say(true, "fewer open files are allowed than max_connections: raise LimitNOFILE");
  }
  accepting_ = false;
  pause_accepting(false);
  next_sweep_ = context_.clock.now();
  context_.output.say(false, "listens on port " + std::to_string(local_port(server_.fd())));
  return {};
}

void TcpListener::pause_accepting(bool pause) {
  if (accepting_ == !pause) return;
  accepting_ = !pause;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kServerSlot;
  (void)epoll_ctl(epoll_.fd(), pause ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, server_.fd(), &event);
}

void TcpListener::watch(Slot slot) {
  Connection& connection = *connections_[slot];
  const bool room = connection.socket.waits_for_room();
  if (room == connection.watched_for_room) return;
  connection.watched_for_room = room;
  epoll_event event = wanted_events(slot, room, connection.ended);
  (void)epoll_ctl(epoll_.fd(), EPOLL_CTL_MOD, connection.socket.fd(), &event);
}

Result<MonoTime> TcpListener::turn() {
  std::array<epoll_event, kEventsPerTurn> events;
  const int ready = epoll_wait(epoll_.fd(), events.data(), kEventsPerTurn, 0);
  bool newcomers = false;
  for (int i = 0; i < ready; ++i) {
    const auto slot = static_cast<Slot>(events[static_cast<size_t>(i)].data.u64);
    if (slot == kServerSlot) {
      newcomers = true;
    } else if (connections_[slot] != nullptr) {
      serve(slot, events[static_cast<size_t>(i)].events);
    }
  }
  if (newcomers) accept_some();  // last, so that no slot of these events has been given to another
  const MonoTime now = context_.clock.now();
  if (now >= next_sweep_) sweep(now);
  if (messages_ + bytes_in_ + bytes_out_ > 0) {
    context_.output.traffic(std::exchange(messages_, 0), std::exchange(bytes_in_, 0), std::exchange(bytes_out_, 0));
  }
  return ready == kEventsPerTurn ? now : next_sweep_;
}

// ---- who comes

void TcpListener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Descriptor socket(accept4(server_.fd(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.open()) {
      admit(std::move(socket), address_of(from));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      context_.output.count("refused: out of descriptors");
      pause_accepting(true);  // until the next sweep: others need descriptors, too
    }
    if (errno != ECONNABORTED && errno != EINTR) return;
  }
}

void TcpListener::admit(Descriptor socket, const PeerAddress& from) {
  uint32_t& from_there = per_address_[from];
  if (from_there >= most_per_address_) return context_.output.count("refused: too many from one address");
  ++from_there;
  if (open_ >= most_connections_ && !make_room()) {
    if (--per_address_[from] == 0) per_address_.erase(from);
    return context_.output.count("refused: too many connections");
  }
  tune(socket.fd());
  Slot slot = static_cast<Slot>(connections_.size());
  if (free_.empty()) {
    connections_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  auto connection = std::make_unique<Connection>(std::move(socket), tls_ ? &*tls_ : nullptr, devices_->rule());
  connection->from = from;
  connection->generation = ++last_generation_;
  connection->opened = connection->last_heard = context_.clock.now();
  epoll_event event = wanted_events(slot, false, false);
  (void)epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, connection->socket.fd(), &event);
  connections_[slot] = std::move(connection);
  ++open_;
  context_.output.count("opened");
  if (const Index device = devices_->by_address(to_text(from)); device != PushDevices::kNone) give_to(slot, device);
}

// The oldest connection that has not said whose it is gives way.
bool TcpListener::make_room() {
  Slot oldest = kNoSlot;
  for (Slot slot = 0; slot < connections_.size(); ++slot) {
    const auto& one = connections_[slot];
    if (one == nullptr || one->device != PushDevices::kNone) continue;
    if (oldest == kNoSlot || one->opened < connections_[oldest]->opened) oldest = slot;
  }
  if (oldest == kNoSlot) return false;
  close_connection(oldest, "closed: gave way to a newcomer");
  return true;
}

void TcpListener::give_to(Slot slot, Index device) {
  Connection& connection = *connections_[slot];
  if (connection.device == device) return;
  if (connection.device != PushDevices::kNone && slot_of_[connection.device] == slot) {
    slot_of_[connection.device] = kNoSlot;
    devices_->gone(connection.device, Reason::link_down, "its connection speaks for another device now");
  }
  const Slot before = std::exchange(slot_of_[device], slot);
  connection.device = device;
  if (before != kNoSlot && before != slot) close_connection(before, "closed: taken over by a newer connection");
}

// ---- what they send

void TcpListener::serve(Slot slot, uint32_t events) {
  if ((events & EPOLLOUT) != 0) connections_[slot]->socket.flush();
  if (all_said(*connections_[slot])) return end(slot);
  const bool broken = (events & (EPOLLHUP | EPOLLERR)) != 0;
  if (!connections_[slot]->ended || broken) read(slot);  // under TLS also what a writable socket lets go on
  if (connections_[slot] != nullptr) watch(slot);
}

// Its end is known, and it has what it waits for.
bool TcpListener::all_said(const Connection& connection) {
  return connection.ended && connection.owed == 0 && !connection.socket.waits_for_room();
}

// A device that has said all may still wait for its acknowledgement: `nc` does.
void TcpListener::end(Slot slot) {
  Connection& connection = *connections_[slot];
  if (connection.owed == 0 || connection.ended) return close_connection(slot, "closed: by the device");
  connection.ended = true;
  connection.last_heard = context_.clock.now();
  epoll_event event = wanted_events(slot, connection.watched_for_room, true);
  (void)epoll_ctl(epoll_.fd(), EPOLL_CTL_MOD, connection.socket.fd(), &event);
}

void TcpListener::read(Slot slot) {
  Connection& connection = *connections_[slot];
  const PeerSocket::Taken taken = connection.socket.read(buffer_);
  switch (taken.what) {
    case PeerSocket::What::bytes: break;
    case PeerSocket::What::nothing: return;
    case PeerSocket::What::closed: return end(slot);
    case PeerSocket::What::lost: return close_connection(slot, "closed: link lost");
    case PeerSocket::What::tls_failed:
      return close_connection(slot, "closed: TLS: " + std::string(connection.socket.tls_trouble()));
  }
  bytes_in_ += taken.count;
  reading_ = slot;
  connection.framer.take({buffer_.data(), taken.count}, context_.clock.now(), *this);
  if (connections_[slot] == nullptr) return;
  if (connection.framer.lost_bytes() > kMostLostBytes) connection.closing = "closed: no frame in 64 KiB";
  if (connection.closing != nullptr) close_connection(slot, connection.closing);
}

void TcpListener::frame(const Frame& frame) {
  Connection& connection = *connections_[reading_];
  if (connection.closing != nullptr) return;
  ++messages_;
  const MonoTime now = context_.clock.now();
  PushDevices::Message message = devices_->read(frame, connection.device, now);
  if (message.device != PushDevices::kNone) {
    give_to(reading_, message.device);
    connection.last_heard = now;
    devices_->heard(message.device, now);
  }
  if (message.what == PushDevices::What::data) return take(message);
  context_.output.count(event_of(message.what));
  send(reading_, devices_->reply_at_once(message));
}

void TcpListener::take(PushDevices::Message& message) {
  std::vector<uint8_t> reply = devices_->acknowledgement(message);
  const bool owes = !reply.empty() && owed_.size() < kMostOwed;
  const uint64_t token = owes ? ++last_token_ : 0;
  if (owes) owed_.emplace(token, Owed{reading_, connections_[reading_]->generation, std::move(reply)});
  if (context_.output.offer(devices_->id(message.device), std::move(message.samples), token) == OfferResult::taken) {
    connections_[reading_]->owed += owes ? 1 : 0;
    return;
  }
  owed_.erase(token);
  context_.output.count("dropped: the bus is full");
}

void TcpListener::dropped(FrameDrop why, size_t /*bytes*/) {
  context_.output.count("dropped: " + std::string(ferrule::to_text(why)));
  Connection& connection = *connections_[reading_];
  if (why == FrameDrop::too_long) connection.closing = "closed: frame too long";
  if (why == FrameDrop::unfinished && sweeping_) connection.closing = "closed: frame not finished in time";
}

// ---- what they are sent

void TcpListener::settled(uint64_t token, bool durable) {
  const auto owed = owed_.find(token);
  if (owed == owed_.end()) return;
  const Owed one = std::move(owed->second);
  owed_.erase(owed);
  const bool there =
      one.slot < connections_.size() && connections_[one.slot] != nullptr && connections_[one.slot]->generation == one.generation;
  if (!durable) context_.output.count("replies: withheld, the data could not be stored");
  if (!there) return;
  if (durable) send(one.slot, one.reply);
  --connections_[one.slot]->owed;
  if (all_said(*connections_[one.slot])) end(one.slot);
}

void TcpListener::send(Slot slot, std::span<const uint8_t> bytes) {
  Connection& connection = *connections_[slot];
  if (bytes.empty()) return;
  bytes_out_ += bytes.size();
  // Closed at the next read or sweep: we may be in the middle of one.
  if (!connection.socket.send(bytes)) connection.closing = "closed: does not read its replies";
  watch(slot);
}

// ---- time, and the end

void TcpListener::sweep(MonoTime now) {
  next_sweep_ = now + sweep_every_;
  pause_accepting(false);
  sweeping_ = true;
  for (Slot slot = 0; slot < connections_.size(); ++slot) {
    if (connections_[slot] == nullptr) continue;
    Connection& connection = *connections_[slot];
    reading_ = slot;
    connection.framer.tick(now, *this);
    const bool stranger = connection.device == PushDevices::kNone;
    if (stranger && now - connection.opened >= hello_within_) connection.closing = "closed: did not say whose it is";
    if (connection.ended && now - connection.last_heard >= kLastWait) connection.closing = "closed: by the device";
    if (connection.closing != nullptr) close_connection(slot, connection.closing);
  }
  sweeping_ = false;
  devices_->expire(now);
  for (Index device = 0; device < slot_of_.size(); ++device) {
    const Slot slot = slot_of_[device];
    if (slot != kNoSlot && now - connections_[slot]->last_heard >= devices_->offline_after()) {
      close_connection(slot, "closed: silent for too long");
    }
  }
}

void TcpListener::close_connection(Slot slot, std::string_view why) {
  const std::unique_ptr<Connection> connection = std::move(connections_[slot]);
  free_.push_back(slot);
  --open_;
  if (const auto there = per_address_.find(connection->from); there != per_address_.end() && --there->second == 0) {
    per_address_.erase(there);
  }
  context_.output.count(why);
  const Index device = connection->device;
  if (device == PushDevices::kNone || slot_of_[device] != slot) return;
  slot_of_[device] = kNoSlot;
  devices_->gone(device, Reason::link_down, why);
}

void TcpListener::close() noexcept {
  connections_.clear();
  free_.clear();
  owed_.clear();
  per_address_.clear();
  open_ = 0;
  std::ranges::fill(slot_of_, kNoSlot);
  server_.reset();
  epoll_.reset();
}

}  // namespace ferrule::tcp
