// publish_every, and the state topics.
#include "tests/unit/north/lanes_bench.h"

namespace ferrule {
namespace {

using namespace std::chrono_literals;

class LanesBatch : public LanesBench {
 protected:
  LanesBatch() { settings.publish_every = 5s; }
};

TEST_F(LanesBatch, live_records_gather_for_publish_every_and_go_as_one_message_per_device) {
  connect();
  ASSERT_TRUE(offer(record(1, "a")));
  clock.advance(1s);
  ASSERT_TRUE(offer(record(2, "b")));
  ASSERT_TRUE(offer(record(3, "a")));
  pump();
  EXPECT_TRUE(uplink.take().empty());
  EXPECT_EQ(lanes().wake_at(clock.now()), clock.now() + 4s);
  clock.advance(4s);
  pump();
  EXPECT_EQ(uplink.take(), (Lines{"d/a [1 3]", "d/b 2"}));
  settle("[1 3]");
  EXPECT_EQ(backlog.settled_positions, (Positions{101, 103}));
}

TEST_F(LanesBatch, where_the_topic_has_no_device_a_batch_holds_all_of_them) {
  settings.topic = "d";
  connect();
  ASSERT_TRUE(offer(record(1, "a")));
  ASSERT_TRUE(offer(record(2, "b")));
  clock.advance(5s);
  pump();
  EXPECT_EQ(uplink.take(), Lines{"d [1 2]"});
}

TEST_F(LanesBatch, an_alarm_does_not_wait) {
  connect();
  ASSERT_TRUE(offer(alarm(1)));
  pump();
  EXPECT_EQ(uplink.take(), Lines{"e 1"});
}

TEST_F(LanesBatch, history_does_not_wait_either) {
  connect();
  answer_backlog({old(1), old(2)});
  EXPECT_EQ(uplink.take(), Lines{"h/a [1h 2h]"});
}

TEST_F(LanesBatch, in_order_gathers_too) {
  settings.in_order = true;
  connect();
  answer_backlog({record(1)});
  lanes().backlog_waiting();
  pump();
  answer_backlog({record(2)});
  EXPECT_TRUE(uplink.take().empty());
  clock.advance(5s);
  pump();
  EXPECT_EQ(uplink.take(), Lines{"d/a [1 2]"});
}

TEST_F(LanesBatch, enough_records_do_not_wait) {
  connect();
  for (uint64_t seq = 1; seq <= 255; ++seq) ASSERT_TRUE(offer(record(seq)));
  pump();
  EXPECT_TRUE(uplink.take().empty());
  ASSERT_TRUE(offer(record(256)));
  pump();
  EXPECT_EQ(uplink.take().size(), 1u);
}

TEST_F(LanesBatch, of_a_batch_that_is_rejected_only_the_guilty_record_becomes_a_dead_letter) {
  connect();
  for (uint64_t seq = 1; seq <= 3; ++seq) ASSERT_TRUE(offer(record(seq)));
  clock.advance(5s);
  pump();
  settle("[1 2 3]", Settlement::rejected, "0x99 payload format invalid");
  EXPECT_TRUE(backlog.rejections.empty());
  settle("1");
  settle("2", Settlement::rejected, "0x99 payload format invalid");
  settle("3");
  EXPECT_EQ(backlog.settled_positions, (Positions{101, 103}));
  EXPECT_EQ(backlog.rejections.size(), 1u);
  EXPECT_TRUE(backlog.rejections.contains(102));
}

TEST_F(LanesBatch, of_a_batch_that_cannot_be_rendered_only_the_guilty_record_becomes_a_dead_letter) {
  settings.topic = "d";
  connect();
  ASSERT_TRUE(offer(record(1, "a")));
  ASSERT_TRUE(offer(record(2, "broken")));
  ASSERT_TRUE(offer(record(3, "a")));
  clock.advance(5s);
  pump();
  settle_all();
  EXPECT_EQ(uplink.take(), (Lines{"d 1", "d 3"}));
  EXPECT_EQ(backlog.settled_positions, (Positions{101, 103}));
  EXPECT_TRUE(backlog.rejections.contains(102));
}

class LanesState : public LanesBench {
 protected:
  std::vector<std::string> retained() const {
    std::vector<std::string> topics;
    for (const auto& sent : uplink.sent) {
      if (sent.publication.retain) topics.push_back(sent.publication.topic);
    }
    return topics;
  }
};

TEST_F(LanesState, online_is_the_first_message_of_a_session) {
  connect();
  ASSERT_EQ(uplink.sent.size(), 1u);
  EXPECT_EQ(uplink.sent[0].publication.topic, "s");
  EXPECT_TRUE(uplink.sent[0].publication.retain);
  EXPECT_EQ(uplink.sent[0].publication.payload,
            R"({"gateway":"plant7","state":"online","boot":17,"timestamp":)" + std::to_string(unix_ms(clock.wall())) + "}");
}

TEST_F(LanesState, the_latest_state_of_each_device_is_told_on_connect_and_on_change) {
  const DeviceId a = names.device("a");
  states.set(a, {true, Reason::none, ""}, clock.wall());
  states.set(a, {false, Reason::timeout, "no answer"}, clock.wall());
  states.set(names.device("b"), {}, clock.wall());
  connect();
  pump();
  EXPECT_EQ(retained(), (std::vector<std::string>{"s", "s/a", "s/b"}));
  EXPECT_NE(uplink.sent[1].publication.payload.find(R"("device":"a","state":"offline")"), std::string::npos);
  EXPECT_NE(uplink.sent[1].publication.payload.find(R"("reason":"timeout","text":"no answer")"), std::string::npos);
  pump();
  EXPECT_EQ(retained().size(), 3u);
  states.set(a, {}, clock.wall());
  pump();
  EXPECT_EQ(retained().size(), 4u);
  lanes().lost(Fault::timeout, clock.now());
  connect();
  pump();
  EXPECT_EQ(retained().size(), 7u);
}

TEST_F(LanesState, many_states_leave_the_window_to_live_records) {
  for (int i = 0; i < 100; ++i) states.set(names.device("d" + std::to_string(i)), {}, clock.wall());
  lanes().connected(++session, {}, clock.now());
  pump();
  EXPECT_EQ(uplink.sent.size(), 2u);  // a quarter of 8
  for (uint64_t seq = 1; seq <= 6; ++seq) ASSERT_TRUE(offer(record(seq)));
  pump();
  EXPECT_EQ(uplink.take().size(), 6u);
}

TEST_F(LanesState, a_state_that_the_broker_refuses_is_not_repeated_at_once) {
  lanes().connected(++session, {}, clock.now());
  pump();
  lanes().settled(uplink.sent[0].token, Settlement::not_now, "0x87 not authorised", clock.now());
  pump();
  EXPECT_EQ(uplink.sent.size(), 1u);
  EXPECT_EQ(lanes().refusal(), "state: 0x87 not authorised");
}

TEST_F(LanesState, a_state_that_the_transport_could_not_take_is_told_later) {
  uplink.next_answer = {Fault::full, "full"};
  lanes().connected(++session, {}, clock.now());
  pump();
  EXPECT_TRUE(uplink.sent.empty());
  clock.advance(1s);
  pump();
  EXPECT_EQ(uplink.sent.size(), 1u);
}

}  // namespace
}  // namespace ferrule
