// Requests of which a unit refuses a part: they are taken apart until the bad register stands alone, and what was learnt stays.
#include "modbus/refusals.h"

#include <gtest/gtest.h>

#include <deque>

#include "modbus/refusals_text.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/scripted_device.h"

namespace ferrule::modbus {

namespace {

using namespace std::chrono_literals;

class Kept final : public LearntStore {
 public:
  std::string load() override { return text; }
  Status store(const std::string& learnt) override {
    text = learnt;
    return {};
  }
  std::string text;
};

// A unit with holding registers, asked as a channel's loop asks it: plan, read, what is asked instead, plan anew.
class Unit {
 public:
  using Refuses = std::function<int(uint32_t start, uint32_t end)>;  // 0: answers; -1: silent; else the exception

  explicit Unit(Refuses refuses, LearntStore* store = nullptr) : refuses_(std::move(refuses)), refusals_(clock, store) {
    device_.fields = Fields(k_modbus_driver.device_fields);
    device_.fields.set("unit_id", int64_t{5});
    channel_ = Fields(k_modbus_driver.channel_fields);
  }
  Fields& fields() { return device_.fields; }
  void tag(const std::string& address, WireType type = WireType::uint16) {
    Point point{*parse_address(address), type};
    wanted_.push_back(*wanted_of(TagId{static_cast<uint32_t>(wanted_.size() + 1)}, point));
  }
  void row(uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) tag("holding:" + std::to_string(first + i));
  }
  Requests plan() const { return *plan_reads(device_, wanted_, read_limits(channel_, device_.fields), refusals_); }

  // One poll; the tags (counted from 0) that were not answered with a value.
  std::vector<size_t> poll() {
    exchanges = 0;
    std::vector<bool> good(wanted_.size());
    const Requests planned = plan();
    std::deque<Request> open(planned.begin(), planned.end());
    while (!open.empty()) {
      const Request request = open.front();
      open.pop_front();
      if (!ask(request, good, open)) break;
    }
    std::vector<size_t> bad;
    for (size_t i = 0; i < good.size(); ++i) {
      if (!good[i]) bad.push_back(i);
    }
    return bad;
  }

  ManualClock clock;
  int exchanges = 0;

 private:
  // False: the unit is taken for silent, which ends the poll.
  bool ask(const Request& request, std::vector<bool>& good, std::deque<Request>& open) {
    ++exchanges;
    clock.advance(10ms);
    const auto& body = static_cast<const ReadBody&>(*request.body);
    const int refusal = refuses_(body.question.address, uint32_t{body.question.address} + body.question.count);
    if (refusal == 0) {
      for (const Cut& cut : body.cuts) good[static_cast<size_t>(cut.tag) - 1] = true;
      refusals_.answered(request);
      return true;
    }
    Refusals::Lesson lesson = refusal < 0 ? refusals_.silent(request) : refusals_.refused(request, static_cast<uint8_t>(refusal));
    open.insert(open.begin(), lesson.instead.begin(), lesson.instead.end());
    return refusal > 0 || lesson.unit_lives;
  }

