#include <algorithm>
#include <optional>

#include "outbox/block.h"
#include "outbox/block_layout.h"
#include "outbox/columns.h"
#include "outbox/crc32.h"
#include "outbox/events.h"
#include "outbox/packed.h"

namespace ferrule::outbox {

namespace {

// Additions that may wrap: stored numbers are hostile until proven otherwise.
int64_t us_to_ns(int64_t us) { return static_cast<int64_t>(static_cast<uint64_t>(us) * 1000); }

class Reader {
 public:
  Reader(uint8_t version, std::string_view bytes, const Dictionary& dictionary)
      : version_(version), in_(bytes), dictionary_(dictionary) {}

  Result<Block> read() {
    read_head();
    if (in_.ok()) read_records();
    if (in_.ok()) read_seqs();
    if (in_.ok()) read_samples();
    if (in_.ok()) read_events();
    if (!in_.ok() || in_.left() != 0) return {Fault::corrupt, "a stored block does not read back"};
    for (size_t i = 0; i < records_.size(); ++i)
      block_.entries[i].record = std::make_shared<const Record>(std::move(records_[i]));
    return std::move(block_);
  }

 private:
  void read_head() {
    block_.boot = in_.varint();
    const uint64_t uplinks = in_.count(kMaxBlockUplinks);
    for (uint64_t i = 0; i < uplinks && in_.ok(); ++i) block_.uplinks.push_back(static_cast<uint32_t>(in_.count(UINT32_MAX)));
    const uint64_t records = in_.count(kMaxBlockRecords);
    if (!in_.ok() || records == 0 || records / 32 > in_.left()) return in_.fail();  // 32 records take a byte at least
    records_.resize(records);
    block_.entries.resize(records);
  }

  void read_records() {
    uint64_t position = in_.varint();
    const std::vector<uint64_t> gaps = read_packed(in_, records_.size() - 1);
    const std::vector<uint64_t> devices = read_packed(in_, records_.size());
    kinds_ = read_runs(in_, records_.size());
    const std::vector<int64_t> read_at = read_deltas(in_, records_.size());
    const std::vector<int64_t> offset = read_deltas(in_, records_.size());
    if (!in_.ok()) return;
    for (size_t i = 0; i < records_.size(); ++i) {
      if (i > 0) {
        if (gaps[i - 1] >= UINT64_MAX - position) return in_.fail();
        position += gaps[i - 1] + 1;
      }
      block_.entries[i].position = position;
      const auto device = devices[i] <= UINT32_MAX ? dictionary_.device(static_cast<uint32_t>(devices[i])) : std::nullopt;
      if (!device || kinds_[i] > static_cast<uint64_t>(BodyKind::device_state)) return in_.fail();
      records_[i].device = *device;
      records_[i].read_at = MonoTime(Duration(read_at[i]));
      records_[i].timestamp = WallTime(Duration(plus(read_at[i], offset[i])));
    }
    read_counts();
  }

  void read_counts() {
    size_t with_samples = 0;
    for (const uint64_t kind : kinds_) with_samples += kind == 0 ? 1 : 0;
    counts_ = read_packed(in_, with_samples);
    for (const uint64_t count : counts_) {
      if (count > kMaxBlockSamples - total_) return in_.fail();
      total_ += count;
    }
  }

  void read_seqs() {
    for (BlockEntry& entry : block_.entries) entry.seq.resize(block_.uplinks.size());
    for (size_t uplink = 0; uplink < block_.uplinks.size() && in_.ok(); ++uplink) {
      uint64_t expected = in_.varint();
      const std::vector<uint64_t> codes = read_packed(in_, records_.size());
      if (!in_.ok()) return;
      for (size_t i = 0; i < codes.size(); ++i) {
        if (codes[i] == 1) continue;
        const uint64_t seq = codes[i] == 0 ? expected : expected + static_cast<uint64_t>(unzigzag(codes[i] - 1));
        block_.entries[i].seq[uplink] = seq;
        expected = seq + 1;
      }
    }
  }

