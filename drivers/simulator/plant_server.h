// Serves a Plant on its endpoints, as Modbus TCP, RTU over TCP and RTU: one thread, one epoll loop for every connection and line.
//
// Limits: kMaxConnections at once (one more is closed at once and counted), 1 KiB of requests and 64 KiB of answers waiting per
// connection: a master that does not read its answers is not read from any more, on a serial line its answers are lost.
// A unit that the plant does not have stays silent, as on a real line.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "sdk/stop_signal.h"
#include "simulator/departures.h"
#include "simulator/endpoints.h"
#include "simulator/peer.h"
#include "simulator/plant.h"

namespace ferrule {

struct PlantCounters {
  uint64_t requests = 0;    // that reached a device
  uint64_t exceptions = 0;  // of these: answered with one
  uint64_t unknown_units = 0;
  uint64_t noise_bytes = 0;  // on RTU lines; an MBAP connection with noise is closed
  uint64_t connections = 0;  // accepted
  uint64_t refused_connections = 0;
};

class PlantServer {
 public:
  static constexpr size_t kMaxConnections = 4096;

  // `plant` and `clock` outlive the server.
  PlantServer(Plant& plant, const Clock& clock);
  ~PlantServer();  // stop()
  PlantServer(const PlantServer&) = delete;
  PlantServer& operator=(const PlantServer&) = delete;

  // Opens every endpoint and starts the thread; all or nothing. The plant's time begins here. Once per server.
  Status start();
  // Closes everything and joins; may be repeated. Any thread but the server's.
  void stop();

  // After start(), any thread. By endpoint, in the order of the file: the bound port (0 for a line), and the path of the
  // pseudo terminal ("" for TCP).
  const std::vector<uint16_t>& ports() const { return ports_; }
  const std::vector<std::string>& pty_paths() const { return pty_paths_; }
  // "tcp 127.0.0.1:40213", "serial /tmp/plant-line -> /dev/pts/3"
  std::vector<std::string> endpoint_texts() const;

  PlantCounters counters() const;  // any thread, at any time

 private:
  struct Listening {
    simulator::Descriptor socket;
    size_t endpoint;
  };
  struct Tally {
    std::atomic<uint64_t> requests{0}, exceptions{0}, unknown_units{0}, noise_bytes{0}, connections{0}, refused_connections{0};
  };

  Status open_endpoint(size_t endpoint);
  Status watch(int fd, uint64_t token);
  void run();
  void accept_waiting(const Listening& listener);
  void admit(simulator::Descriptor socket, size_t endpoint);
  uint64_t add_peer(simulator::Peer peer);
  void serve(uint64_t token);
  void drop(uint64_t token);
  bool take_requests(simulator::Peer& peer, uint64_t token);
  void answer_one(simulator::Peer& peer, uint64_t token, const simulator::Found& found);
  void send_answer(simulator::Peer& peer, uint64_t token, const simulator::Found& found);
  void send_echo(simulator::Peer& peer, uint64_t token, const simulator::Found& found, MonoTime begins);
  MonoTime send_lump(const simulator::Peer& peer, uint64_t token, std::span<const uint8_t> bytes, MonoTime begins);
  void obey_broadcast(const simulator::Peer& peer, const simulator::Found& found);
  void depart();
  void play_endpoints();
  void restart(size_t endpoint);
  void forget_connections(size_t endpoint);
  size_t connections_of(size_t endpoint) const;
  void set_interest(simulator::Peer& peer, uint64_t token);

  Plant& plant_;
  const Clock& clock_;
  StopSignal stop_;
  MonoTime begun_{};
  simulator::Descriptor epoll_;
  simulator::Descriptor spare_;  // given up for a moment to refuse a connection when descriptors have run out
  struct EndpointState {
    bool down = false;  // rebooting
    bool half_open = false;
  };
  simulator::Departures departures_;
  std::vector<EndpointState> states_;
  std::vector<Listening> listeners_;
  std::vector<simulator::PseudoTerminal> terminals_;
  std::vector<std::unique_ptr<simulator::Peer>> peers_;  // by token; empty places are reused
  std::vector<uint64_t> free_places_;
  uint64_t peers_made_ = 0;
  std::vector<uint8_t> pdu_;  // of the answer being made
  std::vector<uint16_t> ports_;
  std::vector<std::string> pty_paths_;
  Tally tally_;
  std::thread thread_;
};

}  // namespace ferrule
