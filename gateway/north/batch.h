// What becomes one message (or the parts of one), and the queues that batches are made from.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/record.h"
#include "sdk/uplink.h"

namespace ferrule {

// Messages of one kind go to topics of one template. A broker refuses topics, so pauses are kept per kind.
enum class Kind : uint8_t { data, history, event };
inline constexpr size_t kKinds = 3;

enum class Lane : uint8_t { live, backlog };

constexpr size_t index_of(Kind kind) { return static_cast<size_t>(kind); }
constexpr size_t index_of(Lane lane) { return static_cast<size_t>(lane); }

// Records that travel together; they are settled together, when the last of their messages is answered.
struct Batch {
  Kind kind = Kind::data;
  Lane lane = Lane::live;
  std::vector<Envelope> envelopes;             // rising positions
  uint32_t unanswered = 0;                     // messages rendered and not answered
  Settlement verdict = Settlement::delivered;  // the worst of the answers so far
  std::string why;

  void answer(Settlement settlement, std::string reason) {
    --unanswered;
    if (settlement <= verdict) return;  // in rising order of trouble: delivered, unheard, not_now, refused, rejected
    verdict = settlement;
    why = std::move(reason);
  }
  size_t samples() const {
    size_t sum = 0;
    for (const Envelope& envelope : envelopes) sum += sample_count(*envelope.record);
    return sum;
  }
};
using BatchPtr = std::shared_ptr<Batch>;

// The most that is rendered into one batch; the encoder still splits it where that exceeds max_message.
struct BatchLimit {
  size_t records = 1;
  size_t samples = 1;
  bool one_device = true;
};

// Takes the first record of the queue and those behind it that may travel with it; the others keep their order.
std::vector<Envelope> take_batch(std::deque<Envelope>& queue, const BatchLimit& limit);

}  // namespace ferrule
