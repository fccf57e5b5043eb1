// The event stream: what a reader gets, and what a slow or absent one costs the others.
#include "rest/limits.h"
#include "tests/unit/rest/rest_fixture.h"

namespace ferrule {
namespace {

using Live = RestFixture;

Wire watching(Wire wire, const std::string& path = "/api/v1/live") {
  wire.send(get(path));
  const WireReply head = wire.reply();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.fields.at("content-type"), "text/event-stream");
  EXPECT_EQ(head.fields.at("x-content-type-options"), "nosniff");
  return wire;
}

nlohmann::json next_event(Wire& wire) {
  wire.until("data: ");
  return parsed(wire.until("\n\n"));
}

TEST_F(Live, what_is_published_arrives_as_events) {
  start();
  Wire wire = watching(tcp());
  gateway.publish(tag_report("boiler.temperature", Value(81.5)));
  const auto event = next_event(wire);
  EXPECT_EQ(event["name"], "boiler.temperature");
  EXPECT_EQ(event["value"], 81.5);
  EXPECT_EQ(event["quality"], "good");
}

TEST_F(Live, only_the_tags_that_were_asked_for_arrive) {
  start();
  Wire wire = watching(local(), "/api/v1/live?tag=boiler.setpoint");
  gateway.publish(tag_report("boiler.temperature", Value(81.5)));
  gateway.publish(tag_report("boiler.setpoint", Value(int64_t{66})));
  EXPECT_EQ(next_event(wire)["name"], "boiler.setpoint");
}

TEST_F(Live, each_event_arrives_once_and_in_order) {
  gateway.stream_limit = 100000;
  start();
  Wire wire = watching(tcp());
  std::thread publisher([&] {
    for (int64_t i = 0; i < 5000; ++i) gateway.publish(tag_report("boiler.temperature", Value(i)));
  });
  for (int64_t i = 0; i < 5000; ++i) ASSERT_EQ(next_event(wire)["value"], i);
  publisher.join();
}

TEST_F(Live, a_slow_reader_loses_its_oldest_and_is_told_how_many) {
  gateway.stream_limit = 10;
  start();
  Wire slow = watching(local()), quick = watching(tcp());  // a Unix socket buffers little
  const std::string large(20000, 'x');
  int64_t published = 0;
  // Nobody reads `slow`: its socket fills, then its queue. `quick` takes each one and sees that nothing waits for the other.
  for (; published < 200; ++published) {
    gateway.publish(tag_report("boiler.text" + std::to_string(published), Value::text(large)));
    ASSERT_EQ(next_event(quick)["name"], "boiler.text" + std::to_string(published));
  }
  int64_t arrived = 0, lost = 0;
  while (arrived + lost < published) {
    const auto event = next_event(slow);
    if (event.contains("lost")) {
      lost += event["lost"].get<int64_t>();
    } else {
      ++arrived;
    }
  }
  EXPECT_EQ(arrived + lost, published);
  EXPECT_GT(lost, 0);
  EXPECT_GT(metric("ferrule_rest_live_samples_lost_total"), 0);
}

TEST_F(Live, of_twelve_readers_eight_are_served_and_a_question_still_has_its_answer) {
  start();
  std::vector<Wire> readers;
  for (size_t i = 0; i < rest_limits::kStreams; ++i) readers.push_back(watching(tcp()));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(get("/api/v1/live")).status, 503);
  EXPECT_EQ(ask(get("/api/v1/status")).status, 200);
  gateway.publish(tag_report("boiler.temperature", Value(81.5)));
  for (Wire& reader : readers) EXPECT_EQ(next_event(reader)["value"], 81.5);
}

TEST_F(Live, a_reader_that_leaves_makes_room) {
  start();
  for (size_t i = 0; i < 2 * rest_limits::kStreams; ++i) {
    Wire wire = watching(tcp());
    EXPECT_EQ(gateway.watchers(), 1u);
    wire.close();
    await([&] { return gateway.watchers() == 0; });
  }
}

TEST_F(Live, a_stream_with_nothing_to_say_beats) {
  times.heartbeat = std::chrono::milliseconds(10);
  start();
  Wire wire = watching(tcp());
  for (int i = 0; i < 3; ++i) EXPECT_NE(wire.until(": beat\n\n"), "");
  gateway.publish(tag_report("boiler.temperature", Value(81.5)));
  EXPECT_EQ(next_event(wire)["value"], 81.5);
  EXPECT_NE(wire.until(": beat\n\n"), "");
}

TEST_F(Live, a_reader_that_takes_nothing_at_all_is_dropped) {
  times.stall = std::chrono::milliseconds(50);
  start();
  Wire wire = watching(tcp());
  const std::string large(100000, 'x');
  await([&] {
    gateway.publish(tag_report("boiler.text", Value::text(large)));
    return gateway.watchers() == 0;
  });
}

TEST_F(Live, the_server_stops_with_streams_open_and_what_is_published_later_goes_nowhere) {
  start();
  Wire wire = watching(tcp());
  std::atomic<bool> stop = false;
  std::thread publisher([&] {
    while (!stop) gateway.publish(tag_report("boiler.temperature", Value(81.5)));
  });
  next_event(wire);
  server.reset();
  stop = true;
  publisher.join();
  EXPECT_TRUE(wire.ended());
  EXPECT_EQ(gateway.watchers(), 0u);
}

}  // namespace
}  // namespace ferrule
