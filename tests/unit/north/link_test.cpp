// Back-off, the link's states, the pace, topics, reasons, what the operator is told.
#include <gtest/gtest.h>

#include "north/backoff.h"
#include "north/herald.h"
#include "north/link_state.h"
#include "north/mqtt_reason.h"
#include "north/pace.h"
#include "north/state_text.h"
#include "north/suspects.h"
#include "north/topics.h"

namespace ferrule {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime at(Duration since) { return MonoTime(1h + since); }

TEST(Backoff, the_ceiling_doubles_to_its_most_and_the_wait_is_anywhere_below) {
  for (const double chance : {0.0, 0.5, 0.999}) {
    Backoff backoff(500ms, 8s);
    for (const Duration ceiling : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 8000ms}) {
      const Duration wait = backoff.next(Fault::disconnected, chance);
      EXPECT_NEAR(static_cast<double>(wait.count()), static_cast<double>(ceiling.count()) * chance, 1e6);
    }
    backoff.reset();
    EXPECT_LE(backoff.next(Fault::disconnected, chance), 500ms);
  }
}

TEST(Backoff, after_a_refusal_at_most_two_attempts_a_minute) {
  Backoff backoff(500ms, 8s);
  for (const double chance : {0.0, 0.5, 0.999}) {
    EXPECT_GE(backoff.next(Fault::refused, chance), 30s);
    EXPECT_LE(backoff.next(Fault::refused, chance), 40s);
  }
}

TEST(Suspects, a_record_is_convicted_when_it_was_alone_at_the_third_hang_up) {
  Suspects suspects;
  const uint64_t first[] = {1, 2, 3}, second[] = {2, 3, 4}, two[] = {2}, three[] = {3};
  EXPECT_FALSE(suspects.hung_up(first, true, 1ms));
  EXPECT_FALSE(suspects.any_grave());
  EXPECT_FALSE(suspects.hung_up(second, true, 1ms));
  EXPECT_TRUE(suspects.grave(2) && suspects.grave(3));
  EXPECT_FALSE(suspects.grave(1) || suspects.grave(4));
  suspects.answered(2);
  EXPECT_FALSE(suspects.hung_up(two, true, 1ms)) << "it was innocent: its count begins anew";
  EXPECT_TRUE(suspects.hung_up(three, true, 1ms));
  EXPECT_FALSE(suspects.any_grave());
}

TEST(Suspects, a_network_that_breaks_convicts_nobody) {
  const struct {
    const char* because;
    bool alone, proven;
    Duration since_sent;
  } cases[] = {
      {"it was not alone", false, true, 1ms}, {"nothing had come through", true, false, 1ms}, {"it came late", true, true, 6s}};
  for (const auto& of : cases) {
    Suspects suspects;
    const uint64_t positions[] = {1, 2};
    const std::span<const uint64_t> in_flight(positions, of.alone ? 1 : 2);
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(suspects.hung_up(in_flight, of.proven, of.since_sent)) << of.because;
    EXPECT_TRUE(suspects.grave(1)) << of.because;
  }
}

TEST(LinkState, it_connects_at_once_and_after_a_failure_when_the_pause_is_over) {
  LinkState link(MqttSettings{});
  EXPECT_EQ(link.tick(at(0s)), LinkState::Todo::connect);
  EXPECT_EQ(link.tick(at(0s)), LinkState::Todo::nothing);
  link.lost(Fault::disconnected, 0.5, at(1s));
  EXPECT_EQ(link.wake_at(), at(1s));
  EXPECT_EQ(link.tick(at(999ms)), LinkState::Todo::nothing);
  EXPECT_EQ(link.tick(at(1s)), LinkState::Todo::connect);
  link.connected(at(2s));
  EXPECT_TRUE(link.up());
  EXPECT_EQ(link.wake_at(), MonoTime::max());
  EXPECT_EQ(link.tick(at(100h)), LinkState::Todo::nothing);
}

