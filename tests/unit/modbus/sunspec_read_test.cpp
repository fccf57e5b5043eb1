// SunSpec devices that are busy, gone, or not to be read everywhere, over Modbus TCP.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/recording_sink.h"
#include "tests/fakes/scripted_device.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;
using Peer = ScriptedDevice::Peer;

// Model 1 at 40002, model 103 at 40070 with words 2..51 of 100, 101, ...
class SunSpecPlant {
 public:
  explicit SunSpecPlant(std::initializer_list<const char*> addresses, const char* never_read = nullptr)
      : device([this](Peer& peer, const HeardRequest& heard) { answer(peer, heard); }) {
    channel.tcp(device.port()).device(5);
    if (never_read != nullptr) channel.device_fields().set("never_read", Texts{never_read});
    for (const char* address : addresses) tags.push_back(channel.tag(address));
    driver = channel.build();
    request = channel.plan(*driver)[0];
    EXPECT_TRUE(driver->connect(channel.in(5s)).ok());
  }
  // As the channel's loop asks; the status of the last exchange.
  Status poll(Duration timeout = 5s) {
    sink.said.clear();
    std::deque<Request> open{request};
    Exchange exchange;
    while (!open.empty()) {
      exchange = driver->read(open.front(), sink, channel.in(timeout));
      open.pop_front();
      open.insert(open.begin(), exchange.instead.begin(), exchange.instead.end());
    }
    return exchange.status;
  }
  std::optional<uint16_t> detail() const {
    if (sink.said.size() != 1 || sink.said[0].reason != Reason::device_refused) return std::nullopt;
    return sink.said[0].detail;
  }

  std::atomic<int> code{0};  // of the exception that everything is answered with; -1: silence
  ModbusChannel channel;
  std::vector<TagId> tags;
  std::unique_ptr<Driver> driver;
  Request request;
  RecordingSink sink;
  std::set<uint32_t> asked;  // every register
  ScriptedDevice device;

 private:
  static uint16_t word(uint32_t at) {
    static const std::map<uint32_t, uint16_t> headers{{40000, 0x5375}, {40001, 0x6e53}, {40002, 1},     {40003, 66},
                                                      {40070, 103},    {40071, 50},     {40122, 0xffff}};
    const auto header = headers.find(at);
    return header != headers.end() ? header->second : static_cast<uint16_t>(at < 40072 ? 0 : 100 + at - 40072);
  }
  void answer(Peer& peer, const HeardRequest& heard) {
    for (uint32_t i = 0; i < heard.count(); ++i) asked.insert(heard.address() + i);
    if (code < 0) return;
    if (code > 0) return peer.send_tcp(heard.transaction, {5, 0x83, static_cast<uint8_t>(code)});
    std::vector<uint16_t> words;
    for (uint32_t i = 0; i < heard.count(); ++i) words.push_back(word(heard.address() + i));
    peer.send_tcp(heard.transaction, read_answer(5, 3, words));
  }
};

TEST(SunSpecReads, a_device_that_is_busy_when_it_is_first_asked_is_asked_again) {
  for (const int code : {4, 5, 6}) {
    SunSpecPlant plant({"sunspec:103/14"});
    plant.code = code;
    EXPECT_TRUE(plant.poll().ok());
    EXPECT_EQ(plant.detail(), code) << "the tag says so";
    plant.code = 0;
    EXPECT_TRUE(plant.poll().ok());
    EXPECT_EQ(plant.sink.value(plant.tags[0]), Value(uint64_t{112}));
  }
}

TEST(SunSpecReads, a_device_without_the_model_that_dies_is_seen_to_be_dead) {
  for (const int code : {0, 2}) {
    SunSpecPlant plant({"sunspec:160/14"});
    plant.code = code;
    EXPECT_TRUE(plant.poll().ok());
    const int requests = plant.device.requests();
    EXPECT_TRUE(plant.poll().ok());
    EXPECT_EQ(plant.detail(), 2);
    EXPECT_EQ(plant.device.requests(), requests + 1);
    plant.code = -1;
    EXPECT_EQ(plant.poll(50ms).fault(), Fault::timeout);
  }
}

TEST(SunSpecReads, what_must_never_be_read_is_not_whether_it_lies_in_a_gap_in_a_point_or_in_the_search) {
  SunSpecPlant in_gap({"sunspec:103/14", "sunspec:103/18"}, "holding:40085-40086");
  EXPECT_TRUE(in_gap.poll().ok());
  EXPECT_EQ(in_gap.sink.value(in_gap.tags[0]), Value(uint64_t{112}));
  EXPECT_EQ(in_gap.sink.value(in_gap.tags[1]), Value(uint64_t{116}));
  EXPECT_EQ(in_gap.asked.count(40085) + in_gap.asked.count(40086), 0U);
  EXPECT_EQ(in_gap.asked.count(40084) + in_gap.asked.count(40088), 2U);

  SunSpecPlant point({"sunspec:103/14"}, "holding:40084");
  EXPECT_TRUE(point.poll().ok());
  EXPECT_EQ(point.detail(), 2);
  EXPECT_EQ(point.asked.count(40084), 0U);

  SunSpecPlant search({"sunspec:103/14"}, "holding:40070-40200");
  EXPECT_TRUE(search.poll().ok());
  EXPECT_EQ(search.detail(), 2);
  EXPECT_LT(*search.asked.rbegin(), 40070U);
}

}  // namespace

}  // namespace ferrule
