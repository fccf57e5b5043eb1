// From a device's tags to the requests that read them, and from a reply's bytes back to the tags. Planning is pure.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "modbus/cuts.h"
#include "modbus/line_time.h"
#include "modbus/point.h"
#include "modbus/reply.h"
#include "sdk/driver.h"

namespace ferrule::modbus {

class Refusals;
struct Trial;

// A tag that is not asked for, because its unit is known to refuse it.
struct RefusedTag {
  Area area = Area::holding;
  Piece piece;        // counted from offset 0
  uint8_t code = 0;   // the exception; 0: silence
  WallTime retry_at;  // when it is to be asked for again
};

struct ReadBody final : Request::Body {
  Question question;  // with `models`: its address counts from the model's first word
  std::optional<ModelRange> models;
  std::array<uint8_t, 5> pdu{};
  Cuts cuts;
  std::vector<RefusedTag> refused;  // answered along with this request, without asking
  bool all_refused = false;         // and so was what it asks for: the only request of its group, to see whether the unit lives
  std::shared_ptr<Trial> trial;     // what this request is a part of; see refusals.h
};

// Requests never cross from one of these to another.
struct Space {
  Area area = Area::holding;
  std::optional<ModelRange> models = {};
  auto operator<=>(const Space&) const = default;
};

// A tag to be read, its piece counted from offset 0 of its space (with models: from the model's first word).
struct Wanted {
  Space space;
  Piece piece;
};
// invalid: it cannot be read.
Result<Wanted> wanted_of(TagId tag, const Point& point);
// Back from a planned request: the tags among `tags` (rising) that it answers are appended.
void add_wanted(const ReadBody& body, std::span<const TagId> tags, std::vector<Wanted>& wanted);

struct ReadLimits {
  uint32_t registers = 125;
  uint32_t bits = 2000;
  uint32_t max_gap = std::numeric_limits<uint32_t>::max();
  LineTime time;
};

ReadLimits read_limits(const Fields& channel, const Fields& device);

// The cheapest requests for these values of one device; `refusals` knows what its unit refuses. invalid: a value is wider than
// the device allows.
Result<Requests> plan_reads(const DeviceSettings& device, std::span<const Wanted> wanted, const ReadLimits& limits,
                            const Refusals& refusals);

// A request for these cuts of one reply, which starts at `question`'s address. Its cost is the caller's to fill in.
Request make_read(DeviceId device, const Question& question, std::optional<ModelRange> models, std::span<const Cut> cuts,
                  std::vector<RefusedTag> refused = {}, std::shared_ptr<Trial> trial = nullptr);

// Function, address, count.
std::array<uint8_t, 5> read_pdu(const Question& question);
Area area_of(Function read);
Function read_function(Area area);

// `data` has body.question.data_bytes() bytes. Each tag is answered once.
inline void decode_reply(const ReadBody& body, std::span<const uint8_t> data, SampleSink& sink) {
  for (const Cut cut : body.cuts) decode_cut(cut, data, sink);
}

}  // namespace ferrule::modbus
