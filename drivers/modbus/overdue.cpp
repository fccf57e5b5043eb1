#include "modbus/overdue.h"

#include <algorithm>

namespace ferrule::modbus {

namespace {

bool same(const Question& a, const Question& b) {
  return a.unit == b.unit && a.function == b.function && a.address == b.address && a.count == b.count;
}

// Whether a reply to `old` could pass for the answer to `asked`.
bool could_pass(const Question& old, const Question& asked) {
  if (old.unit != asked.unit || old.function != asked.function) return false;
  return !asked.is_read() || !same(old, asked);
}

bool fits(const Question& question, uint8_t unit, uint8_t function, std::optional<size_t> data_bytes) {
  if (question.unit != unit || static_cast<uint8_t>(question.function) != function) return false;
  return !data_bytes || (question.is_read() ? question.data_bytes() : 0) == *data_bytes;
}

}  // namespace

void LateWindows::seen(uint8_t unit, Duration latency) {
  Window& window = windows_[unit];
  if (!window.fixed) window.length = std::clamp(latency * 5 / 4, window.length, std::max(window.length, kMost));
}

void OverdueReplies::missed(const Question& question, MonoTime sent, MonoTime now) {
  forget_old(now);
  const auto known = std::ranges::find_if(owed_, [&](const Owed& owed) { return same(owed.question, question); });
  const bool repeated = known != owed_.end() && sent < known->until;
  const int times = repeated ? known->times + 1 : 1;
  if (known != owed_.end()) owed_.erase(known);
  if (owed_.size() >= kMost) owed_.erase(owed_.begin());
  owed_.push_back({question, sent, sent + windows_.of(question.unit), times});
}

void OverdueReplies::answered(const Question& question, MonoTime sent, MonoTime now) {
  if (owed_.empty()) return;
  forget_old(now);
  for (Owed& owed : owed_) {
    if (!same(owed.question, question) || sent >= owed.until) continue;
    owed.until = sent + windows_.of(question.unit);
    owed.sent = sent;
    ++owed.times;
  }
}

void OverdueReplies::came_late(uint8_t unit, uint8_t function, std::optional<size_t> data_bytes, std::optional<MonoTime> came) {
  Owed* oldest = nullptr;
  const Owed* latest = nullptr;
  for (Owed& one : owed_) {
    if (!fits(one.question, unit, function, data_bytes)) continue;
    if (oldest == nullptr || one.sent < oldest->sent) oldest = &one;
    if (latest == nullptr || one.sent >= latest->sent) latest = &one;
  }
  // Of a question that was sent several times nobody can tell which reply this is, nor whether a unit that repeats itself is not
  // still busy with the last: time alone clears it. Of several questions it may be the latest's: no unit is as slow as the others
  // would make it; but it settles the oldest only, so that a second reply is still expected.
  if (latest == nullptr) return;
  if (came && latest->times == 1) windows_.seen(unit, *came - latest->sent);
  if (oldest->times == 1) owed_.erase(owed_.begin() + (oldest - owed_.data()));
}

MonoTime OverdueReplies::free_at(const Question& question, MonoTime now) const {
  MonoTime free = now;
  for (const Owed& owed : owed_) {
    if (could_pass(owed.question, question)) free = std::max(free, owed.until);
  }
  return free;
}

bool OverdueReplies::expects_from(uint8_t unit, MonoTime now) const {
  return std::ranges::any_of(owed_, [&](const Owed& owed) { return owed.question.unit == unit && owed.until > now; });
}

void OverdueReplies::forget_old(MonoTime now) {
  std::erase_if(owed_, [&](const Owed& owed) {
    return now > owed.until && now - owed.sent > windows_.of(owed.question.unit) * kRememberedFor;
  });
}

}  // namespace ferrule::modbus
