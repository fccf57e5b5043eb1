#include "outbox/loss_book.h"

#include <algorithm>

namespace ferrule::outbox {

void LossBook::load(const std::vector<StoredLoss>& losses) {
  for (const StoredLoss& loss : losses) {
    open_.push_back({loss, true, false, false, {}});
    last_id_ = std::max(last_id_, loss.id);
  }
}

void LossBook::add(const Loss& loss) {
  for (Open& open : open_) {
    Loss& known = open.stored.loss;
    if (open.taken || known.uplink != loss.uplink || known.why != loss.why) continue;
    known.from = std::min(known.from, loss.from);
    known.to = std::max(known.to, loss.to);
    known.samples += loss.samples;
    open.changed = true;
    return;
  }
  open_.push_back({{++last_id_, loss}, false, true, false, {}});
}

std::vector<Loss> LossBook::take(MonoTime now) {
  std::vector<Loss> taken;
  for (Open& open : open_) {
    if (open.taken) continue;
    open.taken = true;
    open.taken_at = now;
    taken.push_back(open.stored.loss);
  }
  return taken;
}

void LossBook::plan(Batch& batch, MonoTime now) const {
  for (const Open& open : open_) {
    if (over(open, now)) {
      if (open.in_file) batch.erase_losses.push_back(open.stored.id);
    } else if (open.changed) {
      batch.losses.push_back(open.stored);
    }
  }
}

void LossBook::written(MonoTime now) {
  std::erase_if(open_, [now](const Open& open) { return over(open, now); });
  for (Open& open : open_) {
    open.in_file = true;
    open.changed = false;
  }
}

bool LossBook::due(MonoTime now) const {
  return std::any_of(open_.begin(), open_.end(), [now](const Open& open) { return open.changed || over(open, now); });
}

}  // namespace ferrule::outbox
