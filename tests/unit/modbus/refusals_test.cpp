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
    ++times;
    text = learnt;
    return {};
  }
  std::string text;
  int times = 0;
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
    const size_t begin = begin_with_;
    begin_with_ = 0;
    for (size_t i = 0; i < planned.size(); ++i) {
      const size_t index = (begin + i) % planned.size();
      if (ask_whole(planned[index], good)) continue;
      begin_with_ = ++timeouts_ % 2 == 0 ? index + 1 : index;
      break;
    }
    std::vector<size_t> bad;
    for (size_t i = 0; i < good.size(); ++i) {
      if (!good[i]) bad.push_back(i);
    }
    return bad;
  }

  // Something else that is not of this group.
  void answers(const Question& question) {
    clock.advance(10ms);
    refusals_.answered(make_read({}, question, {}, {}));
  }

  ManualClock clock;
  int exchanges = 0;
  bool replan = false;  // said of the last answer

 private:
  // False: the unit is taken for silent, which ends the poll.
  bool ask_whole(const Request& request, std::vector<bool>& good) {
    if (refusals_.set_aside(request)) return true;
    std::deque<Request> open{request};
    while (!open.empty()) {
      const Request next = open.front();
      open.pop_front();
      if (!ask(next, good, open)) return false;
    }
    return true;
  }
  bool ask(const Request& request, std::vector<bool>& good, std::deque<Request>& open) {
    ++exchanges;
    clock.advance(10ms);
    const auto& body = static_cast<const ReadBody&>(*request.body);
    const int refusal = refuses_(body.question.address, uint32_t{body.question.address} + body.question.count);
    if (refusal >= 0) timeouts_ = 0;
    if (refusal == 0) {
      for (const Cut cut : body.cuts) good[static_cast<size_t>(cut.tag) - 1] = true;
      replan = refusals_.answered(request).replan;
      return true;
    }
    Refusals::Lesson lesson = refusal < 0 ? refusals_.silent(request) : refusals_.refused(request, static_cast<uint8_t>(refusal));
    open.insert(open.begin(), lesson.instead.begin(), lesson.instead.end());
    return refusal > 0 || lesson.unit_lives;
  }

  size_t begin_with_ = 0;
  int timeouts_ = 0;
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

// ---- silence about one request only

// Silent about 1000 and beyond; `polls` polls, and how many of them read what is below.
size_t polls_that_read_the_others(Unit& unit, size_t others, int polls) {
  size_t read = 0;
  for (int i = 0; i < polls; ++i) {
    const Bad bad = unit.poll();
    read += bad.empty() || bad.front() >= others ? 1 : 0;
  }
  return read;
}

TEST(Refusals, a_request_that_alone_is_silent_is_set_aside_and_tried_again_later) {
  for (const uint32_t width : {1U, 20U}) {
    for (const int how : {-1, 4, 11}) {
      int now = how;
      Unit unit([&](uint32_t, uint32_t end) { return end > 1000 ? now : 0; });
      unit.row(0, 10);
      unit.row(1000, width);
      EXPECT_GE(polls_that_read_the_others(unit, 10, 40), 36U) << width << ' ' << how;
      EXPECT_EQ(unit.plan().size(), 1U);
      unit.clock.advance(Refusals::kSilentRetry);
      EXPECT_GE(polls_that_read_the_others(unit, 10, 1), 1U);
      EXPECT_GE(unit.exchanges, 2) << "it was tried";
      unit.poll();
      EXPECT_EQ(unit.exchanges, 1) << "and not again so soon";
      now = 0;
      unit.clock.advance(Refusals::kFirstRetry);
      EXPECT_EQ(unit.poll(), Bad{});
      EXPECT_EQ(unit.poll(), Bad{});
    }
  }
}

