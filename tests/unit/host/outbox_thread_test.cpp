#include "host/outbox_thread.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "sdk/encoder.h"

namespace ferrule {
namespace {

using namespace std::chrono_literals;

// A link that is always there and acknowledges at once; what was on the disk when a message of data went is noted.
class WillingUplink final : public Uplink {
 public:
  WillingUplink(UplinkEvents& events, const OutboxThread& outbox) : events_(events), outbox_(outbox) {}
  void connect() override { events_.connected(); }
  void disconnect(const Publication&, Deadline) override {}
  Status publish(const Publication& publication, uint64_t token) override {
    if (!publication.retain) {
      const std::lock_guard guard(lock_);
      stored_.push_back(outbox_.counters().bytes_written);
    }
    events_.settled(token, Settlement::delivered, "");
    changed_.notify_all();
    return {};
  }
  void breaks() { events_.lost({Fault::disconnected, "gone"}); }

  // Bytes that had been stored when each message of data was sent, once there are so many.
  std::vector<uint64_t> wait_for(size_t messages) {
    std::unique_lock guard(lock_);
    EXPECT_TRUE(changed_.wait_for(guard, 20s, [&] { return stored_.size() >= messages; }));
    return stored_;
  }

 private:
  UplinkEvents& events_;
  const OutboxThread& outbox_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<uint64_t> stored_;
};

class OneWord final : public Encoder {
 public:
  Status encode(std::span<const EncoderInput>, size_t, std::vector<std::string>& messages) override {
    messages.push_back("word");
    return {};
  }
};

class OutboxThreadTest : public testing::Test {
 protected:
  ~OutboxThreadTest() override {
    if (runner != nullptr) runner->stop(clock.now() + 5s);
    if (thread != nullptr) thread->stop();
    std::filesystem::remove_all(folder_);
  }

  void start(bool write_ahead) {
    std::filesystem::create_directories(folder_);
    OutboxSettings outbox;
    outbox.path = folder_ + "/outbox.db";
    outbox.write_ahead = write_ahead;
    outbox.flush_after = 1h;
    std::vector<std::string> notes;
    auto opened = Outbox::open(outbox, clock, names, notes);
    ASSERT_TRUE(opened.ok());
    thread = std::make_unique<OutboxThread>(std::move(*opened), outbox, clock, [](std::vector<Loss>) {});
    index = thread->attach("cloud");
    thread->settle_membership();
    thread->start();
    UplinkSettings settings;
    settings.name = "cloud";
    settings.mqtt.retry_least = settings.mqtt.retry_most = 1ms;
    const auto make = [this](const UplinkSettings&, const UplinkContext&, UplinkEvents& events) {
      auto made = std::make_unique<WillingUplink>(events, *thread);
      uplink = made.get();
      return Result<std::unique_ptr<Uplink>>(std::move(made));
    };
    runner =
        std::make_unique<UplinkRunner>(settings, UplinkContext{clock, names, "plant", thread->boot(), thread->boot(), nullptr},
                                       std::make_unique<OneWord>(), make, thread->backlog(index));
    thread->connect(index, runner.get());
    runner->start();
    wait_for_session(1);
  }

  void wait_for_session(uint64_t number) {
    for (int i = 0; i < 20'000 && runner->status().connects < number; ++i) std::this_thread::sleep_for(1ms);
    ASSERT_EQ(runner->status().connects, number);
  }

  RecordPtr record() {
    const MonoTime now = clock.now();
    const DeviceId device = names.device("pump");
    return std::make_shared<const Record>(
        Record{device, now, clock.wall(), Samples{{.value = 7.5, .read_at = now, .tag = names.tag(device, "speed")}}});
  }
  void append(RecordPtr record, uint32_t claimed) {
    thread->append({std::move(record), thread->first_position(), {1}, {claimed}});
  }

  SystemClock clock;
  Names names;
  std::unique_ptr<OutboxThread> thread;
  std::unique_ptr<UplinkRunner> runner;
  WillingUplink* uplink = nullptr;
  UplinkIndex index{};

 private:
  const std::string folder_ = testing::TempDir() + "/outbox_thread." + std::to_string(getpid());
};

TEST_F(OutboxThreadTest, with_write_ahead_live_data_is_stored_before_it_is_sent) {
  start(true);
  const RecordPtr read = record();
  const uint32_t session = runner->claim(*read);
  ASSERT_NE(session, 0u);
  append(read, session);
  EXPECT_GT(uplink->wait_for(1).front(), 0u);
}

TEST_F(OutboxThreadTest, without_it_live_data_is_not_stored) {
  start(false);
  const RecordPtr read = record();
  const uint32_t session = runner->offer({read, thread->first_position(), thread->boot(), 1});
  ASSERT_NE(session, 0u);
  append(read, session);
  EXPECT_EQ(uplink->wait_for(1).front(), 0u);
}

TEST_F(OutboxThreadTest, a_record_whose_session_ended_before_the_outbox_got_it_is_sent_in_the_next) {
  start(false);
  const RecordPtr read = record();
  uplink->breaks();
  wait_for_session(2);
  append(read, 1);
  EXPECT_EQ(uplink->wait_for(1).size(), 1u);
}

}  // namespace
}  // namespace ferrule
