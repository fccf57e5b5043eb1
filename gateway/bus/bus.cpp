#include "bus/bus.h"

#include <algorithm>
#include <utility>

#include "bus/deadband.h"
#include "bus/treatment.h"

namespace ferrule {

namespace {

// Kept small: there may be 300,000 of them, and most are treated in no way.
class TagState {
 public:
  uint16_t configured_in = 0;
  bool known = false;
  bool wanted = false;   // by the watch
  bool current = false;  // its latest reading was not bad and is not stale

  void treat(Treatment treatment) {
    special_ = treatment == Treatment{} ? nullptr : std::make_unique<Special>(Special{std::move(treatment), {}, {}});
  }
  const Treatment& treatment() const {
    static const Treatment kPlain;
    return special_ == nullptr ? kPlain : special_->treatment;
  }
  // When it was read last, of those that may grow stale.
  MonoTime read_at() const { return special_ == nullptr ? MonoTime() : special_->read_at; }
  void read(const Sample& sample) {
    current = sample.quality != Quality::bad;
    if (special_ != nullptr) special_->read_at = sample.read_at;
  }
  // What the uplinks were told last; the value only where a deadband asks for it.
  Told told() const {
    return {special_ == nullptr ? Value() : special_->told, told_at_, told_quality_, told_reason_, told_ever_};
  }
  void tell(const Sample& sample) {
    told_ever_ = true;
    told_quality_ = sample.quality;
    told_reason_ = sample.reason;
    told_at_ = sample.read_at;
    if (special_ != nullptr) special_->told = sample.value;
  }

 private:
  struct Special {
    Treatment treatment;
    Value told;
    MonoTime read_at;
  };
  bool told_ever_ = false;
  Quality told_quality_ = Quality::bad;
  Reason told_reason_ = Reason::none;
  MonoTime told_at_;
  std::unique_ptr<Special> special_;  // null: nothing is done to it
};
static_assert(sizeof(TagState) <= 24);

}  // namespace

struct Bus::Impl {
  Impl(const Clock& time, const Names& directory, TagTable& latest) : clock(time), names(directory), table(latest) {}

  const Clock& clock;
  const Names& names;
  TagTable& table;
  Watch* watch = nullptr;
  uint16_t generation = 0;
  std::vector<TagState> tags;       // by TagId
  std::vector<uint32_t> perishing;  // tags with `stale_after`, those of a device together
  Samples bits;                     // reused by convert()
  BusCounters counters{};

  TagState* find(TagId tag) { return index_of(tag) < tags.size() && tags[index_of(tag)].known ? &tags[index_of(tag)] : nullptr; }
  Duration wall_offset() const { return clock.wall().time_since_epoch() - clock.now().time_since_epoch(); }

