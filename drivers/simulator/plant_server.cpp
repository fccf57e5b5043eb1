#include "simulator/plant_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace ferrule {

using simulator::Descriptor;
using simulator::Found;
using simulator::Peer;

namespace {

// What an epoll event is about: the stop signal, a listener (by index) or a peer (by place).
constexpr uint64_t kStopToken = ~0ull;
constexpr uint64_t kTimerToken = ~0ull - 1;
constexpr uint64_t kListenerBit = 1ull << 63;

constexpr int kScriptTickMs = 20;  // how often a plant with faults looks whether an endpoint's begin or end

}  // namespace

PlantServer::PlantServer(Plant& plant, const Clock& clock) : plant_(plant), clock_(clock) {}

PlantServer::~PlantServer() { stop(); }

Status PlantServer::start() {
  epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  spare_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!epoll_ || !spare_) return {Fault::io, std::string("cannot start the event loop: ") + std::strerror(errno)};
  if (auto status = watch(stop_.fd(), kStopToken); !status) return status;
  if (auto status = departures_.open(); !status) return status;
  if (auto status = watch(departures_.fd(), kTimerToken); !status) return status;
  states_.resize(plant_.endpoints().size());
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
  const int patience = plant_.faults().empty() ? -1 : kScriptTickMs;
  while (!stop_.raised()) {
    const int ready = ::epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), patience);
    if (patience >= 0) play_endpoints();
    for (int i = 0; i < ready; ++i) {
      const uint64_t token = events[static_cast<size_t>(i)].data.u64;
      if (token == kStopToken) return;
      if (token == kTimerToken) {
        depart();
      } else if ((token & kListenerBit) != 0) {
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
  if (peers_.size() - free_places_.size() >= kMaxConnections || states_[endpoint].down ||
      connections_of(endpoint) >= plant_.endpoints()[endpoint].max_connections) {
    ++tally_.refused_connections;
    return;
  }
  const int fd = socket.fd();
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const uint64_t token = add_peer(Peer::connection(std::move(socket), endpoint, plant_.endpoints()[endpoint].framing));
  ++tally_.connections;
  if (!watch(fd, token)) drop(token);
}

void PlantServer::drop(uint64_t token) {
  peers_[token].reset();
  free_places_.push_back(token);
}

size_t PlantServer::connections_of(size_t endpoint) const {
  return static_cast<size_t>(std::ranges::count_if(
      peers_, [endpoint](const auto& peer) { return peer != nullptr && !peer->is_line() && peer->endpoint() == endpoint; }));
}

uint64_t PlantServer::add_peer(Peer peer) {
  peer.interest = EPOLLIN;
  peer.number = ++peers_made_;
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
  if (peers_[token] == nullptr) return;  // dropped by an event before this one
  Peer& peer = *peers_[token];
  if (peer.dead) return drop(token);  // its master has closed it
  bool alive = peer.receive(clock_.now()) || peer.is_line();
  for (bool again = true; alive && again;) {
    alive = take_requests(peer, token);
    again = peer.crowded();  // then requests may still be waiting here, and no event will tell
    alive = alive && (!peer.waiting() || peer.send());
    again = again && !peer.crowded();
  }
  if (!alive) return drop(token);
  set_interest(peer, token);
}

// Begins and ends what a whole endpoint suffers from.
void PlantServer::play_endpoints() {
  const Duration since = clock_.now() - begun_;
  for (size_t endpoint = 0; endpoint < states_.size(); ++endpoint) {
    EndpointState& state = states_[endpoint];
    const bool down = plant_.faults().endpoint_has(simulator::FaultKind::reboot, endpoint, since);
    const bool half_open = plant_.faults().endpoint_has(simulator::FaultKind::half_open, endpoint, since);
    if (down && !state.down) restart(endpoint);
    if (half_open && !state.half_open) forget_connections(endpoint);
    state = {down, half_open};
  }
}

void PlantServer::restart(size_t endpoint) {
  for (int unit = 0; unit < 256; ++unit) {
    if (auto* device = plant_.device(endpoint, static_cast<uint8_t>(unit))) device->forget();
  }
  for (size_t token = 0; token < peers_.size(); ++token) {
    if (peers_[token] != nullptr && peers_[token]->endpoint() == endpoint && !peers_[token]->is_line()) drop(token);
  }
}

void PlantServer::forget_connections(size_t endpoint) {
  for (size_t token = 0; token < peers_.size(); ++token) {
    if (peers_[token] == nullptr || peers_[token]->endpoint() != endpoint || peers_[token]->is_line()) continue;
    peers_[token]->dead = true;
    set_interest(*peers_[token], token);
  }
}

void PlantServer::set_interest(Peer& peer, uint64_t token) {
  const uint32_t alive = (peer.crowded() ? 0u : EPOLLIN) | (peer.waiting() ? EPOLLOUT : 0u);
  const uint32_t wanted = peer.dead ? uint32_t{EPOLLRDHUP} : alive;
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
