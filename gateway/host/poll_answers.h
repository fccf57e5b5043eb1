// Collects the answers of one poll of one group, request by request, so that every tag of the group is answered exactly once.
//
// What the driver says about a tag that is not the request's, or twice, is ignored. No allocation per sample: one per poll. The
// channel's thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "bus/bus.h"
#include "core/clock.h"
#include "sdk/driver.h"

namespace ferrule {

class PollAnswers final : public SampleSink {
 public:
  // The tags of the requests are among `tags`, each in one request at most.
  PollAnswers(const Clock& clock, DeviceId device, std::span<const TagId> tags, const Requests& requests);

  void begin_poll();
  void begin_request(size_t request);
  // Answers may also come in several exchanges that read the request's tags between them.
  void begin_exchange(size_t request);
  // The driver has returned: what it left out is bad.
  void end_request(Reason missing, uint16_t detail = 0);
  // Everything that has not been answered is bad; gives the poll away.
  Poll end_poll(Reason missing, uint16_t detail = 0);
  // The bus did not take the last poll: the next one begins with a bad sample (overrun) for each tag.
  void refused() { refused_at_ = first_read_at_; }

  bool device_refused() const { return device_refused_; }  // a tag of the present request

  void good(TagId tag, Value value, int64_t source_ns) override;
  void uncertain(TagId tag, Value value, Reason reason) override;
  void bad(TagId tag, Reason reason, uint16_t detail) override;

 private:
  static constexpr uint32_t kNoSlot = 0xffffffff;

  uint32_t slot_of(TagId tag);
  // False: not of this request, or answered before.
  bool claim(TagId tag);
  MonoTime stamp();
  void miss(uint32_t slot, MonoTime at, Reason reason, uint16_t detail);

  const Clock* clock_;
  DeviceId device_;
  std::vector<TagId> tags_;           // by slot: those of the first request, of the second, ..., and those of none
  std::vector<uint32_t> first_slot_;  // by request, and one more
  // The present poll and request.
  std::vector<bool> answered_;  // by slot
  Samples samples_;
  size_t request_ = 0;
  uint32_t cursor_ = 0;  // a slot: drivers mostly answer in the order of the request
  bool device_refused_ = false;
  std::optional<MonoTime> stamp_;  // one look at the clock per response
  MonoTime first_read_at_;
  std::optional<MonoTime> refused_at_;
};

}  // namespace ferrule