  void read_samples() {
    read_tags();
    const std::vector<int64_t> steps = read_times();
    if (!in_.ok()) return;
    place_samples(steps);
    order_ = column_order(tag_of_, tags_.size(), starts_);
    read_traits();
    if (in_.ok()) read_texts();
    if (in_.ok()) read_values();
  }

  void read_tags() {
    const uint64_t count = in_.count(total_);
    for (const int64_t id : read_deltas(in_, count)) {
      const auto tag = id >= 0 && id <= UINT32_MAX ? dictionary_.tag(static_cast<uint32_t>(id)) : std::nullopt;
      if (!tag) return in_.fail();
      tags_.push_back(*tag);
    }
    const std::vector<uint64_t> steps = read_runs(in_, total_);
    if (!in_.ok()) return;
    tag_of_.reserve(total_);
    int64_t expected = 0;
    for (const uint64_t step : steps) {
      const int64_t tag = plus(expected, unzigzag(step));
      if (tag < 0 || tag >= static_cast<int64_t>(tags_.size())) return in_.fail();
      tag_of_.push_back(static_cast<uint32_t>(tag));
      expected = tag + 1;
    }
  }

  std::vector<int64_t> read_times() {
    const bool has_form = version_ > kFirstBlockVersion;
    const auto form = static_cast<TimesForm>(has_form ? in_.count(kTimesForms - 1) : 0);
    const std::vector<uint64_t> codes = read_packed(in_, total_);
    std::vector<int64_t> steps(codes.size());
    std::transform(codes.begin(), codes.end(), steps.begin(), unzigzag);
    if (in_.ok() && form == TimesForm::repeated) from_repeated(steps, counts_);
    return steps;
  }

  void place_samples(const std::vector<int64_t>& steps) {
    samples_.reserve(total_);
    size_t next_count = 0;
    for (size_t i = 0; i < records_.size(); ++i) {
      if (kinds_[i] != 0) continue;
      Samples& samples = records_[i].body.emplace<Samples>(counts_[next_count++]);
      int64_t time = 0;
      for (Sample& sample : samples) {
        const size_t at = samples_.size();
        time = plus(time, steps[at]);
        sample.read_at = MonoTime(Duration(plus(records_[i].read_at.time_since_epoch().count(), us_to_ns(time))));
        sample.tag = tags_[tag_of_[at]];
        samples_.push_back(&sample);
      }
    }
  }

  void read_traits() {
    const uint64_t count = in_.count(total_);
    for (uint64_t i = 0; i < count && in_.ok(); ++i) {
      Traits traits;
      traits.kind = static_cast<Value::Kind>(in_.count(static_cast<uint64_t>(Value::Kind::bytes)));
      traits.quality = static_cast<Quality>(in_.count(static_cast<uint64_t>(Quality::bad)));
      traits.reason = static_cast<Reason>(in_.byte());
      traits.detail = static_cast<uint16_t>(in_.count(UINT16_MAX));
      traits.source_time = in_.count(1) == 1;
      traits_.push_back(traits);
    }
    trait_of_ = read_runs(in_, total_);
    if (!in_.ok()) return;
    size_t with_source = 0;
    for (const uint64_t trait : trait_of_) {
      if (trait >= traits_.size()) return in_.fail();
      with_source += traits_[trait].source_time ? 1 : 0;
    }
    const std::vector<int64_t> source_times = read_deltas(in_, with_source);
    if (!in_.ok()) return;
    for (size_t i = 0, source = 0; i < total_; ++i) {
      const Traits& traits = traits_[trait_of_[i]];
      Sample& sample = *samples_[order_[i]];
      sample.quality = traits.quality;
      sample.reason = traits.reason;
      sample.detail = traits.detail;
      if (traits.source_time) sample.source_ns = source_times[source++];
    }
  }

  void read_texts() {
    const uint64_t count = in_.count(in_.left());
    for (uint64_t i = 0; i < count && in_.ok(); ++i) texts_.push_back(in_.text());
  }

