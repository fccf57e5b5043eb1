#include "simulator/plant_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "simulator/answer.h"

namespace ferrule {

using simulator::Descriptor;
using simulator::Found;
using simulator::Peer;

namespace {

// What an epoll event is about: the stop signal, a listener (by index) or a peer (by place).
constexpr uint64_t kStopToken = ~0ull;
constexpr uint64_t kListenerBit = 1ull << 63;

}  // namespace

PlantServer::PlantServer(Plant& plant, const Clock& clock) : plant_(plant), clock_(clock) {}

PlantServer::~PlantServer() { stop(); }

Status PlantServer::start() {
  epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  spare_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!epoll_ || !spare_) return {Fault::io, std::string("cannot start the event loop: ") + std::strerror(errno)};
  if (auto status = watch(stop_.fd(), kStopToken); !status) return status;
  for (size_t endpoint = 0; endpoint < plant_.endpoints().size(); ++endpoint) {
    if (auto status = open_endpoint(endpoint); !status) return status;
  }
  begun_ = clock_.now();
  thread_ = std::thread([this] { run(); });
  return {};
}

Status PlantServer::watch(int fd, uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = token;
  if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return {Fault::io, std::string("cannot watch a descriptor: ") + std::strerror(errno)};
  }
  return {};
}

Status PlantServer::open_endpoint(size_t index) {
  const PlantEndpoint& endpoint = plant_.endpoints()[index];
  if (endpoint.serial.empty()) {
    auto listener = simulator::listen_tcp(endpoint.listen, endpoint.port);
    if (!listener) return listener.status();
    ports_.push_back(listener->port);
    pty_paths_.emplace_back();
    listeners_.push_back({std::move(listener->socket), index});
    return watch(listeners_.back().socket.fd(), kListenerBit | (listeners_.size() - 1));
  }
  auto terminal = simulator::PseudoTerminal::open(endpoint.serial);
  if (!terminal) return terminal.status();
  ports_.push_back(0);
  pty_paths_.push_back(terminal->path());
  terminals_.push_back(std::move(*terminal));
  const uint64_t token = add_peer(Peer::line(terminals_.back().fd(), index));
  return watch(terminals_.back().fd(), token);
}

void PlantServer::stop() {
  stop_.raise();
  if (thread_.joinable()) thread_.join();
  peers_.clear();
  free_places_.clear();
  listeners_.clear();
  terminals_.clear();
  epoll_.close();
  spare_.close();
}

void PlantServer::run() {
  std::array<epoll_event, 64> events{};
  while (!stop_.raised()) {
    const int ready = ::epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const uint64_t token = events[static_cast<size_t>(i)].data.u64;
      if (token == kStopToken) return;
      if ((token & kListenerBit) != 0) {
        accept_waiting(listeners_[token & ~kListenerBit]);
      } else {
        serve(token);
      }
    }
  }
}

void PlantServer::accept_waiting(const Listening& listener) {
  while (true) {
    Descriptor socket(::accept4(listener.socket.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      admit(std::move(socket), listener.endpoint);
      continue;
    }
    if (errno != EMFILE && errno != ENFILE) return;
    // Out of descriptors: left alone, the connection would wake this loop for ever.
    spare_.close();
    Descriptor(::accept4(listener.socket.fd(), nullptr, nullptr, SOCK_CLOEXEC)).close();
    spare_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ++tally_.refused_connections;
    return;
  }
}

void PlantServer::admit(Descriptor socket, size_t endpoint) {
  if (peers_.size() - free_places_.size() >= kMaxConnections) {
    ++tally_.refused_connections;
    return;
  }
  const int fd = socket.fd();
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const uint64_t token = add_peer(Peer::connection(std::move(socket), endpoint, plant_.endpoints()[endpoint].framing));
  ++tally_.connections;
  if (watch(fd, token)) return;
  peers_[token].reset();
  free_places_.push_back(token);
}

uint64_t PlantServer::add_peer(Peer peer) {
  peer.interest = EPOLLIN;
  auto owned = std::make_unique<Peer>(std::move(peer));
  if (free_places_.empty()) {
    peers_.push_back(std::move(owned));
    return peers_.size() - 1;
  }
  const uint64_t place = free_places_.back();
  free_places_.pop_back();
  peers_[place] = std::move(owned);
  return place;
}

void PlantServer::serve(uint64_t token) {
  Peer& peer = *peers_[token];
  bool alive = peer.receive(clock_.now()) || peer.is_line();
  for (bool again = true; alive && again;) {
    alive = take_requests(peer);
    again = peer.crowded();  // then requests may still be waiting here, and no event will tell
    alive = alive && (!peer.waiting() || peer.send());
    again = again && !peer.crowded();
  }
  if (alive) {
    set_interest(peer, token);
    return;
  }
  peers_[token].reset();
  free_places_.push_back(token);
}

// Answers every whole request that waits, as long as there is room for answers. False: close the connection.
bool PlantServer::take_requests(Peer& peer) {
  while (!peer.crowded()) {
    const Found found = peer.next();
    switch (found.what) {
      case Found::What::incomplete: return true;
      case Found::What::broken: return false;
      case Found::What::noise: ++tally_.noise_bytes; break;
      case Found::What::request: answer_one(peer, found); break;
    }
    peer.used(found.used);
  }
  return true;
}

void PlantServer::answer_one(Peer& peer, const Found& found) {
  const Duration since = clock_.now() - begun_;
  const bool broadcast = peer.framing() == simulator::Framing::rtu && found.unit == 0;
  if (broadcast) {  // every device obeys, none answers
    for (int unit = 1; unit < 256; ++unit) {
      auto* device = plant_.device(peer.endpoint(), static_cast<uint8_t>(unit));
      if (device != nullptr) simulator::answer_request(*device, found.pdu, since, pdu_);
    }
    return;
  }
  auto* device = plant_.device(peer.endpoint(), found.unit);
  if (device == nullptr) {
    ++tally_.unknown_units;
    return;
  }
  ++tally_.requests;
  simulator::answer_request(*device, found.pdu, since, pdu_);
  if ((pdu_[0] & 0x80) != 0) ++tally_.exceptions;
  simulator::append_answer(peer.framing(), found, pdu_, peer.answers());
}

void PlantServer::set_interest(Peer& peer, uint64_t token) {
  const uint32_t wanted = (peer.crowded() ? 0u : EPOLLIN) | (peer.waiting() ? EPOLLOUT : 0u);
  if (wanted == peer.interest) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = token;
  ::epoll_ctl(epoll_.fd(), EPOLL_CTL_MOD, peer.fd(), &event);
  peer.interest = wanted;
}

std::vector<std::string> PlantServer::endpoint_texts() const {
  std::vector<std::string> texts;
  for (size_t i = 0; i < ports_.size(); ++i) {
    const PlantEndpoint& endpoint = plant_.endpoints()[i];
    const bool v6 = endpoint.listen.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + endpoint.listen + "]" : endpoint.listen;
    texts.push_back(endpoint.serial.empty() ? "tcp " + host + ":" + std::to_string(ports_[i])
                                            : "serial " + endpoint.serial + " -> " + pty_paths_[i]);
  }
  return texts;
}

PlantCounters PlantServer::counters() const {
  return {tally_.requests,    tally_.exceptions,  tally_.unknown_units,
          tally_.noise_bytes, tally_.connections, tally_.refused_connections};
}

}  // namespace ferrule
