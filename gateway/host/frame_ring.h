// The last exchanges of a channel as they crossed the wire, in a ring of bytes: for whoever asks why a device does not answer.
//
// The driver hands over each frame (FrameTrace), the loop ends each exchange with what became of it. Bounded: what does not fit
// pushes out the oldest exchanges. Costs a copy of the bytes under a lock per frame. Written on the channel's thread, read on
// any.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "sdk/driver.h"

namespace ferrule {

// One exchange as it is kept. Bytes that came before anything was sent are of earlier or foreign conversations.
struct RecordedExchange {
  WallTime at;  // when it ended
  Duration took{0};
  std::optional<size_t> device;  // index in the channel; nothing: a person asked, of any unit
  Fault fault = Fault::none;
  uint16_t detail = 0;
  std::vector<uint8_t> unasked, sent, received;
};

class FrameRing final : public FrameTrace {
 public:
  // 2,000 channels must not take what one may: what all rings of a gateway take together is bounded.
  static constexpr size_t kTogether = 2u << 20;
  static constexpr size_t kLeast = 2048;
  static constexpr size_t kMost = 64u << 10;
  static size_t size_for(size_t channels);

  FrameRing(const Clock& clock, size_t bytes) : clock_(clock), bytes_(bytes) {}

  void sent(std::span<const uint8_t> frame) override;
  void received(std::span<const uint8_t> frame) override;
  void ended(std::optional<size_t> device, const Status& status, Duration took);

  std::vector<RecordedExchange> exchanges() const;  // oldest first

 private:
  enum class Kind : uint8_t { sent, received, ended };
  static constexpr uint32_t kNoDevice = UINT32_MAX;
  struct Head {
    int64_t at;    // UTC, ns
    int64_t took;  // ns
    uint32_t device;
    uint16_t detail;
    uint16_t size;  // bytes that follow
    Kind kind;
    Fault fault;
  };
  void keep(Head head, std::span<const uint8_t> bytes);
  void put(const void* bytes, size_t size);
  void copy(size_t from, void* to, size_t size) const;
  void drop_oldest();

  const Clock& clock_;
  const size_t bytes_;
  mutable std::mutex lock_;
  std::vector<uint8_t> ring_;  // made with the first frame
  size_t oldest_ = 0;
  size_t used_ = 0;
};

}  // namespace ferrule
