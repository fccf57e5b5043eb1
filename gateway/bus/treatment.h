// What the bus does to the samples of one tag, taken from its settings and made ready for the hot path.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "core/sample.h"
#include "sdk/settings.h"

namespace ferrule {

struct Treatment {
  struct Bit {
    uint8_t bit = 0;
    TagId tag = TagId::none;
    bool operator==(const Bit&) const = default;
  };

  double scale = 1;
  double offset = 0;
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  double deadband = 0;
  double deadband_share = 0;  // of the last forwarded value: 0.05 is 5 %
  Duration at_least{0};
  Duration stale_after{0};
  std::vector<int64_t> invalid;
  std::vector<Bit> bits;
  std::vector<std::pair<int64_t, Value>> labels;  // sorted by number

  static Treatment of(const TagSettings& tag);
  // Of a named bit: it goes on and grows stale as the tag that it is a part of.
  static Treatment of_bit(const TagSettings& tag);

  bool has_deadband() const { return deadband > 0 || deadband_share > 0; }
  bool operator==(const Treatment&) const = default;
};

// Raw to engineering, in the order that bus.h promises, as far as `valid`. Leaves bad samples bad, without a value.
void to_engineering(const Treatment& treatment, Sample& sample);

// Number to label; nothing for a tag without labels.
void put_label(const Treatment& treatment, Sample& sample);

// The sample of one named bit of `raw`, which has the quality, reason and times of `whole`.
Sample bit_of(const Treatment::Bit& bit, const Value& raw, const Sample& whole);

// Makes the sample bad.
void spoil(Sample& sample, Reason reason);

}  // namespace ferrule
