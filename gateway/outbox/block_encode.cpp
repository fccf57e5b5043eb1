#include <algorithm>
#include <bit>
#include <map>
#include <string_view>
#include <unordered_map>

#include "outbox/block.h"
#include "outbox/block_layout.h"
#include "outbox/columns.h"
#include "outbox/crc32.h"
#include "outbox/events.h"
#include "outbox/packed.h"

namespace ferrule::outbox {

namespace {

int64_t ns(MonoTime at) { return at.time_since_epoch().count(); }
int64_t ns(WallTime at) { return at.time_since_epoch().count(); }

int64_t floor_us(int64_t ns) { return ns >= 0 ? ns / 1000 : -((-ns + 999) / 1000); }

void put_records(std::string& out, const Block& block, Dictionary& dictionary) {
  std::vector<uint64_t> gaps, devices, kinds, counts;
  std::vector<int64_t> read_at, offset;
  uint64_t before = block.entries.front().position;
  for (const BlockEntry& entry : block.entries) {
    const Record& record = *entry.record;
    if (&entry != &block.entries.front()) gaps.push_back(entry.position - before - 1);
    before = entry.position;
    devices.push_back(dictionary.stored(record.device));
    kinds.push_back(record.body.index());
    if (record.body.index() == 0) counts.push_back(sample_count(record));
    read_at.push_back(ns(record.read_at));
    offset.push_back(
        static_cast<int64_t>(static_cast<uint64_t>(ns(record.timestamp)) - static_cast<uint64_t>(ns(record.read_at))));
  }
  put_varint(out, block.entries.front().position);
  put_packed(out, gaps);
  put_packed(out, devices);
  put_runs(out, kinds);
  put_deltas(out, read_at);
  put_deltas(out, offset);
  put_packed(out, counts);
}

// 0: one more than the last; 1: none; else how far from that, zigzag + 1.
void put_seqs(std::string& out, const Block& block) {
  for (size_t uplink = 0; uplink < block.uplinks.size(); ++uplink) {
    uint64_t first = 0;
    for (const BlockEntry& entry : block.entries) {
      if ((first = entry.seq[uplink]) != 0) break;
    }
    put_varint(out, first);
    std::vector<uint64_t> codes;
    uint64_t expected = first;
    for (const BlockEntry& entry : block.entries) {
      const uint64_t seq = entry.seq[uplink];
      const auto difference = static_cast<int64_t>(seq - expected);
      codes.push_back(seq == 0 ? 1 : difference == 0 ? 0 : zigzag(difference) + 1);
      if (seq != 0) expected = seq + 1;
    }
    put_packed(out, codes);
  }
}

// The samples of a block, taken apart.
class SampleColumns {
 public:
  explicit SampleColumns(const Block& block) {
    for (const BlockEntry& entry : block.entries) {
      const auto* samples = std::get_if<Samples>(&entry.record->body);
      if (samples == nullptr) continue;
      last_time_ = 0;
      counts_.push_back(samples->size());
      for (const Sample& sample : *samples) add(sample, entry.record->read_at);
    }
  }

  void put(std::string& out, Dictionary& dictionary) {
    put_tags(out, dictionary);
    put_times(out);
    order_ = column_order(tag_of_, tags_.size(), starts_);
    put_traits(out);
    put_texts(out);
    put_values(out);
  }

 private:
  void add(const Sample& sample, MonoTime record_read_at) {
    // Records of one poll group name the same tags in the same order: the one after the last is nearly always it.
    const uint32_t guess = tag_of_.empty() ? 0 : tag_of_.back() + 1;
    const uint32_t tag = guess < tags_.size() && tags_[guess] == sample.tag ? guess : look_up(sample.tag);
    tag_of_.push_back(tag);
    samples_.push_back(&sample);
    const int64_t time =
        floor_us(static_cast<int64_t>(static_cast<uint64_t>(ns(sample.read_at)) - static_cast<uint64_t>(ns(record_read_at))));
    times_.push_back(static_cast<int64_t>(static_cast<uint64_t>(time) - static_cast<uint64_t>(last_time_)));
    last_time_ = time;
  }

  uint32_t look_up(TagId tag) {
    const auto [known, fresh] = index_.try_emplace(tag, static_cast<uint32_t>(tags_.size()));
    if (fresh) tags_.push_back(tag);
    return known->second;
  }

  void put_tags(std::string& out, Dictionary& dictionary) const {
    put_varint(out, tags_.size());
    std::vector<int64_t> ids;
    for (const TagId tag : tags_) ids.push_back(dictionary.stored(tag));
    put_deltas(out, ids);
    std::vector<uint64_t> steps;
    steps.reserve(tag_of_.size());
    int64_t expected = 0;
    for (const uint32_t tag : tag_of_) {
      steps.push_back(zigzag(tag - expected));
      expected = int64_t{tag} + 1;
    }
    put_runs(out, steps);
  }

  static std::string packed_steps(const std::vector<int64_t>& steps) {
    std::vector<uint64_t> codes(steps.size());
    std::transform(steps.begin(), steps.end(), codes.begin(), zigzag);
    std::string packed;
    put_packed(packed, codes);
    return packed;
  }

