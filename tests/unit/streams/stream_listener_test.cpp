// One stream whose devices push: where it begins, who sends, and what is answered.
#include "streams/stream_listener.h"

#include <gmock/gmock.h>

#include "drivers_common/frame_build.h"
#include "drivers_common/tagged_frame.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/pushed.h"
#include "tests/fakes/scripted_stream.h"
#include "tests/fakes/stream_channel.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;
using streams::Flow;
using streams::PushDevices;
using streams::StreamListener;
using testing::ElementsAre;
using testing::IsEmpty;

class StreamListenerTest : public testing::Test {
 protected:
  StreamListenerTest() : channel_(k_serial_driver) {}
  void open(Flow flow = Flow::connection) {
    auto stream = std::make_unique<ScriptedStream>();
    stream_ = stream.get();
    stream_->on_read = [this](Deadline) -> Result<std::string> {
      if (coming_.empty()) return Status(Fault::timeout, "nothing");
      return std::exchange(coming_, {});
    };
    stream_->on_write = [this](std::span<const uint8_t> bytes) {
      stream_->sent += bytes.size();
      written_.append(bytes.begin(), bytes.end());
      return Status();
    };
    auto devices = PushDevices::build(channel_.settings, context_);
    ASSERT_TRUE(devices.ok()) << devices.status().what();
    listener_ = std::make_unique<StreamListener>(std::move(*devices), std::move(stream), flow, context_);
  }
  void come(std::string bytes, Duration after = 0ms) {
    clock_.advance(after);
    coming_ = std::move(bytes);
    ASSERT_TRUE(listener_->turn().ok());
  }
  void pass(Duration time) {
    clock_.advance(time);
    ASSERT_TRUE(listener_->turn().ok());
  }
  void one_device() {
    channel_.device();
    channel_.tag({});
  }

  ManualClock clock_;
  StopSignal stop_;
  StreamChannel channel_;
  PushedOutput output_;
  const ListenerContext context_{clock_, channel_.names, stop_, output_};
  ScriptedStream* stream_ = nullptr;
  std::string coming_, written_;
  std::unique_ptr<StreamListener> listener_;
};

TEST_F(StreamListenerTest, the_end_of_a_line_that_a_port_was_opened_in_is_no_value) {
  one_device();
  open(Flow::line);
  for (int times = 0; times < 2; ++times) {  // unplugged and plugged in again
    output_.values.clear();
    ASSERT_TRUE(listener_->open(clock_.now() + 1s).ok());
    come("345.0\r\n");
    EXPECT_THAT(output_.values, IsEmpty());
    come("12345.0\r\n");
    EXPECT_THAT(output_.values, ElementsAre("12345"));
    listener_->close();
  }
}

TEST_F(StreamListenerTest, a_connection_begins_with_its_first_byte) {
  one_device();
  open();
  ASSERT_TRUE(listener_->open(clock_.now() + 1s).ok());
  come("345.0\r\n");
  EXPECT_THAT(output_.values, ElementsAre("345"));
}

TEST_F(StreamListenerTest, the_rest_of_a_line_that_took_too_long_is_no_value) {
  channel_.channel("frame", {{"timeout", FieldValue(Duration(500ms))}});
  one_device();
  open();
  ASSERT_TRUE(listener_->open(clock_.now() + 1s).ok());
  come("123");
  pass(600ms);
  come("45.0\r\n");
  come("12345.0\r\n");
  EXPECT_THAT(output_.values, ElementsAre("12345"));
  EXPECT_EQ(output_.counts["dropped: unfinished"], 1u);
}

TEST_F(StreamListenerTest, a_burst_that_was_read_too_late_to_know_its_silence_is_dropped) {
  channel_.channel("frame", {{"kind", text("gap")}, {"gap", FieldValue(Duration(20ms))}});
  one_device();
  open();
  ASSERT_TRUE(listener_->open(clock_.now() + 1s).ok());
  come("123");
  come("45", 60ms);  // the loop was held up: was there a silence between the two?
  pass(20ms);
  come("678", 100ms);
  pass(20ms);
  EXPECT_THAT(output_.values, ElementsAre("678"));
}

