#include "modbus/gateway_queue.h"

#include <algorithm>

namespace ferrule::modbus {

void GatewayQueue::asked(uint16_t transaction, MonoTime at) {
  if (open_.size() >= kRemembered) open_.erase(open_.begin());
  open_.push_back({transaction, at});
}

bool GatewayQueue::came(uint16_t transaction, bool gave_up, std::optional<MonoTime> came) {
  const auto found = std::ranges::find(open_, transaction, &Asked::transaction);
  if (found == open_.end()) return false;
  if (came) {
    if (gave_up) patience_ = std::min(kMost, *came - std::max(found->at, last_));
    last_ = *came;
  }
  open_.erase(open_.begin(), found + 1);
  return true;
}

MonoTime GatewayQueue::free_at(MonoTime now) const {
  if (patience_ == Duration::zero()) return now;
  MonoTime free = last_;
  for (const Asked& one : open_) free = std::max(free, one.at) + patience_;
  return std::clamp(free, now, now + kMost);
}

}  // namespace ferrule::modbus
