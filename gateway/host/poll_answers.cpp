#include "host/poll_answers.h"

#include <algorithm>

namespace ferrule {

PollAnswers::PollAnswers(const Clock& clock, DeviceId device, std::span<const TagId> tags, const Requests& requests)
    : clock_(&clock), device_(device) {
  tags_.reserve(tags.size());
  for (const Request& request : requests) {
    first_slot_.push_back(static_cast<uint32_t>(tags_.size()));
    tags_.insert(tags_.end(), request.tags.begin(), request.tags.end());
  }
  first_slot_.push_back(static_cast<uint32_t>(tags_.size()));
  if (tags_.size() < tags.size()) {  // some are in no request: they are missed in every poll
    std::vector<TagId> asked = tags_;
    std::ranges::sort(asked);
    for (const TagId tag : tags) {
      if (!std::ranges::binary_search(asked, tag)) tags_.push_back(tag);
    }
  }
  answered_.resize(tags_.size());
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
  cursor_ = first_slot_[request];
  begin_exchange(request);
}

void PollAnswers::begin_exchange(size_t request) {
  request_ = request;
  device_refused_ = false;
  stamp_.reset();
}

void PollAnswers::end_request(Reason missing, uint16_t detail) {
  stamp_.reset();
  for (uint32_t slot = first_slot_[request_]; slot < first_slot_[request_ + 1]; ++slot) {
    if (!answered_[slot]) miss(slot, stamp(), missing, detail);
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
  const uint32_t begin = first_slot_[request_];
  const uint32_t end = first_slot_[request_ + 1];
  for (uint32_t left = end - begin; left > 0; --left) {
    const uint32_t slot = cursor_++;
    if (cursor_ == end) cursor_ = begin;
    if (tags_[slot] == tag) return slot;
  }
  return kNoSlot;
}

bool PollAnswers::claim(TagId tag) {
  const uint32_t slot = slot_of(tag);
  if (slot == kNoSlot || answered_[slot]) return false;
  answered_[slot] = true;
  return true;
}

MonoTime PollAnswers::stamp() {
  if (!stamp_) stamp_ = clock_->now();
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
