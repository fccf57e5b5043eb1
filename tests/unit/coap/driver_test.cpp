// The driver against a device that the test scripts: error codes, blocks, commands. Debian's coap-server is the peer
// in contract/driver and in peer_test.cpp.
#include <gmock/gmock.h>

#include <future>

#include "tests/fakes/coap_channel.h"
#include "tests/fakes/coap_device.h"
#include "tests/fakes/coap_numbers.h"

namespace ferrule::coap {

namespace {

using namespace std::chrono_literals;

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

}  // namespace

}  // namespace ferrule::coap
