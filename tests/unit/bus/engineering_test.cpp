// Raw value -> engineering value, limits, labels and bits: each sentence of bus.h on that.
#include <cmath>
#include <functional>
#include <limits>

#include "tests/unit/bus/bus_fixture.h"

namespace ferrule {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Case {
  std::string name;
  std::function<void(TagSettings&)> settings;
  Value raw;
  Value expected;  // none: bad
  Quality quality = Quality::good;
  Reason reason = Reason::none;
};

TagSettings& with_labels(TagSettings& tag) {
  tag.labels = {{2, "manual"}, {0, "off"}, {1, "auto"}};
  return tag;
}

const Case kCases[] = {
    {"the type stays without scale and offset", [](auto&) {}, int64_t{7}, int64_t{7}},
    {"so does that of a float", [](auto&) {}, 1.5F, 1.5F},
    {"a scale makes a float64", [](auto& t) { t.scale = 0.5; }, int64_t{7}, 3.5},
    {"an offset makes a float64", [](auto& t) { t.offset = -40; }, uint64_t{50}, 10.0},
    {"scale comes before offset", [](auto& t) { t.scale = 2, t.offset = 1; }, int64_t{10}, 21.0},
    {"booleans are not scaled", [](auto& t) { t.scale = 2; }, true, true},
    {"text is not scaled", [](auto& t) { t.scale = 2; }, Value::text("x"), Value::text("x")},
    {"an invalid raw value is bad",
     [](auto& t) {
       t.invalid = {5, 99};
     },
     int64_t{99},
     {},
     Quality::bad,
     Reason::out_of_range},
    {"invalid is compared before the scale", [](auto& t) { t.invalid = {10}, t.scale = 2; }, int64_t{5}, 10.0},
    {"invalid names the bits of 16",
     [](auto& t) { t.invalid = {0x8000}; },
     int64_t{-32768},
     {},
     Quality::bad,
     Reason::out_of_range},
    {"invalid names the bits of 32",
     [](auto& t) { t.invalid = {0xffffffff}; },
     int64_t{-1},
     {},
     Quality::bad,
     Reason::out_of_range},
    {"invalid leaves other negatives alone", [](auto& t) { t.invalid = {0x8000}; }, int64_t{-1}, int64_t{-1}},
    {"invalid of an unsigned", [](auto& t) { t.invalid = {0xffff}; }, uint64_t{0xffff}, {}, Quality::bad, Reason::out_of_range},
    {"minus one is not the greatest unsigned", [](auto& t) { t.invalid = {-1}; }, ~uint64_t{0}, ~uint64_t{0}},
    {"invalid of a float", [](auto& t) { t.invalid = {-9999}; }, -9999.0F, {}, Quality::bad, Reason::out_of_range},
    {"NaN", [](auto&) {}, std::nan(""), {}, Quality::bad, Reason::not_a_number},
    {"NaN, scaled", [](auto& t) { t.scale = 0; }, std::nan(""), {}, Quality::bad, Reason::not_a_number},
    {"infinity", [](auto&) {}, kInfinity, {}, Quality::bad, Reason::not_a_number},
    {"infinity in single precision",
     [](auto&) {},
     -std::numeric_limits<float>::infinity(),
     {},
     Quality::bad,
     Reason::not_a_number},
    {"a scale that overflows", [](auto& t) { t.scale = 1e300; }, 1e300, {}, Quality::bad, Reason::not_a_number},
    {"NaN is not out of range",
     [](auto& t) {
       t.valid = {0, 1};
     },
     std::nan(""),
     {},
     Quality::bad,
     Reason::not_a_number},
    {"valid includes its ends",
     [](auto& t) {
       t.valid = {-40, 200};
     },
     int64_t{200}, int64_t{200}},
    {"its lower end, too",
     [](auto& t) {
       t.valid = {-40, 200};
     },
     -40.0, -40.0},
    {"above valid",
     [](auto& t) {
       t.valid = {-40, 200};
     },
     200.1,
     {},
     Quality::bad,
     Reason::out_of_range},
    {"below valid",
     [](auto& t) {
       t.valid = {-40, 200};
     },
     int64_t{-41},
     {},
     Quality::bad,
     Reason::out_of_range},
    {"valid is in engineering units",
     [](auto& t) {
       t.valid = {0, 10}, t.scale = 0.1;
     },
     int64_t{99}, 99 * 0.1},
    {"a label", [](auto& t) { with_labels(t); }, int64_t{1}, Value::text("auto")},
    {"a label of a boolean", [](auto& t) { with_labels(t); }, false, Value::text("off")},
    {"a label of the scaled number", [](auto& t) { with_labels(t).scale = 0.1; }, int64_t{20}, Value::text("manual")},
    {"an unknown number stays one", [](auto& t) { with_labels(t); }, int64_t{3}, int64_t{3}, Quality::uncertain,
     Reason::out_of_range},
    {"text needs no label", [](auto& t) { with_labels(t); }, Value::text("x"), Value::text("x")},
    {"good without a value", [](auto&) {}, Value(), {}, Quality::bad, Reason::bad_reply},
};

class Engineering : public BusTest {};

TEST_F(Engineering, each_raw_value_becomes_what_the_header_says) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    TagSettings settings = tag("t");
    c.settings(settings);
    configure({settings});
    seen.polls.clear();
    take({good("t", c.raw)});
    ASSERT_EQ(seen.polls.size(), 1U);
    const Sample& got = seen.polls[0].at(0);
    EXPECT_EQ(got.value, c.expected) << to_text(got.value);
    EXPECT_EQ(got.quality, c.quality);
    EXPECT_EQ(got.reason, c.reason);
    EXPECT_EQ(table.latest(id("t"))->sample.value, c.expected);
  }
}

