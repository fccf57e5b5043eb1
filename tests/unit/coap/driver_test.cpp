// The driver against a device that the test scripts: error codes, blocks, observation, commands. Debian's coap-server is the peer
// in contract/driver and in peer_test.cpp.
#include <gmock/gmock.h>

#include <future>

#include "tests/fakes/coap_channel.h"
#include "tests/fakes/coap_device.h"

namespace ferrule::coap {

namespace {

using namespace std::chrono_literals;

constexpr uint8_t kContent = 0x45, kChanged = 0x44, kNotFound = 0x84, kContinue = 0x5f;
constexpr int kObserve = 6, kFormat = 12, kMaxAge = 14, kBlock2 = 23, kBlock1 = 27, kEtag = 4;

using Replies = std::vector<CoapMessage>;

TEST(CoapDriver, one_request_answers_all_tags_of_a_resource) {
  CoapDevice device([](const CoapMessage& request) {
    return Replies{CoapDevice::reply(request, kContent, R"({"t":21.5,"h":40})").with(kFormat, 50)};
  });
  CoapChannel channel;
  channel.device(device.port());
  const TagId warmth = channel.tag("/climate", {{"value", text("/t")}});
  const TagId humidity = channel.tag("/climate", {{"value", text("/h")}});
  const TagId missing = channel.tag("/climate", {{"value", text("/x")}});
  channel.start();
  RecordingSink sink;
  ASSERT_TRUE(channel.read(sink).ok());
  EXPECT_EQ(sink.value(warmth), Value(21.5));
  EXPECT_EQ(sink.value(humidity), Value(int64_t{40}));
  EXPECT_EQ(sink.reason(missing), Reason::bad_reply);
  EXPECT_EQ(device.requests().size(), 1u);
}

TEST(CoapDriver, an_error_code_makes_bad_samples_with_the_code) {
  CoapDevice device([](const CoapMessage& request) { return Replies{CoapDevice::reply(request, kNotFound, "no")}; });
  CoapChannel channel;
  channel.device(device.port());
  const TagId tag = channel.tag("/nothing");
  channel.start();
  RecordingSink sink;
  EXPECT_TRUE(channel.read(sink).ok());
  EXPECT_EQ(sink.reason(tag), Reason::device_refused);
  EXPECT_EQ(sink.said.at(0).detail, 404);
}

TEST(CoapDriver, a_separate_answer_is_waited_for_and_acknowledged) {
  CoapDevice device([](const CoapMessage& request) {
    CoapMessage empty{.type = CoapMessage::ack, .code = 0, .id = request.id, .token = {}, .options = {}, .payload = {}};
    CoapMessage separate = CoapDevice::reply(request, kContent, "5");
    separate.type = CoapMessage::con;
    separate.id = 77;
    return Replies{empty, separate};
  });
  CoapChannel channel;
  channel.device(device.port());
  const TagId tag = channel.tag("/slow");
  channel.start();
  RecordingSink sink;
  ASSERT_TRUE(channel.read(sink).ok());
  EXPECT_EQ(sink.value(tag), Value(int64_t{5}));
  while (device.confirmations().empty()) std::this_thread::yield();
  EXPECT_EQ(device.confirmations()[0].type, CoapMessage::ack);
  EXPECT_EQ(device.confirmations()[0].id, 77);
}

CoapMessage block_of(const CoapMessage& request, const std::string& body, uint32_t exponent) {
  const uint32_t asked = request.number(kBlock2).value_or(exponent);
  const size_t size = size_t{16} << (asked & 7);
  const size_t begin = (asked >> 4) * size;
  const bool more = begin + size < body.size();
  CoapMessage reply = CoapDevice::reply(request, kContent, body.substr(begin, size));
  return reply.with(kBlock2, (asked & ~8u) | (more ? 8 : 0)).with_text(kEtag, "e1");
}

TEST(CoapDriver, an_answer_in_blocks_is_put_together) {
  std::string body;
  for (int i = 0; body.size() < 5000; ++i) body += std::to_string(i) + ",";
  CoapDevice device([&](const CoapMessage& request) { return Replies{block_of(request, body, 2)}; });
  CoapChannel channel;
  channel.device(device.port());
  const TagId tag = channel.tag("/long");
  channel.start();
  RecordingSink sink;
  ASSERT_TRUE(channel.read(sink).ok());
  EXPECT_EQ(sink.value(tag).as_text(), body);
  EXPECT_EQ(device.requests().size(), (body.size() + 63) / 64);
}

TEST(CoapDriver, an_answer_that_changes_between_its_blocks_is_bad) {
  CoapDevice device([](const CoapMessage& request) {
    CoapMessage reply = block_of(request, std::string(200, 'x'), 2);
    if (request.number(kBlock2)) reply.options.find(kEtag)->second = "e2";
    return Replies{reply};
  });
  CoapChannel channel;
  channel.device(device.port());
  channel.tag("/long");
  channel.start();
  RecordingSink sink;
  EXPECT_EQ(channel.read(sink).fault(), Fault::bad_reply);
}

TEST(CoapDriver, an_answer_without_end_is_cut_off_at_its_limit) {
  CoapDevice device([](const CoapMessage& request) {
    const uint32_t asked = request.number(kBlock2).value_or(6);
    return Replies{CoapDevice::reply(request, kContent, std::string(1024, 'x')).with(kBlock2, (asked & ~0xfu) | 8 | 6)};
  });
  CoapChannel channel;
  channel.device(device.port());
  channel.tag("/endless");
  channel.start();
  RecordingSink sink;
  EXPECT_EQ(channel.read(sink).fault(), Fault::bad_reply);
  EXPECT_LE(device.requests().size(), 258u);
}

TEST(CoapDriver, a_long_command_goes_in_blocks) {
  std::string got;
  CoapDevice device([&](const CoapMessage& request) {
    const uint32_t block = request.number(kBlock1).value_or(0);
    got += request.payload;
    return Replies{CoapDevice::reply(request, (block & 8) != 0 ? kContinue : kChanged, "").with(kBlock1, block)};
  });
  CoapChannel channel;
  channel.device(device.port());
  const TagId tag = channel.tag("/text", {{"format", text("text")}}, true);
  channel.start();
  const std::string words(3000, 'w');
  const WriteOutcome outcome = channel.write(tag, Value::text(words));
  EXPECT_EQ(outcome.result, CommandResult::done) << outcome.status.what();
  EXPECT_EQ(got, words);
  EXPECT_EQ(device.requests().size(), 3u);
}

TEST(CoapDriver, a_command_is_refused_with_the_code_and_unknown_without_an_answer) {
  std::atomic<bool> answers = true;
  CoapDevice device(
      [&](const CoapMessage& request) { return answers ? Replies{CoapDevice::reply(request, kNotFound, "")} : Replies{}; });
  CoapChannel channel;
  channel.device(device.port());
  const TagId tag = channel.tag("/valve", {{"value", text("/open")}, {"method", text("post")}}, true);
  channel.start();
  const WriteOutcome refused = channel.write(tag, true);
  EXPECT_EQ(refused.result, CommandResult::refused);
  EXPECT_EQ(refused.status.detail(), 404);
  EXPECT_EQ(device.requests().at(0).code, 2);
  EXPECT_EQ(device.requests().at(0).payload, R"({"open":true})");
  EXPECT_EQ(device.requests().at(0).number(kFormat), 50u);
  answers = false;
  EXPECT_EQ(channel.write(tag, true, 100ms).result, CommandResult::unknown);
}

TEST(CoapDriver, a_late_answer_is_never_taken_for_that_of_the_next_question) {
  std::atomic<int> asked = 0;
  CoapMessage late;
  CoapDevice device([&](const CoapMessage& request) {
    if (asked++ == 0) {
      late = CoapDevice::reply(request, kContent, "1");
      return Replies{};
    }
    return Replies{late, CoapDevice::reply(request, kContent, "2")};
  });
  CoapChannel channel;
  channel.device(device.port());
  const TagId tag = channel.tag("/t");
  channel.start();
  RecordingSink first;
  EXPECT_EQ(channel.read(first, 0, 50ms).fault(), Fault::timeout);
  RecordingSink second;
  ASSERT_TRUE(channel.read(second).ok());
  EXPECT_EQ(second.value(tag), Value(int64_t{2}));
}

TEST(CoapDriver, unconfirmable_requests_are_sent_once) {
  CoapDevice device([](const CoapMessage&) { return Replies{}; });
  CoapChannel channel;
  channel.device(device.port(), {{"confirmable", FieldValue(false)}});
  channel.tag("/t");
  channel.start();
  RecordingSink sink;
  EXPECT_EQ(channel.read(sink, 0, 50ms).fault(), Fault::timeout);
  ASSERT_EQ(device.requests().size(), 1u);
  EXPECT_EQ(device.requests()[0].type, CoapMessage::non);
}

TEST(CoapDriver, the_list_of_resources_can_be_asked_for) {
  CoapDevice device([](const CoapMessage& request) {
    const bool list = request.path() == "/.well-known/core";
    return Replies{CoapDevice::reply(request, list ? kContent : kNotFound, list ? "</t>;obs" : "")};
  });
  CoapChannel channel;
  channel.device(device.port());
  Prober& prober = *channel.start().prober();
  const ProbeAnswer list = prober.probe({.unit = 1, .address = "/.well-known/core"}, channel.in(5s));
  ASSERT_TRUE(list.status.ok()) << list.status.what();
  EXPECT_EQ(std::string(list.bytes.begin(), list.bytes.end()), "</t>;obs");
  EXPECT_EQ(prober.probe({.unit = 1, .address = "/else"}, channel.in(5s)).refused, 404);
  EXPECT_EQ(prober.probe({.unit = 2, .address = "/t"}, channel.in(5s)).status.fault(), Fault::invalid);
}

// ---- observation

class ObservedDevice {
 public:
  explicit ObservedDevice(uint32_t max_age = 60)
      : device_([this, max_age](const CoapMessage& request) {
          token_ = request.token;
          CoapMessage reply = CoapDevice::reply(request, kContent, std::to_string(value_.load()));
          reply.with(kMaxAge, max_age);
          if (request.number(kObserve) == 0u) reply.with(kObserve, sequence_.load());
          return Replies{reply};
        }) {}