TEST(Refusals, a_group_that_alone_is_silent_costs_nothing_while_the_unit_answers_another) {
  bool mute = true;
  Unit unit([&](uint32_t, uint32_t end) { return mute && end > 1000 ? -1 : 0; });
  unit.row(1000, 3);
  const auto another_group = [&] { unit.answers({.unit = 5, .function = Function::read_holding, .address = 0, .count = 1}); };
  for (int i = 0; i < 10; ++i) unit.poll(), another_group();
  EXPECT_EQ(unit.poll().size(), 3U);
  EXPECT_EQ(unit.exchanges, 0);
  mute = false;
  unit.clock.advance(Refusals::kSilentRetry);
  another_group();
  unit.poll();
  EXPECT_EQ(unit.poll(), Bad{});
  mute = true;
  for (int i = 0; i < 10; ++i) unit.poll(), another_group();
  unit.clock.advance(Refusals::kShortly + 1s);
  unit.poll();
  EXPECT_EQ(unit.exchanges, 1) << "nothing else tells whether the unit lives";
}

TEST(Refusals, outages_of_a_few_polls_leave_the_plan_as_it_is) {
  Kept kept;
  for (const int how : {-1, 4, 11}) {
    int left = 0;  // exchanges until the outage is over
    Unit unit([&](uint32_t, uint32_t) { return left > 0 ? (--left, how) : 0; }, &kept);
    unit.row(0, 100);
    for (int outage = 0; outage < 20; ++outage) {
      left = outage % 2 + 2;  // it is over before the first part, or between two
      for (int i = 0; i < 20; ++i) unit.poll();
    }
    EXPECT_EQ(unit.poll(), Bad{});
    unit.clock.advance(Refusals::kFirstRetry);
    unit.poll();
    EXPECT_EQ(unit.plan().size(), 1U) << how;
    EXPECT_EQ(kept.text, "") << how;
  }
}

TEST(Refusals, a_unit_that_is_silent_when_asked_for_too_much_is_asked_for_less_from_then_on) {
  bool can = true;
  Unit unit([&](uint32_t start, uint32_t end) { return !can && end - start > 64 ? -1 : 0; });
  unit.row(0, 100);
  unit.poll();
  can = false;
  for (int i = 0; i < 6; ++i) unit.poll();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(unit.poll(), Bad{});
    EXPECT_EQ(unit.exchanges, 2);
  }
  can = true;
  unit.clock.advance(Refusals::kRetry);
  unit.poll();
  EXPECT_EQ(unit.poll(), Bad{});
  EXPECT_EQ(unit.exchanges, 1) << "walls are not for ever";
}

// ---- a group of which everything is refused

TEST(Refusals, of_a_group_that_is_refused_as_a_whole_one_value_is_asked_for_in_each_poll) {
  Kept kept;
  bool there = false;
  Unit unit([&](uint32_t, uint32_t) { return there ? 0 : 2; }, &kept);
  unit.row(0, 60);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(unit.poll().size(), 60U);
  const int times = kept.times;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(unit.poll().size(), 60U);
    EXPECT_EQ(unit.exchanges, 1);
  }
  EXPECT_EQ(kept.times, times) << "nothing new was learnt";
  unit.clock.advance(Refusals::kFirstRetry);
  int most = 0, all = 0;
  for (int i = 0; i < 20; ++i) unit.poll(), most = std::max(most, unit.exchanges), all += unit.exchanges;
  EXPECT_LE(most, 9) << "not all in the same poll";
  EXPECT_GE(all, 60 + 12);
  there = true;
  for (int i = 0; i < 20; ++i) unit.poll();
  EXPECT_EQ(unit.poll(), Bad{}) << "one answer, and the others are tried";
  EXPECT_EQ(unit.exchanges, 1);
}

// ---- what was learnt and has become void

TEST(Refusals, what_no_tag_asks_for_any_more_changes_no_plan) {
  Kept kept;
  kept.text = "refused 5 holding 500 501 2 0\n";
  Unit unit(bad_register(107), &kept);
  unit.row(100, 20);
  for (int i = 0; i < 3; ++i) unit.poll();
  EXPECT_FALSE(unit.replan);
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