TEST_F(Engineering, a_bad_sample_keeps_its_reason_and_detail_and_loses_its_value) {
  configure({tag("t")});
  Sample sample = bad("t", Reason::device_refused);
  sample.value = int64_t{4};
  sample.detail = 2;
  const Samples out = forwarded(sample);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_TRUE(out[0].value.empty());
  EXPECT_EQ(out[0].reason, Reason::device_refused);
  EXPECT_EQ(out[0].detail, 2);
}

TEST_F(Engineering, an_uncertain_sample_is_scaled_and_stays_uncertain) {
  TagSettings settings = tag("t");
  settings.scale = 10;
  configure({settings});
  Sample sample = good("t", int64_t{4});
  sample.quality = Quality::uncertain;
  sample.reason = Reason::stale;
  const Samples out = forwarded(sample);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].value, Value(40.0));
  EXPECT_EQ(out[0].quality, Quality::uncertain);
  EXPECT_EQ(out[0].reason, Reason::stale);
}

class Bits : public BusTest {
 protected:
  TagSettings status() {
    TagSettings settings = tag("status");
    settings.bits = {{0, id("running")}, {3, id("fault")}, {63, id("top")}};
    return settings;
  }
};

TEST_F(Bits, each_named_bit_is_a_boolean_sample_after_the_samples_of_the_poll) {
  configure({status(), tag("other")});
  const RecordPtr record = take({good("status", uint64_t{8}), good("other", int64_t{1})});
  const auto& samples = std::get<Samples>(record->body);
  ASSERT_EQ(samples.size(), 5U);
  EXPECT_EQ(samples[0].value, Value(uint64_t{8}));
  EXPECT_EQ(samples[1].tag, id("other"));
  EXPECT_EQ(samples[2].tag, id("running"));
  EXPECT_EQ(samples[2].value, Value(false));
  EXPECT_EQ(samples[3].tag, id("fault"));
  EXPECT_EQ(samples[3].value, Value(true));
  EXPECT_EQ(table.latest(id("fault"))->sample.value, Value(true));
  EXPECT_EQ(bus.counters().read, 5U);
}

TEST_F(Bits, are_of_the_raw_value_not_of_the_scaled_one) {
  TagSettings settings = status();
  settings.scale = 0.5;
  configure({settings});
  const Samples out = forwarded(good("status", int64_t{1}));
  EXPECT_EQ(out.at(0).value, Value(0.5));
  EXPECT_EQ(out.at(1).value, Value(true));
}

TEST_F(Bits, of_a_negative_number_are_those_of_its_pattern) {
  configure({status()});
  const Samples out = forwarded(good("status", int64_t{-1}));
  EXPECT_EQ(out.at(2).value, Value(true));
  EXPECT_EQ(out.at(3).value, Value(true));
}

TEST_F(Bits, of_a_bad_sample_are_bad_with_its_reason) {
  TagSettings settings = status();
  settings.invalid = {9};
  configure({settings});
  for (const Sample& sample : forwarded(bad("status", Reason::timeout))) {
    EXPECT_EQ(sample.quality, Quality::bad);
    EXPECT_EQ(sample.reason, Reason::timeout);
  }
  const Samples out = forwarded(good("status", int64_t{9}));
  ASSERT_EQ(out.size(), 4U);
  for (const Sample& sample : out) {
    EXPECT_TRUE(sample.value.empty());
    EXPECT_EQ(sample.reason, Reason::out_of_range);
  }
}

TEST_F(Bits, of_a_fraction_are_bad) {
  configure({status()});
  const Samples out = forwarded(good("status", 1.5));
  EXPECT_EQ(out.at(0).quality, Quality::good);
  EXPECT_EQ(out.at(1).quality, Quality::bad);
}

TEST_F(Bits, with_an_unknown_label_stay_good) {
  TagSettings settings = status();
  settings.labels = {{0, "off"}};
  configure({settings});
  const Samples out = forwarded(good("status", int64_t{1}));
  EXPECT_EQ(out.at(0).quality, Quality::uncertain);
  EXPECT_EQ(out.at(1).quality, Quality::good);
}

TEST_F(Bits, of_a_tag_with_a_deadband_go_on_when_they_change) {
  TagSettings settings = status();
  settings.deadband = 100;
  configure({settings});
  EXPECT_EQ(forwarded(good("status", int64_t{0})).size(), 4U);
  EXPECT_EQ(forwarded(good("status", int64_t{0})).size(), 0U);
  const Samples out = forwarded(good("status", int64_t{8}));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].tag, id("fault"));
}

}  // namespace
}  // namespace ferrule