  void tell(uint32_t sequence, int value, CoapMessage::Type type = CoapMessage::con, uint8_t code = kContent) {
    CoapMessage message;
    message.type = type;
    message.code = code;
    message.id = next_id_++;
    message.token = token_;
    message.payload = std::to_string(value);
    if (code == kContent) message.with(kObserve, sequence);
    device_.send(message);
  }
  // Until the driver has taken n confirmable notifications off its socket.
  void wait_confirmed(Driver& driver, size_t count) {
    while (device_.confirmations().size() < count) (void)driver.attend(MonoTime());
  }
  CoapDevice& device() { return device_; }
  std::atomic<int> value_ = 1;
  std::atomic<uint32_t> sequence_ = 100;

 private:
  std::string token_;
  uint16_t next_id_ = 5000;
  CoapDevice device_;
};

struct Observed {
  ObservedDevice peer;
  CoapChannel channel;
  TagId tag;
  explicit Observed(uint32_t max_age = 60) : peer(max_age) {
    channel.device(peer.device().port(), {{"observe", FieldValue(true)}});
    tag = channel.tag("/t");
    channel.start();
  }
  Value read() {
    RecordingSink sink;
    const Status status = channel.read(sink);
    EXPECT_TRUE(status.ok()) << status.what();
    return sink.value(tag);
  }
  size_t requests() const { return const_cast<ObservedDevice&>(peer).device().requests().size(); }
};

TEST(Observe, after_the_registration_values_come_without_a_request) {
  Observed world;
  EXPECT_EQ(world.read(), Value(int64_t{1}));
  EXPECT_EQ(world.read(), Value(int64_t{1}));
  world.peer.tell(101, 2);
  world.peer.wait_confirmed(*world.channel.driver, 1);
  EXPECT_EQ(world.read(), Value(int64_t{2}));
  EXPECT_EQ(world.requests(), 1u);
}

TEST(Observe, news_are_told_once_by_attend) {
  Observed world;
  world.read();
  world.peer.tell(101, 2);
  std::vector<TagId> news;
  while (news.empty()) news = world.channel.driver->attend(world.channel.clock.now()).news;
  EXPECT_THAT(news, testing::ElementsAre(world.tag));
  EXPECT_TRUE(world.channel.driver->attend(world.channel.clock.now()).news.empty());
}

TEST(Observe, a_stale_notification_never_overwrites_a_newer_value) {
  Observed world;
  world.read();
  world.peer.tell(105, 50);
  world.peer.tell(103, 30);
  world.peer.tell(104, 40);
  world.peer.wait_confirmed(*world.channel.driver, 3);
  EXPECT_EQ(world.read(), Value(int64_t{50}));
}

TEST(Observe, a_device_that_forgot_us_is_found_by_max_age_and_polled) {
  Observed world(30);
  world.read();
  world.peer.value_ = 9;
  world.channel.clock.put_forward(34s);
  EXPECT_EQ(world.read(), Value(int64_t{1}));
  world.channel.clock.put_forward(1s);
  EXPECT_EQ(world.read(), Value(int64_t{9}));
  EXPECT_EQ(world.requests(), 2u);
}

TEST(Observe, one_that_falls_silent_is_news_once_so_that_it_is_registered_again) {
  Observed world(30);
  world.read();
  EXPECT_TRUE(world.channel.driver->attend(world.channel.clock.now()).news.empty());
  world.channel.clock.put_forward(35s);
  EXPECT_THAT(world.channel.driver->attend(world.channel.clock.now()).news, testing::ElementsAre(world.tag));
  EXPECT_TRUE(world.channel.driver->attend(world.channel.clock.now()).news.empty());
  world.read();
  EXPECT_LT(world.channel.driver->attend(world.channel.clock.now()).again, MonoTime::max());
  EXPECT_EQ(world.requests(), 2u);
}

TEST(Observe, an_error_ends_the_observation_and_the_next_read_registers_again) {
  Observed world;
  world.read();
  world.peer.tell(0, 0, CoapMessage::con, kNotFound);
  world.peer.wait_confirmed(*world.channel.driver, 1);
  world.peer.value_ = 7;
  EXPECT_EQ(world.read(), Value(int64_t{7}));
  EXPECT_EQ(world.requests(), 2u);
}

TEST(Observe, an_unknown_token_is_told_off_with_a_reset) {
  Observed world;
  world.read();
  CoapMessage stranger;
  stranger.type = CoapMessage::con;
  stranger.code = kContent;
  stranger.id = 1;
  stranger.token = "zzzz";
  world.peer.device().send(stranger.with(kObserve, 5));
  world.peer.wait_confirmed(*world.channel.driver, 1);
  EXPECT_EQ(world.peer.device().confirmations()[0].type, CoapMessage::rst);
}

TEST(Observe, a_device_without_observe_is_polled) {
  CoapDevice device([](const CoapMessage& request) { return Replies{CoapDevice::reply(request, kContent, "3")}; });
  CoapChannel channel;
  channel.device(device.port());
  const TagId tag = channel.tag("/t", {{"observe", FieldValue(true)}});
  channel.start();
  for (size_t read = 1; read <= 3; ++read) {
    RecordingSink sink;
    ASSERT_TRUE(channel.read(sink).ok());
    EXPECT_EQ(sink.value(tag), Value(int64_t{3}));
    EXPECT_EQ(device.requests().size(), read);
  }
}

}  // namespace

}  // namespace ferrule::coap