TEST_F(StreamListenerTest, a_stream_that_could_not_be_greeted_is_closed) {
  channel_.channel("greeting", text("hello"));
  one_device();
  open();
  stream_->on_write = [](std::span<const uint8_t>) { return Status(Fault::timeout, "full"); };
  EXPECT_EQ(listener_->open(clock_.now() + 1s).fault(), Fault::timeout);
  EXPECT_FALSE(stream_->connected());
}

TEST_F(StreamListenerTest, a_frame_without_any_tag_is_acknowledged_at_once) {
  channel_.channel("frame", {{"kind", text("tagged")}, {"start", text("FE")}});
  channel_.channel("payload", {{"format", text("json")}});
  channel_.device();
  channel_.tag({{"at", text("/t")}});
  open();
  ASSERT_TRUE(listener_->open(clock_.now() + 1s).ok());
  const std::string_view payload = "\x01\x02{\"other\":1}";
  const FrameRule rule = streams::frame_of(channel_.settings);
  const auto frame =
      *build_frame(rule, {reinterpret_cast<const uint8_t*>(payload.data()), payload.size()}, kTaggedData | kWantsAcknowledgement);
  come({frame.begin(), frame.end()});
  EXPECT_EQ(output_.counts["frames: without any tag"], 1u);
  EXPECT_EQ(written_, std::string("FE\x01\x03\x00\x02\x01\x02", 8));
}

TEST_F(StreamListenerTest, an_id_is_a_text_and_none_is_taken_for_another) {
  channel_.channel("payload", {{"format", text("delimited")}});
  channel_.channel("id", {{"at", text("1")}});
  for (const char* id : {"120000", "12E4", "0042", "42", "89441000304612345678"}) {
    channel_.device({{"id", text(id)}});
    channel_.tag({{"at", text("2")}});
  }
  open();
  ASSERT_TRUE(listener_->open(clock_.now() + 1s).ok());
  come("12E4,1\n0042,2\n89441000304612345678,3\n120000,4\n42.0,5\n");
  std::vector<DeviceId> wanted;
  for (const size_t device : {1u, 2u, 4u, 0u}) wanted.push_back(channel_.settings.devices[device].id);
  EXPECT_EQ(output_.devices, wanted);
  EXPECT_EQ(output_.counts["dropped: unknown device"], 1u);
}

TEST(PushDevices, addresses_are_compared_as_what_they_mean) {
  EXPECT_EQ(streams::usual_address("0:0:0:0:0:0:0:1"), "::1");
  EXPECT_EQ(streams::usual_address("FE80::0A"), "fe80::a");
  EXPECT_EQ(streams::usual_address("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(streams::usual_address("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(streams::usual_address("none"), "none");

  StreamChannel channel(k_tcp_driver);
  channel.channel("listen", {{"port", whole(0)}});
  for (const char* address : {"0:0:0:0:0:0:0:1", "10.0.0.1"}) {
    channel.device({{"address", text(address)}});
    channel.tag({});
  }
  EXPECT_THAT(channel.complaints(), IsEmpty());
  ManualClock clock;
  StopSignal stop;
  PushedOutput output;
  const ListenerContext context{clock, channel.names, stop, output};
  const auto built = PushDevices::build(channel.settings, context);
  ASSERT_TRUE(built.ok());
  const PushDevices& devices = **built;
  EXPECT_EQ(devices.by_address("::1"), 0u);
  EXPECT_EQ(devices.by_address("10.0.0.1"), 1u);
  channel.device({{"address", text("::1")}});
  channel.tag({});
  EXPECT_THAT(channel.complaints(), ElementsAre(testing::HasSubstr("already")));
}

}  // namespace

}  // namespace ferrule
