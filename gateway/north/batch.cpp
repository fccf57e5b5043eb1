#include "north/batch.h"

namespace ferrule {

std::vector<Envelope> take_batch(std::deque<Envelope>& queue, const BatchLimit& limit) {
  std::vector<Envelope> taken;
  if (queue.empty()) return taken;
  taken.push_back(std::move(queue.front()));
  queue.pop_front();
  if (limit.records == 1) return taken;
  const DeviceId device = taken.front().record->device;
  size_t samples = sample_count(*taken.front().record);
  size_t kept = 0;
  size_t at = 0;
  for (; at < queue.size() && taken.size() < limit.records && samples < limit.samples; ++at) {
    Envelope& envelope = queue[at];
    if (limit.one_device && envelope.record->device != device) {
      if (kept != at) queue[kept] = std::move(envelope);
      ++kept;
    } else {
      samples += sample_count(*envelope.record);
      taken.push_back(std::move(envelope));
    }
  }
  queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(kept), queue.begin() + static_cast<std::ptrdiff_t>(at));
  return taken;
}

}  // namespace ferrule
