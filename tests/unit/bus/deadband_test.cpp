// Which samples go on: each sentence of bus.h on that, and a property over random samples.
#include <cmath>
#include <map>
#include <random>

#include "tests/unit/bus/bus_fixture.h"

namespace ferrule {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Deadband : public BusTest {
 protected:
  // Offers each value a second after the one before; "1" for each that went on.
  std::string pattern(const std::vector<Value>& values) {
    std::string out;
    for (const Value& value : values) {
      out += goes_on(good("t", value)) ? '1' : '0';
      clock.advance(seconds(1));
    }
    return out;
  }
};

TEST_F(Deadband, without_one_every_good_sample_goes_on) {
  configure({tag("t")});
  EXPECT_EQ(pattern({int64_t{1}, int64_t{1}, int64_t{1}}), "111");
}

TEST_F(Deadband, decides_by_the_distance_from_the_last_forwarded_value) {
  struct Case {
    double absolute, percent;
    std::vector<Value> values;
    std::string expected;
  };
  const Case cases[] = {
      {1, 0, {0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 2.6}, "1001001"},  // exactly the deadband is not beyond it; no creep
      {1, 0, {int64_t{5}, int64_t{6}, int64_t{7}, int64_t{5}}, "1011"},
      {0, 10, {100.0, 109.0, 110.0, 111.0, 120.0, 123.0}, "100101"},
      {0, 10, {0.0, 0.001, 0.001}, "110"},            // a share of nothing is nothing
      {0, 10, {-100.0, -105.0, -111.0}, "101"},       // of the magnitude
      {50, 1, {100.0, 100.5, 102.0, 103.0}, "1010"},  // beyond either
      {0.5, 0, {true, true, false, false, true}, "10101"},
      {0.5, 0, {Value::text("a"), Value::text("a"), Value::text("b")}, "101"},
      {0.5, 0, {Value::bytes("a"), Value::bytes("a"), Value::bytes("b")}, "101"},
      {5, 0, {int64_t{1}, Value::text("1"), Value::text("1")}, "110"},  // another kind of value is a change
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.expected);
    configure({});
    TagSettings settings = tag("t");
    settings.deadband = c.absolute;
    settings.deadband_percent = c.percent;
    configure({settings});
    EXPECT_EQ(pattern(c.values), c.expected);
  }
}

TEST_F(Deadband, is_in_engineering_units) {
  TagSettings settings = tag("t");
  settings.deadband = 1;
  settings.scale = 0.1;
  configure({settings});
  EXPECT_EQ(pattern({int64_t{0}, int64_t{9}, int64_t{11}}), "101");
}

TEST_F(Deadband, at_least_ends_the_longest_silence) {
  TagSettings settings = tag("t");
  settings.deadband = 100;
  settings.at_least = seconds(3);
  configure({settings});
  EXPECT_EQ(pattern({1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0}), "1001001");
}

TEST_F(Deadband, lets_any_change_of_quality_pass) {
  TagSettings settings = tag("t");
  settings.deadband = 100;
  configure({settings});
  EXPECT_TRUE(goes_on(good("t", 1.0)));
  Sample uncertain = good("t", 1.0);
  uncertain.quality = Quality::uncertain;
  uncertain.reason = Reason::stale;
  EXPECT_TRUE(goes_on(uncertain));
  EXPECT_FALSE(goes_on(uncertain));
  EXPECT_TRUE(goes_on(bad("t", Reason::timeout)));
  EXPECT_TRUE(goes_on(good("t", 1.0)));
  EXPECT_FALSE(goes_on(good("t", 1.0)));
}

TEST_F(Deadband, of_bad_samples_the_first_each_change_of_reason_and_one_a_minute_go_on) {
  configure({tag("t")});
  EXPECT_TRUE(goes_on(bad("t", Reason::timeout)));
  int heartbeats = 0;
  for (int second = 1; second <= 180; ++second) {
    clock.advance(seconds(1));
    const bool on = goes_on(bad("t", Reason::timeout));
    EXPECT_EQ(on, second % 60 == 0) << second;
    heartbeats += on ? 1 : 0;
  }
  EXPECT_EQ(heartbeats, 3);
  EXPECT_TRUE(goes_on(bad("t", Reason::link_down)));
  EXPECT_FALSE(goes_on(bad("t", Reason::link_down)));
  EXPECT_EQ(bus.counters().bad, 183U);
}

