// What was read before the clock was set, and clocks that step: the parts of the chain that see wall time, on a clock of the
// test's.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bus/bus.h"
#include "host/power_on.h"
#include "outbox/outbox.h"
#include "tests/fakes/manual_clock.h"

namespace ferrule {
namespace {

using namespace std::chrono_literals;

class ClockTest : public testing::Test {
 protected:
  ClockTest() {
    std::filesystem::create_directories(folder_);
    TagSettings tag;
    tag.id = names.tag(names.device("pump"), "count");
    ChannelSettings channel;
    channel.devices.push_back({names.device("pump"), {}, {}, {tag}});
    bus.configure({channel}, {}, nullptr);
  }
  ~ClockTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Outbox> open() {
    OutboxSettings settings;
    settings.path = folder_ + "/outbox.db";
    std::vector<std::string> notes;
    auto opened = Outbox::open(settings, clock, names, notes);
    EXPECT_TRUE(opened.ok());
    return std::move(*opened);
  }
  RecordPtr read(int64_t number) {
    return bus.take({names.device("pump"),
                     {Sample{.value = number, .read_at = clock.now(), .tag = names.tag(names.device("pump"), "count")}}});
  }

  ManualClock clock;
  Names names;
  TagTable table;
  Bus bus{clock, names, table};
  const std::string folder_ = testing::TempDir() + "/clock." + std::to_string(getpid());
};

TEST_F(ClockTest, steps_of_ten_years_neither_evict_nor_reorder) {
  auto outbox = open();
  const UplinkIndex cloud = outbox->attach("cloud");
  outbox->settle_membership();
  constexpr Duration kTenYears = 24h * 3652;
  uint64_t position = outbox->next_position();
  const uint64_t first = position;
  for (int64_t number = 0; number < 400; ++number) {
    if (number % 50 == 20) clock.step_wall(kTenYears);
    if (number % 50 == 40) clock.step_wall(-kTenYears);
    if (number % 50 == 45) clock.step_wall(-kTenYears);
    if (number % 50 == 49) clock.step_wall(kTenYears);
    RecordPtr record = read(number);
    ASSERT_NE(record, nullptr) << "a poll is lost when the clock steps";
    outbox->append({std::move(record), position++, {static_cast<uint64_t>(number) + 1}, {0}});
    clock.advance(100ms);
    outbox->tick();
  }
  EXPECT_GT(outbox->counters().blocks, 0u);
  EXPECT_TRUE(outbox->take_losses().empty());
  int64_t expected = 0;
  for (auto some = outbox->next(cloud, 100, 1 << 20); !some.empty(); some = outbox->next(cloud, 100, 1 << 20)) {
    for (const Envelope& envelope : some) {
      EXPECT_EQ(envelope.position, first + static_cast<uint64_t>(expected));
      EXPECT_EQ(std::get<Samples>(envelope.record->body).front().value, Value(expected++));
    }
  }
  EXPECT_EQ(expected, 400);
}

TEST_F(ClockTest, what_was_read_before_the_clock_was_set_keeps_its_monotonic_time_through_the_file) {
  clock.step_wall(-(clock.wall() - WallTime(30s)));  // 1970, as a box without a battery says
  uint64_t position = 0;
  const MonoTime read_at = clock.now();
  {
    auto outbox = open();
    outbox->attach("cloud");
    position = outbox->next_position();
    outbox->append({read(1), position, {1}, {0}});
    ASSERT_TRUE(outbox->commit().ok());
  }
  auto outbox = open();
  const auto backlog = outbox->next(outbox->attach("cloud"), 10, 1 << 20);
  ASSERT_EQ(backlog.size(), 1u);
  EXPECT_FALSE(clock_was_set(backlog[0].record->timestamp));
  EXPECT_EQ(backlog[0].record->read_at, read_at) << "from which north computes the right time";
}

TEST_F(ClockTest, boots_since_power_on_are_counted_by_the_kernels_own_boot) {
  const std::string id = folder_ + "/boot_id";
  const auto boots = [&](const char* kernel, uint64_t boot) {
    std::ofstream(id) << kernel << "\n";
    return first_boot_since_power_on(folder_, boot, id);
  };
  EXPECT_EQ(boots("aaaa", 7), 7u);
  EXPECT_EQ(boots("aaaa", 8), 7u);
  EXPECT_EQ(boots("bbbb", 9), 9u) << "the machine was switched off";
  EXPECT_EQ(boots("bbbb", 10), 9u);
  EXPECT_EQ(boots("bbbb", 3), 3u) << "the boot counter was lost";
  EXPECT_EQ(first_boot_since_power_on(folder_, 11, folder_ + "/absent"), 11u);
}

}  // namespace
}  // namespace ferrule
