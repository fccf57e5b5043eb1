// Streams of every shape, split anywhere, into a Framer of every kind: the same frames and drops however they are split, nothing
// longer than the limit, and what was found makes a frame again.
//
// The first byte chooses the rule, the second where the stream is split, the rest is the stream. Built as a libFuzzer target with
// -DFERRULE_FUZZ=ON; the unit tests run it over fuzz/corpus.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "drivers_common/frame_build.h"
#include "drivers_common/framer.h"
#include "tests/fakes/frame_catcher.h"
#include "tests/fakes/frame_rules.h"

namespace ferrule {

namespace {

FrameCatcher frames_of(const FrameRule& rule, std::span<const uint8_t> stream, size_t piece) {
  FrameCatcher caught;
  Framer framer(rule);
  const MonoTime now{std::chrono::hours(1)};
  while (!stream.empty()) {
    const size_t size = std::min(piece, stream.size());
    framer.take(stream.first(size), now, caught);
    stream = stream.subspan(size);
  }
  framer.tick(framer.wake_at(), caught);  // what is unfinished is dropped, and what stands behind it found
  return caught;
}

}  // namespace

// False: something does not hold. In tests/unit/drivers_common, too.
inline bool framing_holds(std::span<const uint8_t> input) {
  if (input.size() < 2) return true;
  static const std::vector<FrameRule> rules = every_rule();
  const FrameRule& rule = rules[input[0] % rules.size()];
  const auto stream = input.subspan(2);
  const FrameCatcher whole = frames_of(rule, stream, std::max<size_t>(stream.size(), 1));
  for (const size_t piece : {size_t{1}, size_t{1} + input[1] % 32}) {
    const FrameCatcher split = frames_of(rule, stream, piece);
    if (split.frames != whole.frames || split.types != whole.types || split.drops != whole.drops) return false;
  }
  for (size_t i = 0; i < whole.frames.size(); ++i) {
    if (whole.frames[i].size() > rule.max_length) return false;
    const auto again = build_frame(rule, bytes_of(whole.frames[i]), whole.types[i]);
    // An escaped frame may have been shorter than it is with every escape that we would write.
    if (!again.ok()) {
      if (!rule.escape) return false;
      continue;
    }
    if (frames_of(rule, *again, again->size()).frames.size() != 1) return false;
  }
  return true;
}

}  // namespace ferrule

#ifdef FERRULE_FUZZ
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (!ferrule::framing_holds({bytes, size})) std::abort();
  return 0;
}
#endif
