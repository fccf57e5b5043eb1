#include "modbus/overdue.h"

#include <algorithm>

namespace ferrule::modbus {

namespace {

bool same(const Question& a, const Question& b) {
  return a.unit == b.unit && a.function == b.function && a.address == b.address && a.count == b.count;
}

size_t reply_bytes(const Question& question) { return question.is_read() ? question.data_bytes() : 0; }

// Whether the reply to `old` would pass for the answer to `asked`.
bool could_pass(const Question& old, const Question& asked) {
  if (old.unit != asked.unit || old.function != asked.function) return false;
  // The confirmation of several registers names address and count, not the values: even the same question is another write.
  if (!asked.is_read()) return same(old, asked);
  return reply_bytes(old) == reply_bytes(asked) && !same(old, asked);
}

}  // namespace

OverdueReplies::Owed* OverdueReplies::find(const Question& question) {
  const auto at = std::ranges::find_if(owed_, [&](const Owed& owed) { return same(owed.question, question); });
  return at == owed_.end() ? nullptr : &*at;
}

void OverdueReplies::missed(const Question& question, MonoTime sent, MonoTime now) {
  Owed* owed = find(question);
  if (owed == nullptr) {
    if (owed_.size() >= kMost) owed_.erase(owed_.begin());
    owed_.push_back({question, sent, now, 0});
    owed = &owed_.back();
  }
  ++owed->replies;
  owed->until = now + std::min(now - owed->first_sent, 2 * (now - sent));
}

void OverdueReplies::answered(const Question& question, MonoTime sent, MonoTime now) {
  Owed* owed = find(question);
  if (owed == nullptr) return;
  // If it was the first try's reply, the unit takes now - first_sent; the reply to this try comes as long after it.
  owed->until = sent + (now - owed->first_sent) * 5 / 4;
}

void OverdueReplies::came_late(uint8_t unit, uint8_t function, size_t data_bytes) {
  for (Owed& owed : owed_) {
    const bool fits = owed.question.unit == unit && static_cast<uint8_t>(owed.question.function) == function &&
                      reply_bytes(owed.question) == data_bytes;
    if (!fits) continue;
    --owed.replies;
    break;
  }
  std::erase_if(owed_, [](const Owed& owed) { return owed.replies <= 0; });
}

MonoTime OverdueReplies::free_at(const Question& question, MonoTime now) {
  if (owed_.empty()) return now;
  std::erase_if(owed_, [now](const Owed& owed) { return owed.until <= now; });
  MonoTime free = now;
  for (const Owed& owed : owed_) {
    if (could_pass(owed.question, question)) free = std::max(free, owed.until);
  }
  return free;
}

bool OverdueReplies::expects_from(uint8_t unit) const {
  return std::ranges::any_of(owed_, [unit](const Owed& owed) { return owed.question.unit == unit; });
}

}  // namespace ferrule::modbus