  void put_times(std::string& out) {
    const std::string steps = packed_steps(times_);
    to_repeated(times_, counts_);
    const std::string repeated = packed_steps(times_);
    const bool shorter = repeated.size() < steps.size();
    out += static_cast<char>(shorter ? TimesForm::repeated : TimesForm::steps);
    out += shorter ? repeated : steps;
  }

  void put_traits(std::string& out) {
    std::map<Traits, uint64_t> index;
    std::vector<Traits> table;
    std::vector<uint64_t> of_sample;
    std::vector<int64_t> source_times;
    of_sample.reserve(order_.size());
    Traits last;
    uint64_t last_index = UINT64_MAX;
    for (const uint32_t i : order_) {
      const Sample& sample = *samples_[i];
      const Traits traits{sample.value.kind(), sample.quality, sample.reason, sample.detail, sample.source_ns != 0};
      if (last_index == UINT64_MAX || traits != last) {
        const auto [known, fresh] = index.try_emplace(traits, table.size());
        if (fresh) table.push_back(traits);
        last = traits;
        last_index = known->second;
      }
      of_sample.push_back(last_index);
      if (traits.source_time) source_times.push_back(sample.source_ns);
    }
    put_varint(out, table.size());
    for (const Traits& traits : table) put_trait(out, traits);
    put_runs(out, of_sample);
    put_deltas(out, source_times);
  }

  static void put_trait(std::string& out, const Traits& traits) {
    out += static_cast<char>(traits.kind);
    out += static_cast<char>(traits.quality);
    out += static_cast<char>(traits.reason);
    put_varint(out, traits.detail);
    out += static_cast<char>(traits.source_time ? 1 : 0);
  }

  void put_texts(std::string& out) {
    std::vector<std::string_view> texts;
    for (const Sample* sample : samples_) {
      if (sample->value.kind() < Value::Kind::text) continue;
      const std::string_view text = sample->value.as_text();
      if (text_index_.try_emplace(text, texts.size()).second) texts.push_back(text);
    }
    put_varint(out, texts.size());
    for (const std::string_view text : texts) put_text(out, text);
  }

  uint64_t number_of(const Value& value) const {
    return value.kind() >= Value::Kind::text ? text_index_.at(value.as_text()) : bits_of(value);
  }

  // A bit for each kind of value that the tag has, but none.
  unsigned kinds_of(size_t tag) const {
    unsigned kinds = 0;
    for (uint32_t i = starts_[tag]; i < starts_[tag + 1]; ++i)
      kinds |= 1u << static_cast<unsigned>(samples_[order_[i]]->value.kind());
    return kinds & ~1u;
  }

  // First values and differences go apart: they need different widths.
  void put_values(std::string& out) {
    std::vector<uint64_t> forms, firsts, steps, numbers;
    for (size_t tag = 0; tag < tags_.size(); ++tag) {
      for (unsigned kinds = kinds_of(tag); kinds != 0; kinds &= kinds - 1) {
        const auto kind = static_cast<Value::Kind>(std::countr_zero(kinds));
        numbers.clear();
        for (uint32_t i = starts_[tag]; i < starts_[tag + 1]; ++i) {
          const Value& value = samples_[order_[i]]->value;
          if (value.kind() == kind) numbers.push_back(number_of(value));
        }
        const Form form = choose_form(kind, numbers);
        to_integers(form, numbers);
        forms.push_back(static_cast<uint64_t>(form));
        firsts.push_back(numbers.front());
        for (size_t i = 1; i < numbers.size(); ++i) steps.push_back(zigzag(static_cast<int64_t>(numbers[i] - numbers[i - 1])));
      }
    }
    put_runs(out, forms);
    put_packed(out, firsts);
    put_packed(out, steps);
  }

  std::vector<const Sample*> samples_;  // in the order of the records
  std::vector<uint32_t> tag_of_;        // of each sample, an index into tags_
  std::vector<int64_t> times_;          // from sample to sample within a record
  std::vector<uint64_t> counts_;        // samples of each record
  std::vector<TagId> tags_;
  std::unordered_map<TagId, uint32_t> index_;
  std::unordered_map<std::string_view, uint64_t> text_index_;
  std::vector<uint32_t> order_, starts_;
  int64_t last_time_ = 0;
};

}  // namespace

std::string encode(const Block& block, Dictionary& dictionary) {
  std::string body;
  put_varint(body, block.boot);
  put_varint(body, block.uplinks.size());
  for (const uint32_t uplink : block.uplinks) put_varint(body, uplink);
  put_varint(body, block.entries.size());
  put_records(body, block, dictionary);
  put_seqs(body, block);
  SampleColumns(block).put(body, dictionary);
  for (const BlockEntry& entry : block.entries) put_event(body, entry.record->body, dictionary);

  std::string out(kBlockMagic);
  out += static_cast<char>(kBlockVersion);
  put_fixed(out, crc32(body), 4);
  return out + body;
}

}  // namespace ferrule::outbox