  void configure(TagId tag, Treatment treatment);
  void configure(const TagSettings& tag);
  void forget_others();
  void convert(Samples& samples);
  void show(const Samples& samples, Duration offset);
  void hold_back(Samples& samples);
  RecordPtr record(DeviceId device, Samples&& samples, Duration offset) const;
  RecordPtr stale_record(DeviceId device, Samples&& samples);
};

void Bus::Impl::configure(TagId tag, Treatment treatment) {
  if (tag == TagId::none) return;
  if (tags.size() <= index_of(tag)) tags.resize(index_of(tag) + 1);
  TagState& state = tags[index_of(tag)];
  if (!state.known || !(state.treatment() == treatment)) state = TagState{};
  state.known = true;
  state.wanted = watch != nullptr && watch->wants(tag);
  state.configured_in = generation;
  if (treatment.stale_after > Duration::zero()) perishing.push_back(index_of(tag));
  if (!(state.treatment() == treatment)) state.treat(std::move(treatment));
  table.add(tag);
}

void Bus::Impl::configure(const TagSettings& tag) {
  configure(tag.id, Treatment::of(tag));
  for (const BitTag& bit : tag.bits) configure(bit.tag, Treatment::of_bit(tag));
}

void Bus::Impl::forget_others() {
  for (uint32_t index = 0; index < tags.size(); ++index) {
    if (!tags[index].known || tags[index].configured_in == generation) continue;
    tags[index] = TagState{};
    table.remove(TagId{index});
  }
}

// Turns raw samples into engineering ones, leaves out unknown tags and appends the named bits.
void Bus::Impl::convert(Samples& samples) {
  bits.clear();
  size_t kept = 0;
  for (Sample& sample : samples) {
    ++counters.read;
    TagState* state = find(sample.tag);
    if (state == nullptr) {
      if (sample.quality == Quality::bad) ++counters.bad;
      ++counters.suppressed;
      continue;
    }
    const Treatment& treatment = state->treatment();
    if (treatment.bits.empty()) {
      to_engineering(treatment, sample);
    } else {
      const Value raw = sample.value;
      to_engineering(treatment, sample);
      for (const auto& bit : treatment.bits) bits.push_back(bit_of(bit, raw, sample));
    }
    put_label(treatment, sample);
    if (&sample != &samples[kept]) samples[kept] = std::move(sample);
    ++kept;
  }
  samples.resize(kept);
  counters.read += bits.size();
  samples.insert(samples.end(), std::make_move_iterator(bits.begin()), std::make_move_iterator(bits.end()));
}

void Bus::Impl::show(const Samples& samples, Duration offset) {
  table.update(samples, offset);
  if (watch == nullptr) return;
  watch->processed(samples, offset);
  for (const Sample& sample : samples) {
    if (tags[index_of(sample.tag)].wanted) watch->sample(sample);
  }
}

// Leaves what is news. Every sample is of a known tag.
void Bus::Impl::hold_back(Samples& samples) {
  size_t kept = 0;
  for (Sample& sample : samples) {
    TagState& state = tags[index_of(sample.tag)];
    const bool bad = sample.quality == Quality::bad;
    counters.bad += bad ? 1 : 0;
    state.read(sample);
    if (!is_news(state.treatment(), state.told(), sample)) continue;
    state.tell(sample);
    if (&sample != &samples[kept]) samples[kept] = std::move(sample);
    ++kept;
  }
  counters.forwarded += kept;
  counters.suppressed += samples.size() - kept;
  samples.resize(kept);
}

RecordPtr Bus::Impl::record(DeviceId device, Samples&& samples, Duration offset) const {
  if (samples.empty()) return nullptr;
  // Records may wait for long: one that kept little of a large poll must not hold the poll's memory.
  if (samples.size() < samples.capacity() / 2) samples = Samples(samples.begin(), samples.end());
  auto record = std::make_shared<Record>();
  record->device = device;
  record->read_at = samples.front().read_at;
  record->timestamp = WallTime(record->read_at.time_since_epoch() + offset);
  record->body = std::move(samples);
  return record;
}

RecordPtr Bus::Impl::stale_record(DeviceId device, Samples&& samples) {
  const Duration offset = wall_offset();
  show(samples, offset);
  for (const Sample& sample : samples) tags[index_of(sample.tag)].tell(sample);
  counters.read += samples.size();
  counters.forwarded += samples.size();
  return record(device, std::move(samples), offset);
}

Bus::Bus(const Clock& clock, const Names& names, TagTable& table) : impl_(std::make_unique<Impl>(clock, names, table)) {}

Bus::~Bus() = default;

void Bus::configure(const std::vector<ChannelSettings>& channels, const std::vector<RuleSettings>& rules, Watch* watch) {
  impl_->watch = watch;
  ++impl_->generation;
  impl_->perishing.clear();
  for (const ChannelSettings& channel : channels) {
    for (const DeviceSettings& device : channel.devices) {
      for (const TagSettings& tag : device.tags) impl_->configure(tag);
    }
  }
  for (const RuleSettings& rule : rules) impl_->configure(rule.set, Treatment{});
  impl_->forget_others();
}

RecordPtr Bus::take(Poll&& poll) {
  Samples samples = std::move(poll.samples);
  const Duration offset = impl_->wall_offset();
  impl_->convert(samples);
  if (samples.empty()) return nullptr;
  impl_->show(samples, offset);
  impl_->hold_back(samples);
  return impl_->record(poll.device, std::move(samples), offset);
}

MonoTime Bus::expire(MonoTime now, std::vector<RecordPtr>& out) {
  MonoTime next = MonoTime::max();
  DeviceId device = DeviceId::none;
  Samples stale;
  const auto flush = [&] {
    if (!stale.empty()) out.push_back(impl_->stale_record(device, std::exchange(stale, {})));
  };
  for (const uint32_t index : impl_->perishing) {
    TagState& state = impl_->tags[index];
    const Duration after = state.treatment().stale_after;
    if (!state.current || now - state.read_at() < after) {
      next = std::min(next, (state.current ? state.read_at() : now) + after);
      continue;
    }
    next = std::min(next, now + after);  // a reading may come at once
    const auto latest = impl_->table.latest(TagId{index});
    if (!latest) continue;
    if (impl_->names.device_of(TagId{index}) != device) flush();
    device = impl_->names.device_of(TagId{index});
    state.current = false;
    stale.push_back(latest->sample);
    stale.back().read_at = now;
    stale.back().quality = Quality::uncertain;
    stale.back().reason = Reason::stale;
  }
  flush();
  return next == MonoTime::max() ? next : std::max(next, now + kStaleGrain);
}

BusCounters Bus::counters() const { return impl_->counters; }

}  // namespace ferrule