TEST(LinkState, an_attempt_that_nobody_answers_is_given_up) {
  MqttSettings settings;
  settings.connect_timeout = 10s;
  LinkState link(settings);
  EXPECT_EQ(link.tick(at(0s)), LinkState::Todo::connect);
  EXPECT_EQ(link.tick(at(15s)), LinkState::Todo::nothing);
  EXPECT_EQ(link.wake_at(), at(16s));
  EXPECT_EQ(link.tick(at(16s)), LinkState::Todo::give_up);
}

TEST(LinkState, the_pause_counts_from_the_beginning_of_the_attempt) {
  LinkState link(MqttSettings{});
  ASSERT_EQ(link.tick(at(0s)), LinkState::Todo::connect);
  link.lost(Fault::timeout, 1.0, at(7s));  // it has waited long enough
  EXPECT_EQ(link.tick(at(7s)), LinkState::Todo::connect);
  link.lost(Fault::refused, 0, at(8s));
  EXPECT_EQ(link.wake_at(), at(37s));
}

TEST(LinkState, only_a_session_that_lived_starts_the_pauses_anew) {
  LinkState link(MqttSettings{});
  const std::pair<Duration, Duration> lived_and_pause[] = {{0s, 500ms}, {1s, 1s}, {7s, 2s},    {0s, 4s},
                                                           {0s, 8s},    {0s, 8s}, {8s, 500ms}, {0s, 1s}};
  MonoTime now = at(0s);
  for (const auto& [lived, pause] : lived_and_pause) {
    ASSERT_EQ(link.tick(now), LinkState::Todo::connect);
    link.connected(now);
    now += lived;
    link.lost(Fault::disconnected, 1.0, now);
    EXPECT_EQ(link.wake_at(), now + pause);
    now = link.wake_at();
  }
}

TEST(Pace, it_grows_while_answers_are_quick_and_stops_at_its_most) {
  Pace pace(10);
  EXPECT_EQ(pace.limit(), 1u);
  for (int i = 0; i < 100; ++i) pace.acknowledged(5ms, true, at(i * 5ms));
  EXPECT_EQ(pace.limit(), 10u);
}

TEST(Pace, it_does_not_grow_on_the_answers_of_others) {
  Pace pace(10);
  for (int i = 0; i < 100; ++i) pace.acknowledged(5ms, false, at(i * 5ms));
  EXPECT_EQ(pace.limit(), 1u);
}

TEST(Pace, a_round_of_slow_answers_halves_it_and_it_never_falls_below_one) {
  Pace pace(64);
  for (int i = 0; i < 100; ++i) pace.acknowledged(100ms, true, at(i * 100ms));
  ASSERT_EQ(pace.limit(), 64u);
  pace.acknowledged(900ms, true, at(20s));
  EXPECT_EQ(pace.limit(), 32u);
  pace.acknowledged(900ms, true, at(20s + 899ms));  // sent under the old limit
  EXPECT_EQ(pace.limit(), 32u);
  for (int i = 1; i < 40; ++i) pace.acknowledged(900ms, true, at(20s + i * 900ms));
  EXPECT_EQ(pace.limit(), 1u);
}

TEST(Pace, one_slow_answer_among_quick_ones_changes_nothing) {
  Pace pace(64);
  for (int i = 0; i < 1000; ++i) {
    for (int each = 0; each < 5; ++each) pace.acknowledged(each == i % 5 ? 500ms : 50ms, true, at(i * 100ms));
  }
  EXPECT_EQ(pace.limit(), 64u);
}

// A link that carries 10 messages a second with 100 ms of its own: more in flight only queues.
TEST(Pace, on_a_narrow_link_it_settles_near_what_the_link_bears) {
  Pace pace(64);
  double sum = 0;
  MonoTime now = at(0s);
  for (int i = 0; i < 2000; ++i) {
    const Duration latency = std::max<Duration>(100ms, pace.limit() * 100ms);
    now += 100ms;
    pace.acknowledged(latency, true, now);
    if (i >= 1000) sum += pace.limit();
  }
  EXPECT_LT(sum / 1000, 4);
  EXPECT_GE(sum / 1000, 1);
}

