// The driver against a device that the test scripts: error codes, blocks, observation, commands. Debian's coap-server is the peer
// in contract/driver and in peer_test.cpp.
#include <gmock/gmock.h>

#include <future>

#include "tests/fakes/coap_channel.h"
#include "tests/fakes/coap_device.h"

namespace ferrule::coap {

namespace {

using namespace std::chrono_literals;

constexpr uint8_t kContent = 0x45, kChanged = 0x44, kNotFound = 0x84, kContinue = 0x5f, kTooLarge = 0x8d;
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

// Its answer is another from the n-th request on, for each n of `changes`.
struct ChangingDevice {
  std::vector<int> changes;
  int asked = 0;
  CoapDevice device{[this](const CoapMessage& request) {
    ++asked;
    const auto changed = std::ranges::count_if(changes, [&](int change) { return change <= asked; });
    CoapMessage reply = block_of(request, std::string(200, static_cast<char>('a' + changed)), 2);
    reply.options.find(kEtag)->second = "e" + std::to_string(changed);
    return Replies{reply};
  }};
};

TEST(CoapDriver, an_answer_that_changes_between_its_blocks_is_fetched_anew) {
  ChangingDevice changing{{3}};
  CoapChannel channel;
  channel.device(changing.device.port());
  const TagId tag = channel.tag("/long");
  channel.start();
  RecordingSink sink;
  ASSERT_TRUE(channel.read(sink).ok());
  EXPECT_EQ(sink.value(tag), Value::text(std::string(200, 'b')));
  EXPECT_EQ(changing.device.requests().size(), 7u);
}

TEST(CoapDriver, an_answer_that_changes_each_time_is_bad) {
  ChangingDevice changing{{2, 3, 4, 5, 6, 7, 8, 9}};
  CoapChannel channel;
  channel.device(changing.device.port());
  channel.tag("/long");
  channel.start();
  RecordingSink sink;
  EXPECT_EQ(channel.read(sink).fault(), Fault::bad_reply);
  EXPECT_LE(changing.device.requests().size(), 7u);
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

// A device that takes no more than `most` bytes at a time (RFC 7959, 2.9.3).
struct SmallDevice {
  explicit SmallDevice(size_t most, uint32_t exponent)
      : device([this, most, exponent](const CoapMessage& request) {
          const uint32_t block = request.number(kBlock1).value_or(0);
          if (request.payload.size() > most) return Replies{CoapDevice::reply(request, kTooLarge, "").with(kBlock1, exponent)};
          if (block >> 4 == 0) got.clear();
          got += request.payload;
          return Replies{CoapDevice::reply(request, (block & 8) != 0 ? kContinue : kChanged, "").with(kBlock1, block)};
        }) {}
  std::string got;
  CoapDevice device;
};

TEST(CoapDriver, a_command_that_is_too_large_is_sent_in_the_blocks_that_the_device_asks_for) {
  for (const size_t size : {40u, 600u, 3000u}) {
    SmallDevice small(32, 1);
    CoapChannel channel;
    channel.device(small.device.port());
    const TagId tag = channel.tag("/text", {{"format", text("text")}}, true);
    channel.start();
    const std::string words(size, 'w');
    const WriteOutcome outcome = channel.write(tag, Value::text(words));
    EXPECT_EQ(outcome.result, CommandResult::done) << outcome.status.what();
    EXPECT_EQ(small.got, words);
    EXPECT_EQ(small.device.requests().size(), 1 + (size + 31) / 32);
  }
}

TEST(CoapDriver, a_device_that_asks_for_no_smaller_blocks_has_refused) {
  SmallDevice small(32, 6);
  CoapChannel channel;
  channel.device(small.device.port());
  const TagId tag = channel.tag("/text", {{"format", text("text")}}, true);
  channel.start();
  const WriteOutcome outcome = channel.write(tag, Value::text(std::string(600, 'w')));
  EXPECT_EQ(outcome.result, CommandResult::refused);
  EXPECT_EQ(outcome.status.detail(), 413);
  EXPECT_EQ(small.device.requests().size(), 1u);
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
  EXPECT_EQ(requests[0].token, requests[2].token);
}

// libcoap does not repeat a request for which it has seen something with the same token.
TEST(Observe, a_stale_notification_does_not_silence_a_registration) {
  int asked = 0;
  CoapDevice device([&](const CoapMessage& request) {
    const uint32_t sequences[] = {100, 99, 101};
    CoapMessage reply = CoapDevice::reply(request, kContent, std::to_string(asked));
    reply.with(kMaxAge, 30).with(kObserve, sequences[std::min(asked, 2)]);
    if (asked++ == 1) {
      reply.type = CoapMessage::con;
      reply.id = 7000;
    }
    return Replies{reply};
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
  EXPECT_EQ(after.value(tag), Value(int64_t{2}));
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
