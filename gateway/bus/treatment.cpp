#include "bus/treatment.h"

#include <algorithm>
#include <cmath>

namespace ferrule {

namespace {

// `listed` as a user writes it, 0x8000 say, means the same 16 or 32 bits whether the tag is signed or not.
bool same_raw(int64_t raw, int64_t listed) {
  if (raw == listed) return true;
  if (listed >= 0x8000 && listed <= 0xffff) return raw == listed - 0x10000;
  if (listed >= 0x80000000 && listed <= 0xffffffff) return raw == listed - 0x100000000;
  return false;
}

bool is_listed(const Value& raw, int64_t listed) {
  switch (raw.kind()) {
    case Value::Kind::integer: return same_raw(raw.as_int(), listed);
    case Value::Kind::unsigned_integer: return listed >= 0 && raw.as_uint() == static_cast<uint64_t>(listed);
    case Value::Kind::float32:
    case Value::Kind::float64: return *raw.number() == static_cast<double>(listed);
    default: return false;
  }
}

bool means_none(const Treatment& treatment, const Value& raw) {
  return std::ranges::any_of(treatment.invalid, [&raw](int64_t listed) { return is_listed(raw, listed); });
}

}  // namespace

Treatment Treatment::of(const TagSettings& tag) {
  Treatment treatment = of_bit(tag);
  treatment.scale = tag.scale;
  treatment.offset = tag.offset;
  treatment.least = tag.valid.min;
  treatment.most = tag.valid.max;
  treatment.invalid = tag.invalid;
  for (const BitTag& bit : tag.bits) treatment.bits.push_back({bit.bit, bit.tag});
  for (const EnumLabel& label : tag.labels) treatment.labels.emplace_back(label.number, Value::text(label.label));
  std::ranges::stable_sort(treatment.labels, {}, &std::pair<int64_t, Value>::first);
  return treatment;
}

Treatment Treatment::of_bit(const TagSettings& tag) {
  Treatment treatment;
  treatment.deadband = tag.deadband;
  treatment.deadband_share = tag.deadband_percent / 100;
  treatment.at_least = tag.at_least;
  treatment.stale_after = tag.stale_after;
  return treatment;
}

void spoil(Sample& sample, Reason reason) {
  sample.value = Value();
  sample.quality = Quality::bad;
  sample.reason = reason;
}

void to_engineering(const Treatment& treatment, Sample& sample) {
  if (sample.quality == Quality::bad) return spoil(sample, sample.reason);
  if (sample.value.empty()) return spoil(sample, Reason::bad_reply);  // a driver that says good of nothing
  if (!sample.value.is_number()) return;
  if (!treatment.invalid.empty() && means_none(treatment, sample.value)) return spoil(sample, Reason::out_of_range);

  double number = *sample.value.number();
  const bool scaled = treatment.scale != 1 || treatment.offset != 0;
  if (scaled) number = number * treatment.scale + treatment.offset;
  if (!std::isfinite(number)) return spoil(sample, Reason::not_a_number);
  if (number < treatment.least || number > treatment.most) return spoil(sample, Reason::out_of_range);
  if (scaled) sample.value = number;
}

void put_label(const Treatment& treatment, Sample& sample) {
  if (treatment.labels.empty() || sample.quality == Quality::bad) return;
  const auto number = sample.value.number();
  if (!number) return;
  const auto at =
      std::ranges::lower_bound(treatment.labels, *number, {}, [](const auto& label) { return static_cast<double>(label.first); });
  if (at != treatment.labels.end() && static_cast<double>(at->first) == *number) {
    sample.value = at->second;
  } else if (sample.quality == Quality::good) {
    sample.quality = Quality::uncertain;
    sample.reason = Reason::out_of_range;
  }
}

Sample bit_of(const Treatment::Bit& bit, const Value& raw, const Sample& whole) {
  Sample sample = whole;
  sample.tag = bit.tag;
  if (whole.quality == Quality::bad) return sample;
  if (raw.is_integer() || raw.kind() == Value::Kind::boolean) {
    const auto pattern = raw.kind() == Value::Kind::unsigned_integer ? raw.as_uint()
                         : raw.is_integer()                          ? static_cast<uint64_t>(raw.as_int())
                                                                     : static_cast<uint64_t>(raw.as_bool());
    sample.value = bit.bit < 64 && ((pattern >> bit.bit) & 1) != 0;
  } else {
    spoil(sample, Reason::out_of_range);  // text or a fraction has no bits
  }
  return sample;
}

}  // namespace ferrule