  Refuses refuses_;
  Refusals refusals_;
  DeviceSettings device_;
  Fields channel_;
  std::vector<Wanted> wanted_;
};

Unit::Refuses bad_register(uint32_t bad, int how = 2) {
  return [=](uint32_t start, uint32_t end) { return start <= bad && bad < end ? how : 0; };
}

using Bad = std::vector<size_t>;

TEST(Refusals, wherever_the_bad_register_is_its_neighbours_are_good_in_the_same_poll) {
  for (uint32_t bad = 0; bad < 100; ++bad) {
    Unit unit(bad_register(100 + bad));
    unit.row(100, 100);
    EXPECT_EQ(unit.poll(), Bad{bad});
    EXPECT_LE(unit.exchanges, 2 * 7 + 1) << "a bisection asks for two halves a level";
    EXPECT_EQ(unit.poll(), Bad{bad});
    EXPECT_LE(unit.exchanges, 2) << "from then on it is read around";
  }
}

TEST(Refusals, a_value_is_never_split) {
  Unit unit(bad_register(105));
  for (int i = 0; i < 10; ++i) unit.tag("holding:" + std::to_string(100 + 2 * i), WireType::float32);
  EXPECT_EQ(unit.poll(), Bad{2});
  for (const Request& request : unit.plan()) {
    const auto& question = static_cast<const ReadBody&>(*request.body).question;
    EXPECT_EQ(question.address % 2, 0);
    EXPECT_EQ(question.count % 2, 0);
  }
}

TEST(Refusals, several_bad_registers_are_all_found_in_one_poll) {
  Unit unit([](uint32_t start, uint32_t end) { return (start <= 107 && 107 < end) || (start <= 150 && 150 < end) ? 3 : 0; });
  unit.row(100, 100);
  EXPECT_EQ(unit.poll(), (Bad{7, 50}));
  EXPECT_EQ(unit.poll(), (Bad{7, 50}));
}

TEST(Refusals, a_gap_that_does_not_exist_is_not_bridged_again) {
  Unit unit(bad_register(102));
  unit.row(100, 2);
  unit.row(104, 2);
  EXPECT_EQ(unit.plan().size(), 1u) << "else this tests nothing";
  EXPECT_EQ(unit.poll(), Bad{});
  EXPECT_EQ(unit.exchanges, 3);
  EXPECT_EQ(unit.poll(), Bad{});
  EXPECT_EQ(unit.exchanges, 2);
}

TEST(Refusals, a_request_that_is_too_long_for_the_device_is_asked_in_halves_from_then_on) {
  Unit unit([](uint32_t start, uint32_t end) { return end - start > 64 ? 3 : 0; });
  unit.row(0, 100);
  EXPECT_EQ(unit.poll(), Bad{});
  EXPECT_EQ(unit.poll(), Bad{});
  EXPECT_EQ(unit.exchanges, 2);
}

TEST(Refusals, a_bad_register_is_tried_again_later_and_is_back_when_it_answers) {
  int how = 2;
  Unit unit([&](uint32_t start, uint32_t end) { return start <= 107 && 107 < end ? how : 0; });
  unit.row(100, 20);
  unit.poll();
  unit.clock.advance(Refusals::kFirstRetry);
  EXPECT_EQ(unit.plan().size(), 3u) << "it is asked for alone";
  EXPECT_EQ(unit.poll(), Bad{7});
  EXPECT_EQ(unit.plan().size(), 2u);
  unit.clock.advance(Refusals::kFirstRetry);
  EXPECT_EQ(unit.plan().size(), 2u) << "the next time is a day later";
  unit.clock.advance(Refusals::kRetry);
  how = 0;
  EXPECT_EQ(unit.poll(), Bad{});
  EXPECT_EQ(unit.poll(), Bad{});
}

TEST(Refusals, a_clock_that_steps_back_does_not_put_off_the_next_try_for_years) {
  Unit unit(bad_register(107));
  unit.row(100, 20);
  unit.poll();
  EXPECT_EQ(unit.plan().size(), 2u);
  unit.clock.step_wall(-Refusals::kRetry * 3650);
  EXPECT_EQ(unit.plan().size(), 3u);
}

TEST(Refusals, what_was_learnt_survives_a_restart) {
  Kept kept;
  for (int start = 0; start < 2; ++start) {
    Unit unit(bad_register(107), &kept);
    unit.row(100, 20);
    EXPECT_EQ(unit.poll(), Bad{7});
    EXPECT_EQ(unit.exchanges <= 2, start == 1);
  }
  for (const std::string text : {"", "rubbish", "refused 300 holding 1 2 2 0", "refused 5 holding 9 8 2 0", "wall 5 attic 3"}) {
    kept.text = text;
    Unit unit(bad_register(107), &kept);
    unit.row(100, 20);
    EXPECT_EQ(unit.poll(), Bad{7}) << text;
  }
}

TEST(Refusals, a_unit_that_refuses_everything_is_not_taken_apart_to_the_last_register) {
  Unit unit([](uint32_t, uint32_t) { return 2; });
  unit.row(0, 125);
  EXPECT_EQ(unit.poll().size(), 125u);
  EXPECT_LE(unit.exchanges, static_cast<int>(3 * Refusals::kMostInVain));
}

TEST(Refusals, a_register_that_makes_the_unit_silent_is_found_while_the_others_answer) {
  for (const int how : {-1, 4}) {
    int turn = 0;
    Unit unit([&](uint32_t start, uint32_t end) { return turn > 0 && start <= 107 && 107 < end ? how : 0; });
    unit.row(100, 16);
    EXPECT_EQ(unit.poll(), Bad{});
    for (turn = 1; turn < 20; ++turn) unit.poll();
    EXPECT_EQ(unit.poll(), Bad{7}) << how;
  }
}

TEST(Refusals, a_unit_that_falls_silent_as_a_whole_teaches_nothing) {
  for (const int how : {-1, 4}) {
    int answer = 0;
    Unit unit([&](uint32_t, uint32_t) { return answer; });
    unit.row(100, 16);
    EXPECT_EQ(unit.poll(), Bad{});
    answer = how;
    for (int turn = 0; turn < 100; ++turn) EXPECT_EQ(unit.poll().size(), 16u);
    EXPECT_EQ(unit.plan().size(), 1u) << how;
    answer = 0;
    EXPECT_EQ(unit.poll(), Bad{});
  }
}

TEST(Refusals, never_read_ranges_and_forbidden_gaps_are_kept) {
  Unit unit(bad_register(65000));
  unit.row(100, 2);
  unit.row(104, 2);
  EXPECT_EQ(unit.plan().size(), 1u);
  unit.fields().set("never_read", Texts{"holding:102-103"});
  EXPECT_EQ(unit.plan().size(), 2u);
  unit.fields().set("never_read", Texts{"input:102-103"});
  EXPECT_EQ(unit.plan().size(), 1u);
  unit.fields().set("max_gap", int64_t{0});
  EXPECT_EQ(unit.plan().size(), 2u);
}

}  // namespace

}  // namespace ferrule::modbus
