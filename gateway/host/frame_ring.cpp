#include "host/frame_ring.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ferrule {

size_t FrameRing::size_for(size_t channels) { return std::clamp(kTogether / std::max<size_t>(channels, 1), kLeast, kMost); }

void FrameRing::sent(std::span<const uint8_t> frame) {
  Head head{};
  head.kind = Kind::sent;
  keep(head, frame);
}

void FrameRing::received(std::span<const uint8_t> frame) {
  Head head{};
  head.kind = Kind::received;
  keep(head, frame);
}

void FrameRing::ended(std::optional<size_t> device, const Status& status, Duration took) {
  Head head{};
  head.at = clock_.wall().time_since_epoch().count();
  head.took = took.count();
  head.device = device ? static_cast<uint32_t>(*device) : kNoDevice;
  head.detail = status.detail();
  head.kind = Kind::ended;
  head.fault = status.fault();
  keep(head, {});
}

void FrameRing::keep(Head head, std::span<const uint8_t> bytes) {
  bytes = bytes.first(std::min(bytes.size(), bytes_ / 4));
  head.size = static_cast<uint16_t>(bytes.size());
  const std::lock_guard guard(lock_);
  if (ring_.empty()) ring_.resize(bytes_);
  while (used_ + sizeof head + bytes.size() > bytes_) drop_oldest();
  put(&head, sizeof head);
  put(bytes.data(), bytes.size());
}

void FrameRing::put(const void* bytes, size_t size) {
  const size_t at = (oldest_ + used_) % bytes_;
  const size_t first = std::min(size, bytes_ - at);
  if (first > 0) std::memcpy(ring_.data() + at, bytes, first);
  if (size > first) std::memcpy(ring_.data(), static_cast<const uint8_t*>(bytes) + first, size - first);
  used_ += size;
}

void FrameRing::copy(size_t from, void* to, size_t size) const {
  const size_t at = (oldest_ + from) % bytes_;
  const size_t first = std::min(size, bytes_ - at);
  if (first > 0) std::memcpy(to, ring_.data() + at, first);
  if (size > first) std::memcpy(static_cast<uint8_t*>(to) + first, ring_.data(), size - first);
}

// A whole exchange, so that what is left begins with one.
void FrameRing::drop_oldest() {
  Head head{};
  do {
    copy(0, &head, sizeof head);
    const size_t size = sizeof head + head.size;
    oldest_ = (oldest_ + size) % bytes_;
    used_ -= size;
  } while (head.kind != Kind::ended && used_ > 0);
}

std::vector<RecordedExchange> FrameRing::exchanges() const {
  std::vector<RecordedExchange> found;
  const std::lock_guard guard(lock_);
  RecordedExchange present;
  for (size_t at = 0; at < used_;) {
    Head head{};
    copy(at, &head, sizeof head);
    at += sizeof head;
    if (head.kind == Kind::ended) {
      present.at = WallTime(Duration(head.at));
      present.took = Duration(head.took);
      if (head.device != kNoDevice) present.device = head.device;
      present.fault = head.fault;
      present.detail = head.detail;
      found.push_back(std::exchange(present, {}));
      continue;
    }
    std::vector<uint8_t>& bytes = head.kind == Kind::sent ? present.sent
                                  : present.sent.empty()  ? present.unasked
                                                          : present.received;
    const size_t before = bytes.size();
    bytes.resize(before + head.size);
    copy(at, bytes.data() + before, head.size);
    at += head.size;
  }
  return found;
}

}  // namespace ferrule
