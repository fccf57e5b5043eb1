#include "drivers_common/framer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ferrule {

namespace {

// A stream that is idle holds no more than this beyond the bytes it needs.
constexpr size_t kKeptCapacity = 256;

}  // namespace

void Framer::lose(FrameDrop why, size_t bytes, FrameSink& sink) {
  lost_ = static_cast<uint32_t>(std::min<size_t>(lost_ + bytes, std::numeric_limits<uint32_t>::max()));
  sink.dropped(why, bytes);
}

FrameCut Framer::cut_one(std::span<const uint8_t> window, FrameSink& sink) {
  const FrameCut cut = cut_front(*rule_, window, search_, sink.scratch);
  if (cut.what == FrameCut::What::more) return cut;
  search_.scanned = 0;
  if (cut.what == FrameCut::What::frame) {
    lost_ = 0;
    sink.frame({cut.content, cut.type});
  } else if (cut.what == FrameCut::What::drop) {
    lose(cut.why, cut.used, sink);
  } else if (cut.what == FrameCut::What::skip) {
    lost_ += static_cast<uint32_t>(std::min<size_t>(cut.used, std::numeric_limits<uint32_t>::max() - lost_));
  }
  return cut;
}

// Returns how many bytes of the window are done with.
size_t Framer::cut_all(std::span<const uint8_t> window, FrameSink& sink) {
  size_t used = 0;
  while (used < window.size()) {
    const FrameCut cut = cut_one(window.subspan(used), sink);
    if (cut.what == FrameCut::What::more) break;
    used += cut.used;
  }
  return used;
}

void Framer::take(std::span<const uint8_t> bytes, MonoTime now, FrameSink& sink) {
  if (rule_->kind == FrameKind::whole) return take_datagram(bytes, now, sink);
  if (rule_->kind == FrameKind::gap && begun() && now - last_ >= rule_->gap) end_gap(sink);
  if (bytes.empty()) return;
  if (search_.joined && now - last_ >= rule_->timeout) forget();  // nothing was under way when the stream was entered
  const bool fresh = partial_.empty();
  last_ = now;
  if (rule_->kind == FrameKind::gap) {
    if (fresh) began_ = now;
    return take_gap(bytes, sink);
  }
  size_t used = 0;
  if (fresh) {
    used = cut_all(bytes, sink);
    if (used < bytes.size()) partial_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
  } else {
    partial_.insert(partial_.end(), bytes.begin(), bytes.end());
    used = cut_all(partial_, sink);
    partial_.erase(partial_.begin(), partial_.begin() + static_cast<std::ptrdiff_t>(used));
  }
  if (fresh || used > 0) began_ = now;
  if (partial_.capacity() > kKeptCapacity && partial_.size() < partial_.capacity() / 4) partial_.shrink_to_fit();
}

void Framer::take_datagram(std::span<const uint8_t> bytes, MonoTime now, FrameSink& sink) {
  if (rule_->kind == FrameKind::whole || rule_->kind == FrameKind::gap) {
    if (bytes.empty()) return;
    const auto content = without_checksum(rule_->checksum, bytes);
    if (bytes.size() > rule_->max_length) return lose(FrameDrop::too_long, bytes.size(), sink);
    if (!content) return lose(FrameDrop::bad_checksum, bytes.size(), sink);
    return sink.frame({*content, 0});
  }
  take(bytes, now, sink);
  // A last line needs no end of its own: the datagram's is as good.
  const bool open_line = (rule_->kind == FrameKind::lines || rule_->kind == FrameKind::delimiter) && !search_.skipping;
  if (begun() && open_line) {
    const std::string_view end = rule_->kind == FrameKind::lines ? "\n" : std::string_view(rule_->end);
    take({reinterpret_cast<const uint8_t*>(end.data()), end.size()}, now, sink);
  }
  if (begun()) give_up(now, sink);
  forget();
}

void Framer::take_gap(std::span<const uint8_t> bytes, FrameSink& sink) {
  if (search_.skipping) return;
  if (partial_.size() + bytes.size() <= rule_->max_length) {
    partial_.insert(partial_.end(), bytes.begin(), bytes.end());
    return;
  }
  search_.skipping = true;
  lose(FrameDrop::too_long, partial_.size() + bytes.size(), sink);
  partial_.assign(1, 0);  // something has begun: its end is waited for
}