TEST_F(Deadband, a_poll_of_which_nothing_goes_on_gives_no_record) {
  TagSettings settings = tag("t");
  settings.deadband = 1;
  configure({settings});
  EXPECT_NE(take({good("t", 1.0)}), nullptr);
  EXPECT_EQ(take({good("t", 1.0)}), nullptr);
  EXPECT_EQ(seen.wanted.size(), 2U);  // the watch sees it all the same
  EXPECT_EQ(table.latest(id("t"))->changes, 2U);
}

TEST_F(Deadband, a_record_that_kept_little_does_not_hold_the_memory_of_its_poll) {
  std::vector<TagSettings> tags;
  Samples samples;
  for (int i = 0; i < 1000; ++i) {
    tags.push_back(tag("t" + std::to_string(i)));
    tags.back().deadband = 1;
  }
  configure(tags);
  for (int i = 0; i < 1000; ++i) samples.push_back(good("t" + std::to_string(i), 0.0));
  take(samples);
  samples[17].value = 5.0;
  const RecordPtr record = take(samples);
  EXPECT_EQ(std::get<Samples>(record->body).size(), 1U);
  EXPECT_LE(std::get<Samples>(record->body).capacity(), 16U);
}

// What a receiver knows of a tag is, after every sample, within the deadband of what was read and of the same quality.
TEST_F(Deadband, property_what_the_receiver_knows_is_never_further_off_than_the_deadband) {
  std::mt19937 random(20260101);
  constexpr int kTags = 20;
  std::vector<TagSettings> tags;
  for (int i = 0; i < kTags; ++i) {
    TagSettings settings = tag("t" + std::to_string(i));
    settings.deadband = i % 3 == 0 ? 0 : 0.25 * i;
    settings.deadband_percent = i % 5 == 0 ? 2.0 * i : 0;
    settings.at_least = i % 2 == 0 ? seconds(7) : seconds(0);
    tags.push_back(settings);
  }
  configure(tags);
  std::map<TagId, Sample> known;
  uint64_t forwarded_count = 0;
  uint64_t offered = 0;
  for (int poll = 0; poll < 20000; ++poll) {
    clock.advance(milliseconds(random() % 2000));
    Samples samples;
    for (int i = 0; i < kTags; ++i) {
      if (random() % 4 == 0) continue;
      const std::string name = "t" + std::to_string(i);
      if (random() % 20 == 0) {
        samples.push_back(bad(name, random() % 2 == 0 ? Reason::timeout : Reason::bad_reply));
      } else {
        samples.push_back(good(name, static_cast<double>(static_cast<int>(random() % 200)) / 10 - 10));
      }
    }
    if (random() % 50 == 0) samples.push_back(good("stranger", 1.0));
    if (samples.empty()) continue;
    offered += samples.size();
    const RecordPtr record = take(samples);
    if (record != nullptr) {
      forwarded_count += sample_count(*record);
      EXPECT_EQ(record->read_at, std::get<Samples>(record->body).front().read_at);
      for (const Sample& sample : std::get<Samples>(record->body)) known[sample.tag] = sample;
    }
    for (const Sample& sample : samples) {
      if (sample.tag == id("stranger")) continue;
      const TagSettings& settings = tags[index_of(sample.tag) - index_of(tags[0].id)];
      const Sample& told = known.at(sample.tag);
      ASSERT_EQ(told.quality, sample.quality);
      ASSERT_EQ(told.reason, sample.reason);
      if (sample.quality == Quality::bad) {
        ASSERT_LT(sample.read_at - told.read_at, kBadHeartbeat);
        continue;
      }
      const double off = std::fabs(*told.value.number() - *sample.value.number());
      if (settings.deadband == 0 && settings.deadband_percent == 0) {
        ASSERT_EQ(off, 0);
      }

      if (settings.deadband > 0) {
        ASSERT_LE(off, settings.deadband);
      }
      if (settings.deadband_percent > 0) {
        ASSERT_LE(off, settings.deadband_percent / 100 * std::fabs(*told.value.number()) + 1e-12);
      }
      if (settings.at_least > Duration::zero() && (settings.deadband > 0 || settings.deadband_percent > 0)) {
        ASSERT_LT(sample.read_at - told.read_at, settings.at_least);
      }
    }
  }
  const BusCounters counters = bus.counters();
  EXPECT_EQ(counters.read, offered);
  EXPECT_EQ(counters.forwarded, forwarded_count);
  EXPECT_EQ(counters.read, counters.forwarded + counters.suppressed);
  EXPECT_GT(counters.suppressed, 1000U);
  EXPECT_FALSE(table.latest(id("stranger")).has_value());
}

}  // namespace
}  // namespace ferrule
