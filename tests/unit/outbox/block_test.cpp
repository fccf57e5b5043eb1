#include "outbox/block.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "outbox/columns.h"
#include "outbox/crc32.h"
#include "outbox/packed.h"
#include "outbox/summary.h"

namespace ferrule::outbox {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

class BlockTest : public testing::Test {
 protected:
  TagId tag(int i) { return names_.tag(device_, "t" + std::to_string(i)); }

  Record made(std::variant<Samples, Alarm, Loss, Outcome, DeviceState> body) {
    Record record;
    record.device = device_;
    record.read_at = MonoTime(nanoseconds(1'000'000'123));
    record.timestamp = WallTime(nanoseconds(1'763'712'345'678'901'234));
    record.body = std::move(body);
    return record;
  }

  Sample sample(int i, Value value) {
    Sample sample;
    sample.tag = tag(i);
    sample.value = std::move(value);
    sample.read_at = MonoTime(nanoseconds(1'000'000'123));
    return sample;
  }

  static void expect_same(const Record& a, const Record& b) {
    EXPECT_EQ(a.device, b.device);
    EXPECT_EQ(a.read_at, b.read_at);
    EXPECT_EQ(a.timestamp, b.timestamp);
    ASSERT_EQ(a.body.index(), b.body.index());
    const auto* samples = std::get_if<Samples>(&a.body);
    if (samples == nullptr) return;
    const auto& other = std::get<Samples>(b.body);
    ASSERT_EQ(samples->size(), other.size());
    for (size_t i = 0; i < other.size(); ++i) {
      const Sample &x = (*samples)[i], &y = other[i];
      EXPECT_EQ(x.value, y.value) << i << " " << to_text(x.value) << " " << to_text(y.value);
      EXPECT_EQ(x.tag, y.tag);
      EXPECT_EQ(x.quality, y.quality);
      EXPECT_EQ(x.reason, y.reason);
      EXPECT_EQ(x.detail, y.detail);
      EXPECT_EQ(x.source_ns, y.source_ns);
      EXPECT_EQ(std::chrono::floor<microseconds>(x.read_at - a.read_at), std::chrono::floor<microseconds>(y.read_at - b.read_at));
    }
  }

  // There and back, and gives what came.
  Block round_trip(const Block& block) {
    const std::string bytes = encode(block, dictionary_);
    bytes_ = bytes.size();
    Result<Block> back = decode(bytes, dictionary_);
    EXPECT_TRUE(back.ok()) << back.status().what();
    if (!back) return {};
    EXPECT_EQ(back->boot, block.boot);
    EXPECT_EQ(back->uplinks, block.uplinks);
    EXPECT_EQ(back->entries.size(), block.entries.size());
    for (size_t i = 0; i < std::min(block.entries.size(), back->entries.size()); ++i) {
      EXPECT_EQ(back->entries[i].position, block.entries[i].position);
      EXPECT_EQ(back->entries[i].seq, block.entries[i].seq);
      expect_same(*block.entries[i].record, *back->entries[i].record);
    }
    return std::move(*back);
  }

  Block block_of(std::vector<Record> records) {
    Block block{7, {1, 4}, {}};
    uint64_t position = 100;
    for (Record& record : records) {
      block.entries.push_back(
          {std::make_shared<const Record>(std::move(record)), position, {position, position % 3 == 0 ? 0 : position / 2}});
      position += 1 + position % 2;
    }
    return block;
  }

  Names names_;
  Dictionary dictionary_{names_};
  DeviceId device_ = names_.device("boiler");
  size_t bytes_ = 0;
};

TEST_F(BlockTest, every_kind_of_value_comes_back_bit_for_bit) {
  const double awkward[] = {0.0,
                            -0.0,
                            81.4,
                            0.1 + 0.2,
                            814 * 0.1,
                            1e300,
                            -1e-300,
                            5e-324,
                            M_PI,
                            9007199254740993.0,
                            std::numeric_limits<double>::quiet_NaN(),
                            -std::numeric_limits<double>::infinity(),
                            12.345,
                            3 * 0.001};
  Samples samples;
  for (const double number : awkward) {
    samples.push_back(sample(0, number));
    samples.push_back(sample(1, static_cast<float>(number)));
    samples.push_back(sample(static_cast<int>(samples.size()) + 10, number));
    samples.push_back(sample(static_cast<int>(samples.size()) + 10, static_cast<float>(number)));
  }
  for (const int64_t number : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX, int64_t{42}}) {
    samples.push_back(sample(2, number));
    samples.push_back(sample(2, static_cast<uint64_t>(number)));
    samples.push_back(sample(2, number > 0));
  }
  for (const char* text : {"", "running", "running", "off", "\xff not UTF-8"}) {
    samples.push_back(sample(3, Value::text(text)));
    samples.push_back(sample(3, Value::bytes(text)));
  }
  samples.push_back(sample(3, Value()));
  round_trip(block_of({made(samples), made(samples)}));
}

TEST_F(BlockTest, quality_reason_detail_and_both_times_come_back) {
  Samples samples;
  for (int i = 0; i < 100; ++i) {
    Sample one = sample(i % 7, i % 5 == 0 ? Value() : Value(int64_t{i}));
    one.quality = static_cast<Quality>(i % 3);
    one.reason = static_cast<Reason>(i % 11);
    one.detail = static_cast<uint16_t>(i * 600);
    one.source_ns = i % 4 == 0 ? 0 : 1'763'712'345'000'000'000 + i * 1'000'000'007LL;
    one.read_at += nanoseconds((50 - i) * 1'234'567LL);  // before and after the record's own
    samples.push_back(one);
  }
  round_trip(block_of({made(samples)}));
}

TEST_F(BlockTest, alarms_losses_outcomes_and_device_states_come_back) {
  const Alarm alarm{
      "overheat", false, "high", "Boiler at 91 °C", {{"boiler.temperature", 91.0}, {"boiler.mode", Value::text("auto")}}};
  const Loss loss{"cloud", WallTime(nanoseconds(5)), WallTime(nanoseconds(-6)), 1u << 30, "the outbox is full"};
  const Outcome outcome{"c-17", tag(3), CommandResult::refused, int64_t{-4}, "out of range"};
  const Outcome none{"c-18", TagId::none, CommandResult::unknown, Value(), ""};
  const DeviceState state{false, Reason::timeout, "no answer"};
  Record whole_gateway = made(loss);
  whole_gateway.device = DeviceId::none;
  const Block back =
      round_trip(block_of({made(alarm), whole_gateway, made(Samples{sample(1, 2.5)}), made(outcome), made(none), made(state)}));
  ASSERT_EQ(back.entries.size(), 6u);
  const auto& a = std::get<Alarm>(back.entries[0].record->body);
  EXPECT_EQ(a.rule, alarm.rule);
  EXPECT_EQ(a.raised, false);
  EXPECT_EQ(a.severity, "high");
  EXPECT_EQ(a.text, alarm.text);
  ASSERT_EQ(a.values.size(), 2u);
  EXPECT_EQ(a.values[1].name, "boiler.mode");
  EXPECT_EQ(a.values[1].value, Value::text("auto"));
  const auto& l = std::get<Loss>(back.entries[1].record->body);
  EXPECT_EQ(l.uplink, "cloud");
  EXPECT_EQ(l.from, loss.from);
  EXPECT_EQ(l.to, loss.to);
  EXPECT_EQ(l.samples, loss.samples);
  EXPECT_EQ(l.why, loss.why);
  const auto& o = std::get<Outcome>(back.entries[3].record->body);
  EXPECT_EQ(o.command_id, "c-17");
  EXPECT_EQ(o.tag, tag(3));
  EXPECT_EQ(o.result, CommandResult::refused);
  EXPECT_EQ(o.value, Value(int64_t{-4}));
  EXPECT_EQ(o.reason, "out of range");
  EXPECT_EQ(std::get<Outcome>(back.entries[4].record->body).tag, TagId::none);
  const auto& s = std::get<DeviceState>(back.entries[5].record->body);
  EXPECT_EQ(s.online, false);
  EXPECT_EQ(s.reason, Reason::timeout);
  EXPECT_EQ(s.text, "no answer");
}

TEST_F(BlockTest, slowly_moving_floats_cost_less_than_three_bytes_each) {
  Block block{1, {1}, {}};
  for (int t = 0; t < 32; ++t) {
    Samples samples;
    for (int i = 0; i < 1000; ++i) samples.push_back(sample(i, static_cast<float>(20 + i * 0.1 + 5 * std::sin(t / 600.0 + i))));
    block.entries.push_back(
        {std::make_shared<const Record>(made(std::move(samples))), static_cast<uint64_t>(t + 1), {static_cast<uint64_t>(t + 1)}});
  }
  round_trip(block);
  EXPECT_LT(bytes_, 3u * 32'000);
}

TEST_F(BlockTest, another_process_reads_the_names_back) {
  const Block block = block_of({made(Samples{sample(5, 1.5), sample(6, true)})});
  const std::string bytes = encode(block, dictionary_);
  Names later;
  later.tag(later.device("other"), "x");  // ids differ now
  Dictionary dictionary(later);
  for (const Dictionary::Row& row : dictionary_.unsaved()) EXPECT_TRUE(dictionary.load(row));
  const Result<Block> back = decode(bytes, dictionary);
  ASSERT_TRUE(back.ok()) << back.status().what();
  EXPECT_EQ(later.full_name(std::get<Samples>(back->entries[0].record->body)[1].tag), "boiler.t6");
  Dictionary empty(later);
  EXPECT_EQ(decode(bytes, empty).status().fault(), Fault::corrupt);
}

TEST_F(BlockTest, any_flipped_bit_is_found_by_the_checksum) {
  const std::string bytes = encode(block_of({made(Samples{sample(5, 1.5), sample(6, true)})}), dictionary_);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string broken = bytes;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(decode(broken, dictionary_).status().fault(), Fault::corrupt) << bit;
  }
}

// The checksum mended each time, so that what is behind it is reached.
TEST_F(BlockTest, hostile_bytes_with_a_right_checksum_are_refused_or_read_but_harm_nothing) {
  const Alarm alarm{"overheat", false, "high", "text", {{"n", 91.0}}};
  const std::string bytes = encode(
      block_of({made(Samples{sample(5, 1.5), sample(6, Value::text("on")), sample(7, Value())}), made(alarm)}), dictionary_);
  std::mt19937 random(1);
  for (int i = 0; i < 30'000; ++i) {
    std::string broken = bytes;
    for (unsigned n = 1 + random() % 3; n > 0; --n) broken[7 + random() % (broken.size() - 7)] = static_cast<char>(random());
    if (random() % 8 == 0) broken.resize(7 + random() % (broken.size() - 7));
    const uint32_t sum = crc32(std::string_view(broken).substr(7));
    for (size_t b = 0; b < 4; ++b) broken[3 + b] = static_cast<char>(sum >> (8 * b));
    const Result<Block> back = decode(broken, dictionary_);
    EXPECT_TRUE(back.ok() || back.status().fault() == Fault::corrupt);
  }
}

TEST_F(BlockTest, a_tiny_block_that_promises_much_is_refused) {
  std::string body;
  for (const uint64_t number : {1, 0, 65'536}) put_varint(body, number);
  std::string bytes = "FB\x01";
  put_fixed(bytes, crc32(body), 4);
  EXPECT_EQ(decode(bytes + body, dictionary_).status().fault(), Fault::corrupt);
}

TEST(Packed, numbers_of_every_width_come_back) {
  for (int width = 0; width <= 64; ++width) {
    std::vector<uint64_t> numbers;
    for (uint64_t i = 0; i < 77; ++i) numbers.push_back(width == 0 ? 0 : (i * 0x9e3779b97f4a7c15ull) >> (64 - width));
    std::string bytes;
    put_packed(bytes, numbers);
    ByteReader in(bytes);
    EXPECT_EQ(read_packed(in, numbers.size()), numbers) << width;
    EXPECT_TRUE(in.ok() && in.left() == 0) << width;
  }
}

TEST(Columns, the_cheapest_exact_form_is_taken) {
  const auto form = [](std::initializer_list<double> values) {
    std::vector<uint64_t> bits;
    for (const double value : values) bits.push_back(bits_of(Value(value)));
    return choose_form(Value::Kind::float64, bits);
  };
  EXPECT_EQ(form({1, 2, -300}), Form::whole);
  EXPECT_EQ(form({3 * 0.1, 814 * 0.1}), Form::tenths_product);
  EXPECT_EQ(form({81.4, 0.3}), Form::tenths);
  EXPECT_EQ(form({static_cast<double>(0.1f)}), Form::float64_narrow);
  EXPECT_EQ(form({M_PI}), Form::float64);
  EXPECT_EQ(form({-0.0, M_PI}), Form::float64);
  EXPECT_NE(form({-0.0}), Form::whole) << "0 and -0 are not the same bits";
}

TEST(SummaryTest, it_comes_back_and_a_flipped_bit_is_found) {
  Summary summary;
  summary.first = 5;
  summary.last = 9;
  summary.boot = 3;
  summary.records = 4;
  summary.samples = 40;
  summary.sealed_at = nanoseconds(-5);
  summary.shares = {{1, 4, 40}, {9, 1, 2}};
  const std::string bytes = encode(summary);
  const Result<Summary> back = decode_summary(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->last, 9u);
  EXPECT_EQ(back->shares[1].samples, 2u);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string broken = bytes;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_summary(broken).ok()) << bit;
  }
}

}  // namespace
}  // namespace ferrule::outbox
