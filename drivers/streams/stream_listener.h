// Listens to one stream whose devices push: a serial port, a TCP connection that we made, a UDP socket.
#pragma once

#include <memory>
#include <unordered_map>

#include "link/stream.h"
#include "streams/push_devices.h"

namespace ferrule::streams {

// What a stream's first byte is.
enum class Flow : uint8_t {
  connection,  // the device began with it when we connected
  line,        // whatever a device that was sending already happened to send when the port was opened
  datagrams,   // each read is one
};

class StreamListener final : public Listener, private FrameSink {
 public:
  StreamListener(std::unique_ptr<PushDevices> devices, std::unique_ptr<Stream> stream, Flow flow, const ListenerContext& context);

  Status open(Deadline deadline) override;
  int fd() const override { return stream_->fd(); }
  Result<MonoTime> turn() override;
  void settled(uint64_t token, bool durable) override;
  void close() noexcept override;

 private:
  static constexpr size_t kMostWaiting = 1000;  // acknowledgements that are owed

  void frame(const Frame& frame) override;
  void dropped(FrameDrop why, size_t bytes) override;
  void take(PushDevices::Message& message);
  void send(std::span<const uint8_t> bytes);
  void take_bytes(std::span<const uint8_t> bytes, bool first);
  Status lost(const Status& why);

  const ListenerContext& context_;
  std::unique_ptr<PushDevices> devices_;
  std::unique_ptr<Stream> stream_;
  const Flow flow_;
  Framer framer_;
  std::vector<uint8_t> buffer_;
  std::unordered_map<uint64_t, std::vector<uint8_t>> owed_;  // token -> acknowledgement
  uint64_t last_token_ = 0;
  uint64_t messages_ = 0, bytes_out_ = 0;
};

// Whether an offer that came to nothing was the bus's doing, and what is counted for other outcomes.
std::string_view event_of(PushDevices::What what);

}  // namespace ferrule::streams