TEST(Topics, the_default_layout) {
  Names names;
  Topics topics(UplinkSettings{}, "plant7", names);
  const DeviceId boiler = names.device("boiler");
  EXPECT_EQ(topics.data(boiler), "ferrule/v1/plant7/data/boiler");
  EXPECT_EQ(topics.history(boiler), "ferrule/v1/plant7/history/boiler");
  EXPECT_EQ(topics.event(boiler), "ferrule/v1/plant7/event/boiler");
  EXPECT_EQ(topics.event(DeviceId::none), "ferrule/v1/plant7/event");
  EXPECT_EQ(topics.state(), "ferrule/v1/plant7/state");
  EXPECT_EQ(topics.state(boiler), "ferrule/v1/plant7/state/boiler");
  EXPECT_TRUE(topics.data_per_device());
}

TEST(Topics, history_follows_the_users_topic) {
  Names names;
  UplinkSettings settings;
  settings.topic = "plant/{gateway}/all";
  Topics topics(settings, "g", names);
  EXPECT_EQ(topics.history(names.device("boiler")), "plant/g/all/history");
  EXPECT_FALSE(topics.data_per_device());
  settings.history_topic = "old/{device}/{gateway}";
  EXPECT_EQ(Topics(settings, "g", names).history(names.device("boiler")), "old/boiler/g");
}

TEST(MqttReason, settlements) {
  EXPECT_EQ(settlement_of(0x00), Settlement::delivered);
  EXPECT_EQ(settlement_of(0x10), Settlement::unheard);
  for (const int passing : {0x80, 0x83, 0x91, 0xff}) EXPECT_EQ(settlement_of(passing), Settlement::not_now) << passing;
  for (const int forbidden : {0x87, 0x97}) EXPECT_EQ(settlement_of(forbidden), Settlement::refused) << forbidden;
  for (const int lasting : {0x90, 0x95, 0x99}) EXPECT_EQ(settlement_of(lasting), Settlement::rejected) << lasting;
}

TEST(MqttReason, refusals_of_a_connection) {
  for (const int code : {2, 4, 5, 0x85, 0x86, 0x87, 0x8a, 0x8e, 0x97, 0x9c, 0x9d, 0x9f}) {
    EXPECT_EQ(refusal_of(code).fault(), Fault::refused) << code;
  }
  for (const int code : {1, 3, 0x80, 0x84, 0x88, 0x89, 0xee}) {
    EXPECT_EQ(refusal_of(code).fault(), Fault::disconnected) << code;
  }
  EXPECT_EQ(refusal_of(0x97).what(), "0x97 quota exceeded");
  EXPECT_EQ(refusal_of(0xee).what(), "0xee unknown reason");
}

TEST(Herald, a_problem_is_told_once_until_it_changes_and_the_end_of_it) {
  std::vector<std::string> told;
  Herald herald([&](bool problem, const std::string& text) { told.push_back((problem ? "!" : "ok ") + text); });
  herald.well("connected");
  EXPECT_TRUE(told.empty());
  herald.problem(Fault::disconnected, "a", at(0s));
  herald.problem(Fault::disconnected, "b", at(3h));
  herald.problem(Fault::refused, "c", at(3h));
  herald.well("connected");
  herald.well("connected");
  EXPECT_EQ(told, (std::vector<std::string>{"!a", "!c", "ok connected"}));
}

TEST(Herald, a_link_that_flaps_is_told_once_a_minute) {
  int lines = 0;
  Herald herald([&](bool, const std::string&) { ++lines; });
  for (int second = 0; second < 600; second += 3) {
    herald.problem(Fault::disconnected, "lost", at(second * 1s));
    herald.well("connected");
  }
  EXPECT_LE(lines, 22);
  EXPECT_GE(lines, 18);
}

TEST(StateText, the_will_does_not_claim_a_time) {
  EXPECT_EQ(lost_text("g", 3), R"({"gateway":"g","state":"offline","boot":3,"reason":"lost"})");
  EXPECT_EQ(stopped_text("g", 3, from_unix_ms(5)),
            R"({"gateway":"g","state":"offline","boot":3,"timestamp":5,"reason":"stopped"})");
}

}  // namespace
}  // namespace ferrule
