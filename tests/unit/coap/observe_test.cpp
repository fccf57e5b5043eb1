// Observed resources of a device that the test scripts: what is newer counts, whatever comes late, twice, in blocks or not at
// all.
#include <gmock/gmock.h>

#include <atomic>
#include <functional>

#include "tests/fakes/coap_channel.h"
#include "tests/fakes/coap_device.h"
#include "tests/fakes/coap_numbers.h"

namespace ferrule::coap {

namespace {

using namespace std::chrono_literals;

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

// Registers with a body in two blocks; `meanwhile` is told, with the registration's token, before the second of them.
struct LongObserved {
  std::function<CoapMessage(CoapMessage)> meanwhile;
  std::vector<std::string> bodies{std::string(100, 'o')};  // of one registration after the other
  uint32_t sequence = 4;
  std::string token, body;
  CoapDevice device{[this](const CoapMessage& request) {
    Replies replies;
    const uint32_t asked = request.number(kBlock2).value_or(2);
    if (request.number(kObserve)) {
      token = request.token;
      body = bodies[std::min<size_t>(sequence++ - 4, bodies.size() - 1)];
    }
    if (asked >> 4 > 0 && meanwhile) {
      CoapMessage told;
      told.type = CoapMessage::con;
      told.code = kContent;
      told.id = 6000;
      told.token = token;
      replies.push_back(std::exchange(meanwhile, nullptr)(told));
    }
    const size_t begin = (asked >> 4) * 64;
    CoapMessage reply = CoapDevice::reply(request, kContent, body.substr(begin, 64));
    reply.with(kBlock2, (asked & ~8u) | (begin + 64 < body.size() ? 8 : 0));
    if (request.number(kObserve)) reply.with(kObserve, sequence);
    replies.push_back(reply);
    return replies;
  }};
  CoapChannel channel;
  TagId tag;
  void start() {
    channel.device(device.port(), {{"observe", FieldValue(true)}});
    tag = channel.tag("/t", {{"type", text("string")}});
    channel.start();
  }
  std::string read() {
    RecordingSink sink;
    const Status status = channel.read(sink);
    EXPECT_TRUE(status.ok()) << status.what();
    return to_text(sink.value(tag));
  }
};

TEST(Observe, what_is_told_while_the_rest_of_the_registration_is_fetched_is_not_overwritten_by_it) {
  LongObserved world;
  world.meanwhile = [](CoapMessage told) {
    told.payload = "new";
    return told.with(kObserve, 6);
  };
  world.start();
  EXPECT_EQ(world.read(), "new");
  EXPECT_EQ(world.read(), "new");
  EXPECT_EQ(world.device.requests().size(), 2u);
}

TEST(Observe, what_is_told_in_blocks_while_the_rest_of_the_registration_is_fetched_is_read_again) {
  LongObserved world;
  world.meanwhile = [&](CoapMessage told) {
    told.payload = std::string(64, 'n');
    return told.with(kObserve, 6).with(kBlock2, 8 | 2);
  };
  world.bodies.push_back(std::string(100, 'n'));
  world.start();
  EXPECT_EQ(world.read(), world.bodies[0]);
  EXPECT_THAT(world.channel.driver->attend(world.channel.clock.now()).news, testing::ElementsAre(world.tag));
  EXPECT_EQ(world.read(), world.bodies.back());
}

TEST(Observe, an_older_one_that_comes_while_the_rest_of_the_registration_is_fetched_is_dropped) {
  LongObserved world;
  world.meanwhile = [](CoapMessage told) {
    told.payload = "older";
    return told.with(kObserve, 4);
  };
  world.start();
  EXPECT_EQ(world.read(), world.bodies[0]);
  EXPECT_EQ(world.read(), world.bodies.back());
}

TEST(Observe, a_late_copy_of_the_answer_to_the_last_registration_is_not_the_answer_to_this_one) {
  CoapMessage first;
  CoapDevice device([&](const CoapMessage& request) {
    if (request.path() == "/u") return Replies{CoapDevice::reply(request, kContent, "5")};
    CoapMessage reply = CoapDevice::reply(request, kContent, first.payload.empty() ? "1" : "9");
    reply.with(kMaxAge, 30).with(kObserve, first.payload.empty() ? 100 : 101);
    if (!first.payload.empty()) return Replies{first, reply};
    first = reply;
    return Replies{reply};
  });
  CoapChannel channel;
  channel.device(device.port());
  const TagId tag = channel.tag("/t", {{"observe", FieldValue(true)}});
  channel.tag("/u");
  channel.start();
  RecordingSink before, after;
  ASSERT_TRUE(channel.read(before).ok());
  channel.clock.put_forward(36s);
  ASSERT_TRUE(channel.read(after).ok());
  EXPECT_EQ(after.value(tag), Value(int64_t{9}));
  const auto requests = device.requests();
  ASSERT_EQ(requests.size(), 4u);
}

// libcoap does not repeat a request for which it has seen something with the same token.
TEST(Observe, a_late_notification_of_the_last_registration_does_not_silence_the_next) {
  std::vector<CoapMessage> asked;
  CoapDevice device([&](const CoapMessage& request) {
    asked.push_back(request);
    CoapMessage reply = CoapDevice::reply(request, kContent, std::to_string(asked.size()));
    reply.with(kMaxAge, 30).with(kObserve, 100 + asked.size());
    if (asked.size() != 2) return Replies{reply};
    CoapMessage late = CoapDevice::reply(asked[0], kContent, "0").with(kObserve, 99);
    late.type = CoapMessage::con;
    late.id = 7000;
    return Replies{late, late};
  });
  CoapChannel channel;
  channel.device(device.port(), {{"observe", FieldValue(true)}});
  const TagId tag = channel.tag("/t");
  channel.start();
  RecordingSink before, after;
  ASSERT_TRUE(channel.read(before).ok());
  channel.clock.put_forward(36s);
  const Status status = channel.read(after);
  ASSERT_TRUE(status.ok()) << status.what();
  EXPECT_EQ(after.value(tag), Value(int64_t{3}));
}

TEST(Observe, an_answer_that_a_notification_has_overtaken_counts_where_it_is_newer) {
  CoapDevice device([](const CoapMessage& request) {
    CoapMessage told = CoapDevice::reply(request, kContent, "5").with(kObserve, 101);
    told.type = CoapMessage::con;
    told.id = 7000;
    return Replies{told, CoapDevice::reply(request, kContent, "6").with(kObserve, 102)};
  });
  CoapChannel channel;
  channel.device(device.port(), {{"observe", FieldValue(true)}});
  const TagId tag = channel.tag("/t");
  channel.start();
  Value last;
  for (int i = 0; i < 100'000 && last != Value(int64_t{6}); ++i) {
    RecordingSink sink;
    ASSERT_TRUE(channel.read(sink).ok());
    last = sink.value(tag);
  }
  EXPECT_EQ(last, Value(int64_t{6}));
  EXPECT_EQ(device.requests().size(), 1u);
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
