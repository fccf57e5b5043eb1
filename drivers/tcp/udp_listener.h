// Devices that send datagrams by themselves, to one socket of ours. Each datagram holds whole frames.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "link/descriptor.h"
#include "streams/push_devices.h"
#include "tcp/server_socket.h"

namespace ferrule::tcp {

class UdpListener final : public Listener, private FrameSink {
 public:
  static constexpr size_t kMostOwed = 10'000;  // acknowledgements that wait for their data to be durable

  UdpListener(const Fields& listen, std::unique_ptr<streams::PushDevices> devices, const ListenerContext& context);

  Status open(Deadline deadline) override;
  int fd() const override { return socket_.fd(); }
  Result<MonoTime> turn() override;
  void settled(uint64_t token, bool durable) override;
  void close() noexcept override;

 private:
  struct Peer {
    sockaddr_storage address{};
    socklen_t size = sizeof(sockaddr_storage);
  };
  struct Owed {
    Peer peer;
    std::vector<uint8_t> reply;
  };

  void frame(const Frame& frame) override;
  void dropped(FrameDrop why, size_t bytes) override;
  void send(const Peer& peer, std::span<const uint8_t> bytes);

  const Fields& listen_;
  const ListenerContext& context_;
  std::unique_ptr<streams::PushDevices> devices_;
  Framer framer_;
  Descriptor socket_;
  Peer peer_;  // of the datagram at work
  std::vector<uint8_t> buffer_;
  std::unordered_map<uint64_t, Owed> owed_;
  MonoTime next_sweep_;
  uint64_t last_token_ = 0;
  uint64_t messages_ = 0, bytes_out_ = 0;
};

}  // namespace ferrule::tcp
