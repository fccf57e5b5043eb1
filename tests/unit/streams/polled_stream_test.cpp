// Devices that are asked over a line: late answers, answers without end, messages that went out in part.
#include "streams/polled_stream.h"

#include <gmock/gmock.h>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/scripted_stream.h"
#include "tests/fakes/stream_channel.h"
#include "tests/fakes/virtual_line.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;
using streams::PolledLink;
using streams::PolledStream;

class PolledStreamTest : public testing::Test {
 protected:
  PolledStreamTest() : channel_(k_serial_driver) {
    channel_.device();
    temperature_ = channel_.tag({{"request", text("T")}});
    humidity_ = channel_.tag({{"request", text("H")}});
    target_ = channel_.tag({{"request", text("S")}, {"set", text("S {value}")}}, true);
  }
  void serve(std::unique_ptr<Stream> stream, bool renew = false) {
    auto driver = PolledStream::build(channel_.settings, context_, {std::move(stream), renew, false});
    ASSERT_TRUE(driver.ok()) << driver.status().what();
    driver_ = std::move(*driver);
    ASSERT_TRUE(driver_->connect(clock_.now() + 1s).ok());
    std::vector<const TagSettings*> tags;
    for (const TagSettings& tag : channel_.settings.devices[0].tags) tags.push_back(&tag);
    requests_ = *driver_->plan(channel_.settings.devices[0], tags);
  }
  const Request& request_of(TagId tag) const {
    return *std::ranges::find_if(requests_, [tag](const Request& one) { return one.tags[0] == tag; });
  }

  static constexpr Duration kTimeout = 500ms;
  ManualClock clock_;
  StopSignal stop_;
  StreamChannel channel_;
  const ChannelContext context_{.clock = clock_, .names = channel_.names, .stop = stop_};
  TagId temperature_, humidity_, target_;
  std::unique_ptr<Driver> driver_;
  Requests requests_;
};

std::vector<uint8_t> bytes_in(std::string_view text) { return {text.begin(), text.end()}; }

// A device that takes 200 ms, and 750 ms for each ninth request: no late answer is ever taken for another's.
TEST_F(PolledStreamTest, a_late_answer_is_never_taken_for_the_next_request) {
  int asked = 0;
  serve(std::make_unique<VirtualLine>(clock_, [&](VirtualLine& line, std::span<const uint8_t> request) {
    const bool slow = ++asked % 9 == 0;
    line.arrive(bytes_in(request[0] == 'T' ? "20.0\r\n" : "55.0\r\n"), slow ? 750ms : 200ms);
  }));
  int good = 0, late = 0;
  for (int turn = 0; turn < 2000; ++turn) {
    const TagId tag = turn % 2 == 0 ? temperature_ : humidity_;
    clock_.set(driver_->free_at(request_of(tag), clock_.now()));
    RecordingSink sink;
    // A timeout is followed by the same request, as the runner does.
    Exchange exchange = driver_->read(request_of(tag), sink, clock_.now() + kTimeout);
    for (int again = 0; !exchange.status.ok() && again < 3; ++again) {
      ++late;
      clock_.set(driver_->free_at(request_of(tag), clock_.now()));
      exchange = driver_->read(request_of(tag), sink, clock_.now() + kTimeout);
    }
    ASSERT_TRUE(exchange.status.ok()) << exchange.status.what();
    ASSERT_EQ(to_text(sink.value(tag)), tag == temperature_ ? "20" : "55") << "turn " << turn;
    ++good;
  }
  EXPECT_EQ(good, 2000);
  EXPECT_GT(late, 200);
}

TEST_F(PolledStreamTest, a_request_before_the_line_is_free_is_held_off_or_waits) {
  int asked = 0;
  serve(std::make_unique<VirtualLine>(clock_, [&](VirtualLine& line, std::span<const uint8_t>) {
    if (++asked == 1) line.arrive(bytes_in("late\r\n"), 900ms);
    if (asked > 1) line.arrive(bytes_in("own\r\n"), 10ms);
  }));
  RecordingSink sink;
  EXPECT_EQ(driver_->read(request_of(temperature_), sink, clock_.now() + kTimeout).status.fault(), Fault::timeout);
  const MonoTime free = driver_->free_at(request_of(humidity_), clock_.now());
  EXPECT_EQ(free, clock_.now() + kTimeout);
  const Exchange held_off = driver_->read(request_of(humidity_), sink, clock_.now() + kTimeout);
  EXPECT_EQ(held_off.status.fault(), Fault::timeout);
  EXPECT_EQ(held_off.bytes_out, 0u);
  EXPECT_EQ(asked, 1);
  const WriteOutcome waited = driver_->write({"1", target_, Value(1.0), MonoTime::max()}, clock_.now() + 2s);
  EXPECT_EQ(waited.result, CommandResult::done);
  EXPECT_GE(clock_.now(), free);
  const Exchange own = driver_->read(request_of(humidity_), sink, clock_.now() + kTimeout);
  EXPECT_TRUE(own.status.ok());
  EXPECT_EQ(to_text(sink.value(humidity_)), "own");
}

TEST_F(PolledStreamTest, a_device_that_never_stops_sending_is_waited_for_until_the_deadline_only) {
  auto stream = std::make_unique<ScriptedStream>();
  int reads = 0;
  stream->on_read = [&](Deadline) -> Result<std::string> {
    if (++reads > 9000) return Status(Fault::disconnected, "nine seconds of it");
    clock_.advance(1ms);
    return std::string("\xff\n\xff\n", 4);
  };
  channel_.settings.devices[0].fields.set(
      "payload", object(settings_of(kPayloadFieldTable, {{"format", text("regex")}, {"pattern", text("^(?P<v>[0-9]+)$")}})));
  for (TagSettings& tag : channel_.settings.devices[0].tags) tag.fields.set("at", std::string("v"));
  serve(std::move(stream), true);
  RecordingSink sink;
  const MonoTime deadline = clock_.now() + kTimeout;
  EXPECT_EQ(driver_->read(request_of(temperature_), sink, deadline).status.fault(), Fault::bad_reply);
  EXPECT_LE(clock_.now(), deadline + 50ms);
}

TEST_F(PolledStreamTest, a_command_that_went_out_in_part_is_unknown_and_one_that_did_not_has_failed) {
  for (const uint64_t part : {3u, 0u}) {
    auto stream = std::make_unique<ScriptedStream>();
    ScriptedStream& link = *stream;
    link.on_write = [&link, part](std::span<const uint8_t>) {
      link.sent += part;
      link.open = false;
      return Status(Fault::disconnected, "torn");
    };
    serve(std::move(stream));
    const WriteOutcome outcome = driver_->write({"1", target_, Value(1.0), MonoTime::max()}, clock_.now() + kTimeout);
    EXPECT_EQ(outcome.result, part > 0 ? CommandResult::unknown : CommandResult::failed);
    EXPECT_EQ(outcome.status.fault(), Fault::disconnected);
  }
}

}  // namespace

}  // namespace ferrule
