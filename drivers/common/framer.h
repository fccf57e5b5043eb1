// Divides a stream of bytes into frames. Pure: bytes and time in, frames and drops out; where the bytes are split makes no
// difference (but for kind gap, where time does).
//
// Everything is bounded by the rule's max_length. What is too long, never ends, or fails its checksum is dropped, told with its
// reason, and the stream finds its next frame: by its delimiter or start, else byte by byte until a frame is right again. The
// rest of a frame that was dropped is never taken for one. A stream of fixed length without start and checksum cannot notice that
// it is out of step; the timeout of a half frame puts it back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/clock.h"
#include "drivers_common/frame_cut.h"
#include "drivers_common/frame_rule.h"

namespace ferrule {

struct Frame {
  std::span<const uint8_t> content;  // see frame_rule.h; valid during the call
  uint8_t type = 0;                  // tagged frames
};

// Where the frames of one or many streams go. Called from within take, tick and end_datagram.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void frame(const Frame& frame) = 0;
  // Once per frame that was lost, with the bytes dropped at once; the search for the next one may skip more without a further
  // call.
  virtual void dropped(FrameDrop why, size_t bytes) = 0;

  std::vector<uint8_t> scratch;  // where escapes are undone; belongs to the Framer that is at work
};

// One per stream. 64 bytes, and the bytes of a frame that has begun.
class Framer {
 public:
  explicit Framer(const FrameRule& rule) : rule_(&rule) {}  // `rule` outlives it

  void take(std::span<const uint8_t> bytes, MonoTime now, FrameSink& sink);
  // A datagram: what is left over of it is no beginning of the next. Kinds whole and gap take it as one frame.
  void take_datagram(std::span<const uint8_t> bytes, MonoTime now, FrameSink& sink);

  // Ends a frame of kind gap, drops one that is older than the timeout. To be called at wake_at(), or later at the cost of
  // precision.
  void tick(MonoTime now, FrameSink& sink);
  MonoTime wake_at() const;  // MonoTime::max(): no frame has begun

  // The stream may have been entered in the middle of a frame: what comes before the first end (or silence, or start) is none,
  // unless nothing came for as long as a frame may take. For a stream of fixed or counted length without a start there is nothing
  // to tell by.
  void join(MonoTime now);

  bool begun() const { return !partial_.empty(); }
  // Bytes skipped since the last good frame: a stream that never gives one is no peer of ours.
  size_t lost_bytes() const { return lost_; }
  void forget();  // the link broke: whatever had begun is gone
  // Kind gap, bytes that were taken too late to say what silence was before them: the frame they may belong to is dropped, and
  // so is all up to the next silence.
  void lose_track(MonoTime now, FrameSink& sink);

 private:
  FrameCut cut_one(std::span<const uint8_t> window, FrameSink& sink);
  size_t cut_all(std::span<const uint8_t> window, FrameSink& sink);
  void take_gap(std::span<const uint8_t> bytes, FrameSink& sink);
  void end_gap(FrameSink& sink);
  void give_up(MonoTime now, FrameSink& sink);
  void search_behind(MonoTime now, FrameSink& sink);
  void lose(FrameDrop why, size_t bytes, FrameSink& sink);

  const FrameRule* rule_;
  std::vector<uint8_t> partial_;
  MonoTime began_;
  MonoTime last_;
  uint32_t lost_ = 0;
  FrameSearch search_;
};

}  // namespace ferrule