  // Calls use(kind, samples of one column) in the order of the file.
  template <class Use>
  void each_column(Use&& use) {
    std::vector<uint32_t> column;
    for (size_t tag = 0; tag < tags_.size(); ++tag) {
      unsigned kinds = 0;
      for (uint32_t i = starts_[tag]; i < starts_[tag + 1]; ++i) kinds |= 1u << static_cast<unsigned>(traits_[trait_of_[i]].kind);
      for (unsigned kind = 1; kind <= static_cast<unsigned>(Value::Kind::bytes); ++kind) {
        if ((kinds & (1u << kind)) == 0) continue;
        column.clear();
        for (uint32_t i = starts_[tag]; i < starts_[tag + 1]; ++i) {
          if (static_cast<unsigned>(traits_[trait_of_[i]].kind) == kind) column.push_back(order_[i]);
        }
        use(static_cast<Value::Kind>(kind), column);
      }
    }
  }

  void read_values() {
    size_t columns = 0, values = 0;
    each_column([&](Value::Kind, const std::vector<uint32_t>& column) { ++columns, values += column.size(); });
    const std::vector<uint64_t> forms = read_runs(in_, columns);
    const std::vector<uint64_t> firsts = read_packed(in_, columns);
    const std::vector<uint64_t> steps = read_packed(in_, values - columns);
    if (!in_.ok()) return;
    size_t at = 0, step = 0;
    std::vector<uint64_t> numbers;
    each_column([&](Value::Kind kind, const std::vector<uint32_t>& column) {
      numbers.assign(1, firsts[at]);
      while (numbers.size() < column.size()) numbers.push_back(numbers.back() + static_cast<uint64_t>(unzigzag(steps[step++])));
      if (forms[at] >= kForms || !fits(static_cast<Form>(forms[at]), kind)) return in_.fail();
      to_bits(static_cast<Form>(forms[at++]), numbers);
      for (size_t i = 0; i < column.size() && in_.ok(); ++i) samples_[column[i]]->value = value_from(kind, numbers[i]);
    });
  }

  Value value_from(Value::Kind kind, uint64_t number) {
    if (kind < Value::Kind::text) return value_of(kind, number);
    if (number >= texts_.size()) return in_.fail(), Value{};
    if (shared_.size() < texts_.size()) shared_.resize(texts_.size());
    Value& value = shared_[number];  // the samples of a block share their texts
    if (value.kind() != kind) value = kind == Value::Kind::text ? Value::text(texts_[number]) : Value::bytes(texts_[number]);
    return value;
  }

  void read_events() {
    for (size_t i = 0; i < records_.size() && in_.ok(); ++i) {
      if (kinds_[i] != 0) records_[i].body = read_event(in_, static_cast<BodyKind>(kinds_[i]), dictionary_);
    }
  }

  const uint8_t version_;
  ByteReader in_;
  const Dictionary& dictionary_;
  Block block_;
  std::vector<Record> records_;
  std::vector<uint64_t> kinds_, counts_;
  size_t total_ = 0;              // samples
  std::vector<Sample*> samples_;  // in the order of the records
  std::vector<TagId> tags_;
  std::vector<uint32_t> tag_of_, order_, starts_;
  std::vector<Traits> traits_;
  std::vector<uint64_t> trait_of_;  // in column order
  std::vector<std::string_view> texts_;
  std::vector<Value> shared_;
};

}  // namespace

Status verify(std::string_view bytes) {
  ByteReader in(bytes);
  const bool ours = in.take(kBlockMagic.size()) == kBlockMagic;
  const uint8_t version = in.byte();
  if (!ours || version < kFirstBlockVersion || version > kBlockVersion)
    return {Fault::corrupt, "not a block that this version can read"};
  const uint64_t sum = in.fixed(4);
  if (!in.ok() || sum != crc32(bytes.substr(kBlockHeader))) return {Fault::corrupt, "a stored block has a wrong checksum"};
  return {};
}

Result<Block> decode(std::string_view bytes, const Dictionary& dictionary) {
  if (Status status = verify(bytes); !status) return status;
  const auto version = static_cast<uint8_t>(bytes[kBlockMagic.size()]);
  return Reader(version, bytes.substr(kBlockHeader), dictionary).read();
}

}  // namespace ferrule::outbox