void Framer::end_gap(FrameSink& sink) {
  const std::vector<uint8_t> bytes = std::exchange(partial_, {});
  if (std::exchange(search_.skipping, false)) return;
  const auto content = without_checksum(rule_->checksum, bytes);
  if (!content) return lose(FrameDrop::bad_checksum, bytes.size(), sink);
  lost_ = 0;
  sink.frame({*content, 0});
}

void Framer::tick(MonoTime now, FrameSink& sink) {
  if (now < wake_at()) return;
  if (rule_->kind == FrameKind::gap && now - last_ >= rule_->gap) return end_gap(sink);
  give_up(now, sink);
}

MonoTime Framer::wake_at() const {
  const bool gap = rule_->kind == FrameKind::gap;
  if (!begun() || (search_.skipping && !gap)) return MonoTime::max();
  if (search_.skipping) return last_ + rule_->gap;
  const MonoTime late = began_ + rule_->timeout;
  return gap ? std::min(late, last_ + rule_->gap) : late;
}

// The frame that has begun will not be finished; its rest may still come, and is no frame.
void Framer::give_up(MonoTime now, FrameSink& sink) {
  switch (rule_->kind) {
    case FrameKind::lines:
    case FrameKind::delimiter: {
      const size_t bytes = partial_.size();
      partial_.erase(partial_.begin(),
                     partial_.begin() + static_cast<std::ptrdiff_t>(search_.scanned));  // what is left may begin its end
      search_ = {.skipping = true};
      return lose(FrameDrop::unfinished, bytes, sink);
    }
    case FrameKind::gap: return lose_track(now, sink);
    case FrameKind::fixed:
    case FrameKind::length:
    case FrameKind::tagged: return search_behind(now, sink);
    case FrameKind::between:
    case FrameKind::whole: break;
  }
  const size_t bytes = partial_.size();
  forget();
  search_.hunting = true;
  lose(FrameDrop::unfinished, bytes, sink);
}

void Framer::lose_track(MonoTime now, FrameSink& sink) {
  last_ = began_ = now;
  if (search_.skipping) return;
  const size_t bytes = partial_.size();
  search_.skipping = true;
  partial_.assign(1, 0);
  lose(FrameDrop::unfinished, bytes, sink);
}

// A header that was none must not cost the frames that stand behind it: as after a wrong checksum, the search goes on one byte
// further. What is left is kept where the stream goes on, and dropped where it has been silent.
void Framer::search_behind(MonoTime now, FrameSink& sink) {
  const std::vector<uint8_t> bytes = std::exchange(partial_, {});
  const bool findable = !rule_->start.empty() || rule_->checksum.kind != ChecksumKind::none;
  const bool silent = now - last_ >= rule_->timeout;
  const size_t size = bytes.size();
  search_.hunting = true;
  size_t open = size;  // where a frame may have begun, behind the last whole one
  for (size_t at = 1; findable && at < size;) {
    const FrameCut cut = cut_one(std::span<const uint8_t>(bytes).subspan(at), sink);
    if (cut.what == FrameCut::What::frame) open = size;
    if (cut.what == FrameCut::What::more) open = std::min(open, at), search_.hunting = true;
    at += std::max<size_t>(cut.used, 1);
  }
  lose(FrameDrop::unfinished, 1, sink);  // last, because a peer may be closed for it
  if (silent) open = size;
  partial_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(open), bytes.end());
  began_ = now;
}

void Framer::join(MonoTime now) {
  forget();
  const bool gap = rule_->kind == FrameKind::gap;
  search_.skipping = gap || rule_->kind == FrameKind::lines || rule_->kind == FrameKind::delimiter;
  search_.joined = search_.skipping && !gap;
  search_.hunting = !search_.skipping;
  last_ = began_ = now;
  if (gap) partial_.assign(1, 0);  // a silence is waited for
}

void Framer::forget() {
  partial_ = {};
  search_ = {};
}

}  // namespace ferrule
