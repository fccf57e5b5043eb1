#include "host/poll_answers.h"

#include <algorithm>
#include <unordered_map>

namespace ferrule {

PollAnswers::PollAnswers(const Clock& clock, DeviceId device, std::vector<TagId> tags, const Requests& requests)
    : clock_(clock), device_(device), tags_(std::move(tags)), requests_(requests), answered_(tags_.size()) {
  std::unordered_map<uint32_t, uint32_t> slot_by_tag;
  for (uint32_t slot = 0; slot < tags_.size(); ++slot) slot_by_tag.emplace(index_of(tags_[slot]), slot);
  for (const Request& request : requests) {
    Slots& slots = slots_.emplace_back();
    for (const TagId tag : request.tags) {
      const auto found = slot_by_tag.find(index_of(tag));
      slots.in_order.push_back(found == slot_by_tag.end() ? kNoSlot : found->second);
      slots.by_tag.emplace_back(tag, slots.in_order.back());
    }
    std::ranges::sort(slots.by_tag);
  }
}

void PollAnswers::begin_poll() {
  answered_.assign(answered_.size(), false);
  samples_ = Samples();
  samples_.reserve(tags_.size() * (refused_at_ ? 2 : 1));
  if (!refused_at_) return;
  for (uint32_t slot = 0; slot < tags_.size(); ++slot) miss(slot, *refused_at_, Reason::overrun, 0);
  answered_.assign(answered_.size(), false);
}

void PollAnswers::begin_request(size_t request) {
  request_ = request;
  cursor_ = 0;
  device_refused_ = false;
  stamp_.reset();
}

void PollAnswers::end_request(Reason missing, uint16_t detail) {
  stamp_.reset();
  for (const uint32_t slot : slots_[request_].in_order) {
    if (slot != kNoSlot && !answered_[slot]) miss(slot, stamp(), missing, detail);
  }
}

Poll PollAnswers::end_poll(Reason missing, uint16_t detail) {
  stamp_.reset();
  for (uint32_t slot = 0; slot < tags_.size(); ++slot) {
    if (!answered_[slot]) miss(slot, stamp(), missing, detail);
  }
  first_read_at_ = samples_[samples_.size() > tags_.size() ? tags_.size() : 0].read_at;
  refused_at_.reset();
  return {device_, std::exchange(samples_, {})};
}

uint32_t PollAnswers::slot_of(TagId tag) {
  const std::vector<TagId>& tags = requests_[request_].tags;
  const Slots& slots = slots_[request_];
  if (cursor_ < tags.size() && tags[cursor_] == tag) return slots.in_order[cursor_++];
  const auto found = std::ranges::lower_bound(slots.by_tag, tag, {}, &std::pair<TagId, uint32_t>::first);
  return found == slots.by_tag.end() || found->first != tag ? kNoSlot : found->second;
}

bool PollAnswers::claim(TagId tag) {
  const uint32_t slot = slot_of(tag);
  if (slot == kNoSlot || answered_[slot]) return false;
  answered_[slot] = true;
  return true;
}

MonoTime PollAnswers::stamp() {
  if (!stamp_) stamp_ = clock_.now();
  return *stamp_;
}

void PollAnswers::miss(uint32_t slot, MonoTime at, Reason reason, uint16_t detail) {
  answered_[slot] = true;
  samples_.push_back({Value(), at, tags_[slot], Quality::bad, reason, detail});
}

void PollAnswers::good(TagId tag, Value value, int64_t source_ns) {
  if (claim(tag)) samples_.push_back({std::move(value), stamp(), tag, Quality::good, Reason::none, 0, source_ns});
}

void PollAnswers::uncertain(TagId tag, Value value, Reason reason) {
  if (claim(tag)) samples_.push_back({std::move(value), stamp(), tag, Quality::uncertain, reason});
}

void PollAnswers::bad(TagId tag, Reason reason, uint16_t detail) {
  if (!claim(tag)) return;
  device_refused_ = device_refused_ || reason == Reason::device_refused;
  samples_.push_back({Value(), stamp(), tag, Quality::bad, reason, detail});
}

}  // namespace ferrule
