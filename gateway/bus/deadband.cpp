#include "bus/deadband.h"

#include <cmath>

#include "bus/bus.h"

namespace ferrule {

namespace {

bool moved(const Treatment& treatment, const Value& before, const Value& after) {
  if (!before.is_number() || !after.is_number()) return !(before == after);
  const double from = *before.number();
  const double change = std::fabs(*after.number() - from);
  if (treatment.deadband > 0 && change > treatment.deadband) return true;
  return treatment.deadband_share > 0 && change > treatment.deadband_share * std::fabs(from);
}

}  // namespace

bool is_news(const Treatment& treatment, const Told& told, const Sample& sample) {
  if (!told.ever || told.quality != sample.quality || told.reason != sample.reason) return true;
  const Duration silence = sample.read_at - told.read_at;
  if (sample.quality == Quality::bad) return silence >= kBadHeartbeat;
  if (!treatment.has_deadband()) return true;
  if (treatment.at_least > Duration::zero() && silence >= treatment.at_least) return true;
  return moved(treatment, told.value, sample.value);
}

}  // namespace ferrule
