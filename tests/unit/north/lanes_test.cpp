#include "north/lanes.h"

#include "tests/unit/north/lanes_bench.h"

namespace ferrule {
namespace {

using namespace std::chrono_literals;

class LanesTest : public LanesBench {};

TEST_F(LanesTest, a_live_record_goes_at_once_to_the_data_topic_and_is_settled_by_its_acknowledgement) {
  connect();
  ASSERT_TRUE(offer(record(1)));
  pump();
  EXPECT_EQ(uplink.take(), Lines{"d/a 1"});
  EXPECT_TRUE(backlog.settled_positions.empty());
  settle("1");
  EXPECT_EQ(backlog.settled_positions, Positions{101});
  EXPECT_EQ(lanes().counts().samples_settled, 2u);
}

TEST_F(LanesTest, nothing_is_taken_live_without_a_session_or_from_before_it) {
  lanes();
  EXPECT_FALSE(offer(record(1)));
  connect();
  EXPECT_FALSE(offer(record(2, "a", 1ms)));
  EXPECT_TRUE(offer(record(3)));
  lanes().lost(Fault::timeout, clock.now());
  EXPECT_FALSE(offer(record(4)));
}

TEST_F(LanesTest, the_gate_refuses_the_record_that_does_not_fit_the_queue_and_takes_again_when_there_is_room) {
  connect();
  uint64_t seq = 0;
  while (offer(record(seq + 1))) ++seq;
  EXPECT_EQ(seq, LiveGate::kMostRecords);
  pump();
  settle("1");
  EXPECT_TRUE(offer(record(seq + 1)));
}

TEST_F(LanesTest, the_gate_counts_samples_too) {
  connect();
  Record big{.device = names.device("a"), .read_at = clock.now(), .timestamp = {}, .body = Samples(100'000)};
  int taken = 0;
  while (taken < 100 && gate.take(big) != 0) ++taken;
  EXPECT_EQ(taken, static_cast<int>(LiveGate::kMostBytes / (sizeof(Record) + 100'000 * sizeof(Sample))));
}

TEST_F(LanesTest, no_more_than_the_window_is_in_flight_and_an_answer_makes_room) {
  connect();
  for (uint64_t seq = 1; seq <= 20; ++seq) ASSERT_TRUE(offer(record(seq)));
  pump();
  EXPECT_EQ(uplink.take().size(), 8u);
  settle("3");
  EXPECT_EQ(uplink.take(), Lines{"d/a 9"});
}

TEST_F(LanesTest, the_brokers_own_limit_narrows_the_window) {
  connect({.in_flight = 2});
  for (uint64_t seq = 1; seq <= 5; ++seq) ASSERT_TRUE(offer(record(seq)));
  pump();
  EXPECT_EQ(uplink.take().size(), 2u);
}

TEST_F(LanesTest, backlog_is_historical_and_goes_to_its_own_topic) {
  connect();
  EXPECT_EQ(backlog.requests, 1);
  answer_backlog({old(1), old(2)});
  EXPECT_EQ(uplink.take(), Lines{"h/a 1h"});
  settle("1h");
  EXPECT_EQ(uplink.take(), Lines{"h/a 2h"});
}

TEST_F(LanesTest, backlog_of_this_session_is_data_and_of_another_boot_history) {
  connect();
  Envelope other_boot = record(2);
  other_boot.boot = 16;
  answer_backlog({record(1), other_boot});
  settle_all();
  settle_all();
  EXPECT_EQ(uplink.take(), (Lines{"d/a 1", "h/a 2h"}));
}

TEST_F(LanesTest, live_goes_before_backlog_whenever_there_is_room) {
  settings.mqtt.window = 1;
  connect();
  answer_backlog({old(1), old(2), old(3)});
  EXPECT_EQ(uplink.take(), Lines{"h/a 1h"});
  ASSERT_TRUE(offer(record(10)));
  ASSERT_TRUE(offer(record(11)));
  settle("1h");
  settle("10");
  settle("11");
  EXPECT_EQ(uplink.take(), (Lines{"d/a 10", "d/a 11", "h/a 2h"}));
}

TEST_F(LanesTest, backlog_never_takes_the_part_of_the_window_that_is_lives) {
  settings.mqtt.window = 16;
  connect();
  std::vector<Envelope> many;
  for (uint64_t seq = 1; seq <= 300; ++seq) many.push_back(old(seq));
  answer_backlog(std::move(many));
  for (int round = 0; round < 20; ++round) settle_all();  // quick answers: the pace grows to its most
  EXPECT_EQ(lanes().counts().in_flight, 14u);
  uplink.take();
  ASSERT_TRUE(offer(record(1000)));
  pump();
  EXPECT_EQ(uplink.take(), Lines{"d/a 1000"});
}

TEST_F(LanesTest, backlog_is_asked_for_once_and_again_when_more_is_announced) {
  connect();
  pump();
  EXPECT_EQ(backlog.requests, 1);
  answer_backlog({});
  EXPECT_EQ(backlog.requests, 1);  // there is none
  lanes().backlog_waiting();
  pump();
  EXPECT_EQ(backlog.requests, 2);
  lanes().backlog_waiting();  // while the question is out
  pump();
  EXPECT_EQ(backlog.requests, 2);
  answer_backlog({});
  EXPECT_EQ(backlog.requests, 3);
}

TEST_F(LanesTest, an_answer_to_a_question_of_an_earlier_session_is_dropped) {
  connect();
  lanes().lost(Fault::timeout, clock.now());
  connect();
  EXPECT_EQ(backlog.requests, 1);
  answer_backlog({old(1)});  // handed out before the release: it comes again
  EXPECT_TRUE(uplink.take().empty());
  EXPECT_EQ(backlog.requests, 2);
  answer_backlog({old(1)});
  EXPECT_EQ(uplink.take(), Lines{"h/a 1h"});
}

TEST_F(LanesTest, a_lost_link_releases_the_session_once_and_forgets_its_tokens) {
  connect();
  ASSERT_TRUE(offer(record(1)));
  pump();
  const uint64_t token = uplink.sent.back().token;
  lanes().lost(Fault::timeout, clock.now());
  lanes().lost(Fault::timeout, clock.now());
  EXPECT_EQ(backlog.releases, std::vector<uint32_t>{1});
  connect();
  lanes().settled(token, Settlement::delivered, "", clock.now());
  pump();
  EXPECT_TRUE(backlog.settled_positions.empty());
  EXPECT_EQ(gate.records(), 0u);
}

TEST_F(LanesTest, a_record_that_was_taken_as_the_session_ended_is_left_to_the_outbox) {
  connect();
  const Envelope late = record(1);
  const uint32_t taken = gate.take(*late.record);
  lanes().lost(Fault::timeout, clock.now());
  connect();
  lanes().live(late, taken, clock.now());
  pump();
  EXPECT_TRUE(uplink.take().empty());
  EXPECT_EQ(gate.records(), 0u);
}

TEST_F(LanesTest, a_record_in_parts_is_settled_by_the_last_of_them) {
  connect();
  ASSERT_TRUE(offer(record(1, "big")));
  pump();
  EXPECT_EQ(uplink.take(), (Lines{"d/big 1/1", "d/big 1/2"}));
  settle("1/2");
  EXPECT_TRUE(backlog.settled_positions.empty());
  settle("1/1");
  EXPECT_EQ(backlog.settled_positions, Positions{101});
}

TEST_F(LanesTest, parts_wait_for_room_in_the_window) {
  settings.mqtt.window = 1;
  connect();
  ASSERT_TRUE(offer(record(1, "big")));
  pump();
  EXPECT_EQ(uplink.take(), Lines{"d/big 1/1"});
  settle("1/1");
  EXPECT_EQ(uplink.take(), Lines{"d/big 1/2"});
}

TEST_F(LanesTest, unheard_is_delivered_and_counted) {
  connect();
  ASSERT_TRUE(offer(record(1)));
  pump();
  settle("1", Settlement::unheard);
  EXPECT_EQ(backlog.settled_positions, Positions{101});
  EXPECT_EQ(lanes().counts().unheard, 1u);
}

TEST_F(LanesTest, rejected_is_a_dead_letter_with_its_reason) {
  connect();
  ASSERT_TRUE(offer(record(1)));
  pump();
  settle("1", Settlement::rejected, "0x95 packet too large");
  EXPECT_TRUE(backlog.settled_positions.empty());
  EXPECT_EQ(backlog.rejections.at(101), "0x95 packet too large");
  EXPECT_EQ(lanes().counts().rejected, 1u);
}

TEST_F(LanesTest, what_cannot_be_rendered_is_rejected_and_the_next_goes_on) {
  connect();
  ASSERT_TRUE(offer(record(1, "broken")));
  ASSERT_TRUE(offer(record(2)));
  pump();
  EXPECT_EQ(backlog.rejections.at(101), "cannot be rendered");
  EXPECT_EQ(uplink.take(), Lines{"d/a 2"});
}

TEST_F(LanesTest, an_alarm_goes_before_data_and_to_its_own_topic) {
  settings.mqtt.window = 1;
  connect();
  for (uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(offer(record(seq)));
  ASSERT_TRUE(offer(alarm(4)));
  pump();
  EXPECT_EQ(uplink.take(), Lines{"e 4"});
}

TEST_F(LanesTest, not_now_keeps_the_record_and_tries_again_after_a_growing_pause) {
  connect();
  ASSERT_TRUE(offer(record(1)));
  pump();
  uplink.take();
  Duration pause = 1s;
  for (int attempt = 0; attempt < 9; ++attempt) {
    settle("1", Settlement::not_now, "0x80 unspecified error");
    EXPECT_TRUE(uplink.take().empty());
    EXPECT_EQ(lanes().wake_at(clock.now()), clock.now() + pause);
    clock.advance(pause - 1ns);
    pump();
    EXPECT_TRUE(uplink.take().empty());
    clock.advance(1ns);
    pump();
    EXPECT_EQ(uplink.take(), Lines{"d/a 1"});
    pause = std::min<Duration>(pause * 2, 60s);
  }
  EXPECT_EQ(lanes().refusal(), "0x80 unspecified error");
  settle("1");
  EXPECT_EQ(backlog.settled_positions, Positions{101});
  EXPECT_EQ(lanes().refusal(), "");
  EXPECT_EQ(lanes().counts().refused, 9u);
}

TEST_F(LanesTest, quota_and_authorisation_are_asked_for_at_most_twice_a_minute) {
  connect();
  ASSERT_TRUE(offer(record(1)));
  pump();
  uplink.take();
  for (const Duration pause : {30s, 60s, 60s}) {
    settle("1", Settlement::refused, "0x97 quota exceeded");
    clock.advance(pause - 1ns);
    pump();
    EXPECT_TRUE(uplink.take().empty());
    clock.advance(1ns);
    pump();
    EXPECT_EQ(uplink.take(), Lines{"d/a 1"});
  }
  settle("1");
  EXPECT_EQ(backlog.settled_positions, Positions{101});
}

TEST_F(LanesTest, a_record_at_which_the_broker_hangs_up_three_times_is_a_dead_letter_and_its_neighbours_arrive) {
  const auto hang_up_and_join = [&] {
    answer_backlog({});  // to what was asked
    lanes().lost(Fault::disconnected, clock.now());
    clock.advance(1s);
    connect();
    uplink.take();
  };
  connect();
  for (uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(offer(record(seq)));
  pump();
  hang_up_and_join();
  answer_backlog({old(1), old(2), old(3)});
  settle("1h");
  EXPECT_EQ(uplink.take(), (Lines{"h/a 1h", "h/a 2h", "h/a 3h"}));
  hang_up_and_join();
  ASSERT_TRUE(offer(record(10)));
  answer_backlog({old(2), old(3)});
  EXPECT_EQ(uplink.take(), Lines{"h/a 2h"}) << "each suspect goes alone, before the live ones";
  hang_up_and_join();  // it is the one
  EXPECT_EQ(backlog.rejections.size(), 1u);
  EXPECT_TRUE(backlog.rejections.contains(102));
  answer_backlog({old(3), old(4)});
  EXPECT_EQ(uplink.take(), Lines{"h/a 3h"});
  settle_all();
  EXPECT_EQ(uplink.take(), Lines{"h/a 4h"});
}

TEST_F(LanesTest, a_broker_that_hangs_up_at_the_state_gets_the_data_without_it) {
  for (int i = 0; i < 3; ++i) {
    lanes().connected(++session, {}, clock.now());
    pump();
    lanes().lost(Fault::disconnected, clock.now());
    clock.advance(1s);
  }
  lanes().connected(++session, {}, clock.now());
  const size_t before = uplink.sent.size();
  ASSERT_TRUE(offer(record(1)));
  pump();
  ASSERT_EQ(uplink.sent.size(), before + 1);
  EXPECT_EQ(uplink.sent.back().publication.payload, "1");
}

TEST_F(LanesTest, what_was_read_before_the_clock_was_set_gets_its_time_once_it_is) {
  const WallTime known = clock.wall();
  const Duration unset = known - WallTime(30s);
  clock.step_wall(-unset);
  const Envelope early = record(1);
  connect();
  ASSERT_TRUE(offer(early));
  pump();
  ASSERT_EQ(encoder.timestamps.size(), 1u);
  EXPECT_FALSE(clock_was_set(encoder.timestamps[0])) << "nobody knows it yet: it goes marked";
  clock.advance(10s);
  clock.step_wall(unset);
  Envelope other_boot = early;
  other_boot.boot = context.first_boot - 1;
  answer_backlog({early, other_boot});
  settle_all();
  ASSERT_EQ(encoder.timestamps.size(), 3u);
  EXPECT_EQ(encoder.timestamps[1], known);
  EXPECT_FALSE(clock_was_set(encoder.timestamps[2])) << "the machine was off since: its monotonic clock began anew";
}

TEST_F(LanesTest, after_a_refusal_one_message_is_tried_before_the_others_follow_in_order) {
  connect();
  for (uint64_t seq = 1; seq <= 4; ++seq) ASSERT_TRUE(offer(record(seq)));
  pump();
  uplink.take();
  for (const char* payload : {"3", "1", "2"}) settle(payload, Settlement::not_now, "quota");
  settle("4");  // was in flight with them, so it does not end the pause
  EXPECT_EQ(uplink.take(), Lines{});
  clock.advance(1s);
  pump();
  EXPECT_EQ(uplink.take(), Lines{"d/a 1"});
  settle("1");
  EXPECT_EQ(uplink.take(), (Lines{"d/a 2", "d/a 3"}));
}

TEST_F(LanesTest, a_delivery_of_what_was_in_flight_with_a_refused_message_does_not_end_the_pause) {
  connect();
  for (uint64_t seq = 1; seq <= 2; ++seq) ASSERT_TRUE(offer(record(seq)));
  pump();
  settle("1", Settlement::refused, "quota exceeded");
  settle("2");
  EXPECT_EQ(uplink.take(), (Lines{"d/a 1", "d/a 2"}));
  clock.advance(RefusalPause::kLasting);
  pump();
  EXPECT_EQ(uplink.take(), Lines{"d/a 1"});
}

TEST_F(LanesTest, a_topic_that_is_refused_does_not_stop_the_others) {
  connect();
  answer_backlog({old(1), old(2)});
  settle("1h", Settlement::not_now, "0x87 not authorised");
  ASSERT_TRUE(offer(record(10)));
  ASSERT_TRUE(offer(alarm(11)));
  pump();
  EXPECT_EQ(uplink.take(), (Lines{"h/a 1h", "e 11", "d/a 10"}));
  settle("10");
  EXPECT_EQ(lanes().refusal(), "0x87 not authorised");
  clock.advance(1s);
  pump();
  EXPECT_EQ(uplink.take(), Lines{"h/a 1h"});
}

TEST_F(LanesTest, what_the_transport_does_not_take_now_is_tried_again_in_a_second) {
  connect();
  uplink.next_answer = {Fault::full, "full"};
  ASSERT_TRUE(offer(record(1)));
  ASSERT_TRUE(offer(record(2)));
  pump();
  EXPECT_TRUE(uplink.take().empty());
  EXPECT_EQ(lanes().counts().in_flight, 0u);
  EXPECT_EQ(lanes().wake_at(clock.now()), clock.now() + 1s);
  clock.advance(1s);
  pump();
  EXPECT_EQ(uplink.take(), (Lines{"d/a 1", "d/a 2"}));
}

TEST_F(LanesTest, what_the_transport_can_never_take_is_rejected) {
  connect();
  uplink.next_answer = {Fault::invalid, "bad UTF-8"};
  ASSERT_TRUE(offer(record(1)));
  pump();
  EXPECT_EQ(backlog.rejections.at(101), "bad UTF-8");
}

TEST_F(LanesTest, without_any_acknowledgement_for_the_time_out_the_link_is_stalled) {
  settings.mqtt.ack_timeout = 20s;
  connect();
  clock.advance(1h);
  EXPECT_FALSE(lanes().stalled(clock.now()));  // nothing is in flight
  ASSERT_TRUE(offer(record(1)));
  ASSERT_TRUE(offer(record(2)));
  pump();
  EXPECT_EQ(lanes().wake_at(clock.now()), clock.now() + 20s);
  clock.advance(19s);
  settle("2");
  clock.advance(19s);
  EXPECT_FALSE(lanes().stalled(clock.now()));  // an answer came meanwhile
  clock.advance(1s);
  EXPECT_TRUE(lanes().stalled(clock.now()));
  lanes().lost(Fault::timeout, clock.now());
  EXPECT_FALSE(lanes().stalled(clock.now()));
}

TEST_F(LanesTest, a_link_that_is_slower_than_the_time_out_is_given_more_time_until_something_is_acknowledged) {
  settings.mqtt.ack_timeout = 8s;
  const auto stalls_after = [&] {
    lanes().connected(++session, {}, clock.now());
    EXPECT_TRUE(offer(record(session)));
    pump();
    const MonoTime sent = clock.now();
    while (!lanes().stalled(clock.now())) clock.advance(1s);
    lanes().lost(Fault::timeout, clock.now());
    return clock.now() - sent;
  };
  for (const Duration expected : {8s, 16s, 24s, 24s}) EXPECT_EQ(stalls_after(), expected);
  lanes().connected(++session, {}, clock.now());
  ASSERT_TRUE(offer(record(100)));
  pump();
  settle_all();
  lanes().lost(Fault::timeout, clock.now());
  EXPECT_EQ(stalls_after(), Duration(8s));
}

TEST_F(LanesTest, in_order_takes_nothing_live_and_sends_all_of_the_log_to_one_topic) {
  settings.in_order = true;
  connect();
  EXPECT_FALSE(offer(record(1)));
  answer_backlog({old(1), record(2)});
  settle_all();
  settle_all();
  EXPECT_EQ(uplink.take(), (Lines{"d/a 1h", "d/a 2"}));
}

}  // namespace
}  // namespace ferrule
