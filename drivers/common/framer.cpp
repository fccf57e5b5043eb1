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

// Returns how many bytes of the window are done with.
size_t Framer::cut_all(std::span<const uint8_t> window, FrameSink& sink) {
  size_t used = 0;
  while (used < window.size()) {
    const FrameCut cut = cut_front(*rule_, window.subspan(used), search_, sink.scratch);
    if (cut.what == FrameCut::What::more) break;
    used += cut.used;
    search_.scanned = 0;
    if (cut.what == FrameCut::What::frame) {
      lost_ = 0;
      sink.frame({cut.content, cut.type});
    } else if (cut.what == FrameCut::What::drop) {
      lose(cut.why, cut.used, sink);
    } else if (cut.what == FrameCut::What::skip) {
      lost_ += static_cast<uint32_t>(std::min<size_t>(cut.used, std::numeric_limits<uint32_t>::max() - lost_));
    }
  }
  return used;
}

void Framer::take(std::span<const uint8_t> bytes, MonoTime now, FrameSink& sink) {
  if (rule_->kind == FrameKind::whole) return take_datagram(bytes, now, sink);
  if (rule_->kind == FrameKind::gap && begun() && now - last_ >= rule_->gap) end_gap(sink);
  if (bytes.empty()) return;
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
  if (begun()) lose(FrameDrop::unfinished, partial_.size(), sink);
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
  if (!begun() || now < wake_at()) return;
  if (rule_->kind == FrameKind::gap && now - last_ >= rule_->gap) return end_gap(sink);
  const size_t bytes = partial_.size();
  forget();
  lose(FrameDrop::unfinished, bytes, sink);
}

MonoTime Framer::wake_at() const {
  if (!begun()) return MonoTime::max();
  const MonoTime late = began_ + rule_->timeout;
  return rule_->kind == FrameKind::gap ? std::min(late, last_ + rule_->gap) : late;
}

void Framer::forget() {
  partial_ = {};
  search_ = {};
}

}  // namespace ferrule
