// Thousands of devices that connect by themselves, on one epoll descriptor.
//
// A connection is a descriptor, a Framer and some 130 bytes; one read buffer serves all. Whose it is, its frames say (`id`), or
// its address. With `tls` each is under TLS. A second connection of the same device takes over, and the first is closed. Each
// limit closes the connection that reached it, with a count of its own; the README lists them.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "link/descriptor.h"
#include "streams/push_devices.h"
#include "tcp/peer_socket.h"
#include "tcp/server_socket.h"

namespace ferrule::tcp {

class TcpListener final : public Listener, private FrameSink {
 public:
  // A connection that has lost this many bytes without a good frame in between is no peer of ours.
  static constexpr size_t kMostLostBytes = 64 * 1024;
  static constexpr size_t kMostOwed = 100'000;  // acknowledgements that wait for their data to be durable

  TcpListener(const Fields& listen, std::unique_ptr<streams::PushDevices> devices, const ListenerContext& context);
  ~TcpListener() override { close(); }

  Status open(Deadline deadline) override;
  int fd() const override { return epoll_.fd(); }
  Result<MonoTime> turn() override;
  void settled(uint64_t token, bool durable) override;
  void close() noexcept override;

 private:
  using Index = streams::PushDevices::Index;
  using Slot = uint32_t;
  struct Connection {
    Connection(Descriptor descriptor, const TlsContext* tls, const FrameRule& rule)
        : socket(std::move(descriptor), tls), framer(rule) {}
    PeerSocket socket;
    Framer framer;
    PeerAddress from;
    Index device = streams::PushDevices::kNone;
    uint32_t generation = 0;
    MonoTime opened;
    MonoTime last_heard;
    bool watched_for_room = false;
    bool ended = false;             // it sends nothing more, and waits for what it is owed
    uint32_t owed = 0;              // acknowledgements
    const char* closing = nullptr;  // why it is to be closed after the present read
  };
  struct Owed {
    Slot slot;
    uint32_t generation;
    std::vector<uint8_t> reply;
  };

  void accept_some();
  void admit(Descriptor socket, const PeerAddress& from);
  bool make_room();
  void serve(Slot slot, uint32_t events);
  void read(Slot slot);
  void sweep(MonoTime now);
  void close_connection(Slot slot, std::string_view why);
  void give_to(Slot slot, Index device);
  void pause_accepting(bool pause);

  void frame(const Frame& frame) override;
  void dropped(FrameDrop why, size_t bytes) override;
  void take(streams::PushDevices::Message& message);
  void send(Slot slot, std::span<const uint8_t> bytes);
  void watch(Slot slot);
  void end(Slot slot);
  static bool all_said(const Connection& connection);

  const Fields& listen_;
  const ListenerContext& context_;
  std::unique_ptr<streams::PushDevices> devices_;
  const size_t most_connections_, most_per_address_;
  const Duration hello_within_, sweep_every_;

  std::optional<TlsContext> tls_;
  Descriptor epoll_, server_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by slot
  std::vector<Slot> free_;
  size_t open_ = 0;
  std::vector<Slot> slot_of_;  // by device
  std::unordered_map<PeerAddress, uint32_t, PeerAddressHash> per_address_;
  std::unordered_map<uint64_t, Owed> owed_;
  std::vector<uint8_t> buffer_;
  uint64_t last_token_ = 0;
  uint32_t last_generation_ = 0;
  MonoTime next_sweep_;
  bool accepting_ = false;
  bool sweeping_ = false;  // what is unfinished now was not finished in time
  Slot reading_ = 0;       // the connection whose bytes are in the framer
  uint64_t messages_ = 0, bytes_in_ = 0, bytes_out_ = 0;
};

}  // namespace ferrule::tcp
