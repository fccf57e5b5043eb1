// Records, the watch, configuration and staleness.
#include "tests/unit/bus/bus_fixture.h"

namespace ferrule {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(BusTest, a_record_is_stamped_with_the_time_of_its_first_sample) {
  configure({tag("a"), tag("b")});
  Sample a = good("a", 1.0);
  const MonoTime read_at = clock.now();
  const WallTime wall = clock.wall();
  clock.advance(milliseconds(300));
  Sample b = good("b", 1.0);
  clock.advance(milliseconds(200));
  const RecordPtr record = take({a, b});
  EXPECT_EQ(record->device, names.device("boiler"));
  EXPECT_EQ(record->read_at, read_at);
  EXPECT_EQ(record->timestamp, wall);
  EXPECT_EQ(table.latest(id("b"))->timestamp, wall + milliseconds(300));
}

TEST_F(BusTest, a_step_of_the_wall_clock_moves_no_reading) {
  configure({tag("a")});
  const Sample a = good("a", 1.0);
  clock.step_wall(hours(24 * 3650));
  const RecordPtr record = take({a});
  EXPECT_EQ(record->read_at, a.read_at);
  EXPECT_EQ(record->timestamp, clock.wall());
}

TEST_F(BusTest, unknown_tags_are_dropped_and_counted_as_suppressed) {
  configure({tag("a")});
  const RecordPtr record = take({good("x", 1.0), good("a", 2.0), good("y", 3.0)});
  ASSERT_EQ(sample_count(*record), 1U);
  EXPECT_EQ(std::get<Samples>(record->body)[0].tag, id("a"));
  EXPECT_EQ(seen.polls.at(0).size(), 1U);
  EXPECT_EQ(bus.counters().read, 3U);
  EXPECT_EQ(bus.counters().suppressed, 2U);
  EXPECT_EQ(take({good("x", 1.0)}), nullptr);
}

TEST_F(BusTest, a_known_tag_that_was_not_configured_is_unknown_whatever_its_number) {
  const TagId far = id("far_away");
  configure({});
  EXPECT_EQ(take({Sample{1.0, clock.now(), far}, Sample{1.0, clock.now(), TagId::none}}), nullptr);
  EXPECT_EQ(bus.counters().suppressed, 2U);
}

TEST_F(BusTest, the_watch_sees_scaled_samples_of_the_tags_that_it_wants_in_order) {
  TagSettings scaled = tag("a");
  scaled.scale = 2;
  seen.unwanted = id("b");
  configure({scaled, tag("b"), tag("c")});
  take({good("c", 1.0), good("b", 1.0), good("a", 1.0)});
  ASSERT_EQ(seen.wanted.size(), 2U);
  EXPECT_EQ(seen.wanted[0].tag, id("c"));
  EXPECT_EQ(seen.wanted[1].value, Value(2.0));
  EXPECT_EQ(seen.polls.at(0).size(), 3U);
}

TEST_F(BusTest, the_latest_value_is_there_before_the_watch_sees_the_sample) {
  class Checks : public Bus::Watch {
   public:
    explicit Checks(const TagTable& latest) : table_(latest) {}
    bool wants(TagId /*tag*/) const override { return true; }
    void sample(const Sample& sample) override { EXPECT_EQ(table_.latest(sample.tag)->sample.value, sample.value); }

   private:
    const TagTable& table_;
  } checks(table);
  DeviceSettings device;
  device.tags = {tag("a")};
  ChannelSettings channel;
  channel.devices = {device};
  bus.configure({channel}, {}, &checks);
  take({good("a", 4.0)});
}

TEST_F(BusTest, a_tag_that_a_rule_sets_is_known_with_default_settings) {
  RuleSettings rule;
  rule.set = id("power", "plant");
  rules = {rule};
  configure({});
  const RecordPtr record = bus.take({names.device("plant"), {Sample{3.5, clock.now(), rule.set}}});
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(std::get<Samples>(record->body)[0].value, Value(3.5));
}

TEST_F(BusTest, a_bus_without_a_watch_works) {
  DeviceSettings device;
  device.tags = {tag("a")};
  ChannelSettings channel;
  channel.devices = {device};
  bus.configure({channel}, {}, nullptr);
  EXPECT_TRUE(goes_on(good("a", 1.0)));
}

TEST_F(BusTest, a_configured_tag_is_not_read_yet_until_its_first_poll) {
  configure({tag("a")});
  EXPECT_EQ(table.latest(id("a"))->sample.reason, Reason::not_read_yet);
  EXPECT_EQ(table.latest(id("a"))->sample.quality, Quality::bad);
}

TEST_F(BusTest, a_reload_keeps_the_state_of_tags_with_unchanged_settings_only) {
  TagSettings a = tag("a");
  a.deadband = 10;
  TagSettings b = tag("b");
  b.deadband = 10;
  configure({a, b});
  take({good("a", 1.0), good("b", 1.0)});
  b.deadband = 20;
  configure({a, b});
  EXPECT_FALSE(goes_on(good("a", 2.0)));
  EXPECT_TRUE(goes_on(good("b", 2.0)));
  EXPECT_EQ(table.latest(id("b"))->changes, 2U);  // the latest value survived, too
}

TEST_F(BusTest, a_reload_forgets_removed_tags) {
  configure({tag("a"), tag("b")});
  take({good("a", 1.0), good("b", 1.0)});
  configure({tag("b")});
  EXPECT_FALSE(table.latest(id("a")).has_value());
  EXPECT_FALSE(goes_on(good("a", 1.0)));
  configure({tag("a"), tag("b")});
  EXPECT_EQ(table.latest(id("a"))->sample.reason, Reason::not_read_yet);
}

class Stale : public BusTest {
 protected:
  TagSettings perishing(const std::string& name, Duration after = seconds(3)) {
    TagSettings settings = tag(name);
    settings.deadband = 100;
    settings.stale_after = after;
    return settings;
  }
  std::vector<RecordPtr> expire() {
    std::vector<RecordPtr> out;
    next = bus.expire(clock.now(), out);
    return out;
  }
  MonoTime next;
};

TEST_F(Stale, a_tag_without_a_fresh_reading_is_uncertain_with_its_last_value_once) {
  configure({perishing("a"), tag("b")});
  take({good("a", 7.0), good("b", 1.0)});
  EXPECT_TRUE(expire().empty());
  EXPECT_EQ(next, clock.now() + seconds(3));
  clock.advance(seconds(3));
  const auto records = expire();
  ASSERT_EQ(records.size(), 1U);
  const Sample& sample = std::get<Samples>(records[0]->body).at(0);
  EXPECT_EQ(sample.tag, id("a"));
  EXPECT_EQ(sample.value, Value(7.0));
  EXPECT_EQ(sample.quality, Quality::uncertain);
  EXPECT_EQ(sample.reason, Reason::stale);
  EXPECT_EQ(sample.read_at, clock.now());
  EXPECT_EQ(records[0]->timestamp, clock.wall());
  EXPECT_EQ(table.latest(id("a"))->sample.reason, Reason::stale);
  EXPECT_EQ(seen.wanted.back().reason, Reason::stale);
  clock.advance(seconds(30));
  EXPECT_TRUE(expire().empty());
  EXPECT_EQ(bus.counters().read, bus.counters().forwarded + bus.counters().suppressed);
}

TEST_F(Stale, a_new_reading_ends_it_and_goes_on_in_spite_of_the_deadband) {
  configure({perishing("a")});
  take({good("a", 7.0)});
  clock.advance(seconds(4));
  EXPECT_EQ(expire().size(), 1U);
  EXPECT_TRUE(goes_on(good("a", 7.0)));
  clock.advance(seconds(4));
  EXPECT_EQ(expire().size(), 1U);
}

TEST_F(Stale, a_suppressed_reading_is_a_fresh_one) {
  configure({perishing("a")});
  take({good("a", 7.0)});
  clock.advance(seconds(2));
  EXPECT_FALSE(goes_on(good("a", 7.0)));
  clock.advance(seconds(2));
  EXPECT_TRUE(expire().empty());
}

TEST_F(Stale, neither_an_unread_nor_a_bad_tag_goes_stale) {
  configure({perishing("unread"), perishing("failed")});
  take({bad("failed", Reason::timeout)});
  clock.advance(hours(1));
  EXPECT_TRUE(expire().empty());
}

TEST_F(Stale, a_caller_that_comes_when_asked_finds_every_tag_in_time) {
  configure({perishing("a", seconds(5)), perishing("b", milliseconds(700))});
  expire();
  take({good("a", 1.0), good("b", 1.0)});
  const MonoTime start = clock.now();
  std::vector<Duration> found;
  while (found.size() < 2) {
    ASSERT_LT(next - start, seconds(6));
    clock.set(next);
    for (const auto& record : expire()) found.push_back(record->read_at - start);
  }
  EXPECT_LE(found[0], milliseconds(700) + kStaleGrain);
  EXPECT_LE(found[1], seconds(5) + kStaleGrain);
}

TEST_F(Stale, there_is_a_record_for_each_device) {
  std::vector<ChannelSettings> channels(1);
  for (const std::string name : {"one", "two"}) {
    DeviceSettings device;
    device.id = names.device(name);
    for (const std::string t : {"a", "b"}) {
      TagSettings settings;
      settings.id = id(t, name);
      settings.stale_after = seconds(1);
      device.tags.push_back(settings);
    }
    channels[0].devices.push_back(device);
  }
  bus.configure(channels, {}, nullptr);
  for (const auto& device : channels[0].devices) {
    Poll poll{device.id, {}};
    for (const auto& settings : device.tags) poll.samples.push_back({1.0, clock.now(), settings.id});
    bus.take(std::move(poll));
  }
  clock.advance(seconds(1));
  const auto records = expire();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0]->device, names.device("one"));
  EXPECT_EQ(records[1]->device, names.device("two"));
  EXPECT_EQ(sample_count(*records[1]), 2U);
}

TEST_F(Stale, a_bus_where_nothing_can_go_stale_wants_no_call) {
  configure({tag("a")});
  expire();
  EXPECT_EQ(next, MonoTime::max());
}

}  // namespace
}  // namespace ferrule
