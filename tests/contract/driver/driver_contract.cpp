#include "driver_contract.h"

#include <gmock/gmock.h>

#include <future>
#include <set>

#include "tests/fakes/recording_sink.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;

// The driver of a case's world, built as the runner builds it.
class Bench {
 public:
  explicit Bench(const DriverCase& one) : world_(one.world()), context_{clock_, world_->names(), stop_, nullptr} {
    auto built = world_->type().build(world_->channel(), context_);
    EXPECT_TRUE(built.ok()) << built.status().what();
    driver_ = std::move(*built);
  }
  DriverWorld& world() { return *world_; }
  Driver& driver() { return *driver_; }
  StopSignal& stop() { return stop_; }
  Deadline in(Duration duration) const { return clock_.now() + duration; }
  MonoTime now() const { return clock_.now(); }

  Requests plan(size_t device) {
    std::vector<const TagSettings*> tags;
    for (const TagSettings& tag : world_->channel().devices[device].tags) tags.push_back(&tag);
    auto requests = driver_->plan(world_->channel().devices[device], tags);
    EXPECT_TRUE(requests.ok()) << requests.status().what();
    return *requests;
  }

 private:
  std::unique_ptr<DriverWorld> world_;
  SystemClock clock_;
  StopSignal stop_;
  ChannelContext context_;
  std::unique_ptr<Driver> driver_;
};

TEST_P(DriverContract, its_checked_settings_build) {
  const auto world = GetParam().world();
  Complaints complaints;
  world->type().check(world->channel(), world->names(), complaints);
  for (const Complaint& complaint : complaints) ADD_FAILURE() << complaint.what;
}

TEST_P(DriverContract, a_plan_answers_each_tag_exactly_once_and_is_always_the_same) {
  Bench bench(GetParam());
  std::multiset<TagId> planned;
  for (const Request& request : bench.plan(0)) planned.insert(request.tags.begin(), request.tags.end());
  std::multiset<TagId> wanted;
  for (const TagSettings& tag : bench.world().channel().devices[0].tags) wanted.insert(tag.id);
  EXPECT_EQ(planned, wanted);
  const Requests first = bench.plan(0);
  const Requests second = bench.plan(0);
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].text, second[i].text);
}

TEST_P(DriverContract, connecting_and_disconnecting_twice_does_no_harm) {
  Bench bench(GetParam());
  bench.driver().disconnect();
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  bench.driver().disconnect();
  bench.driver().disconnect();
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  RecordingSink sink;
  EXPECT_TRUE(bench.driver().read(bench.plan(0)[0], sink, bench.in(5s)).status.ok());
}

TEST_P(DriverContract, a_read_without_a_link_says_disconnected) {
  Bench bench(GetParam());
  RecordingSink sink;
  EXPECT_EQ(bench.driver().read(bench.plan(0)[0], sink, bench.in(1s)).status.fault(), Fault::disconnected);
  EXPECT_TRUE(sink.said.empty());
}

TEST_P(DriverContract, a_read_answers_each_tag_at_most_once_and_accounts_for_its_bytes) {
  Bench bench(GetParam());
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  for (const Request& request : bench.plan(0)) {
    RecordingSink sink;
    const Exchange exchange = bench.driver().read(request, sink, bench.in(5s));
    ASSERT_TRUE(exchange.status.ok()) << exchange.status.what();
    EXPECT_TRUE(sink.each_at_most_once());
    for (const TagId tag : request.tags) EXPECT_FALSE(sink.value(tag).empty());
    EXPECT_GT(exchange.bytes_out, 0u);
    EXPECT_GT(exchange.bytes_in, 0u);
    EXPECT_GT(exchange.on_wire, 0ns);
  }
}

TEST_P(DriverContract, what_was_written_is_read_back) {
  Bench bench(GetParam());
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  const TagId tag = bench.world().writable();
  for (const int64_t number : {4711, 0, 31000}) {
    Command command;
    command.tag = tag;
    command.value = number;
    command.expires = bench.in(10s);
    const WriteOutcome outcome = bench.driver().write(command, bench.in(5s));
    ASSERT_EQ(outcome.result, CommandResult::done) << outcome.status.what();
    RecordingSink sink;
    for (const Request& request : bench.plan(0)) {
      const bool has_it = std::ranges::find(request.tags, tag) != request.tags.end();
      if (has_it) {
        EXPECT_TRUE(bench.driver().read(request, sink, bench.in(5s)).status.ok());
      }
    }
    EXPECT_EQ(sink.value(tag).number(), static_cast<double>(number));
  }
}

TEST_P(DriverContract, a_command_past_its_time_is_never_sent) {
  Bench bench(GetParam());
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  Command command;
  command.tag = bench.world().writable();
  command.value = int64_t{1};
  command.expires = bench.now() - 1ms;
  EXPECT_EQ(bench.driver().write(command, bench.in(5s)).result, CommandResult::expired);
}

TEST_P(DriverContract, a_write_without_a_link_has_failed_and_did_not_happen) {
  Bench bench(GetParam());
  Command command;
  command.tag = bench.world().writable();
  command.value = int64_t{1};
  command.expires = bench.in(10s);
  EXPECT_EQ(bench.driver().write(command, bench.in(1s)).result, CommandResult::failed);
}

TEST_P(DriverContract, a_silent_device_is_a_timeout_and_the_next_read_of_another_is_good) {
  Bench bench(GetParam());
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  RecordingSink silent;
  const Deadline deadline = bench.in(300ms);
  const Exchange exchange = bench.driver().read(bench.plan(1)[0], silent, deadline);
  EXPECT_EQ(exchange.status.fault(), Fault::timeout) << exchange.status.what();
  EXPECT_GE(bench.now(), deadline);
  for (const auto& said : silent.said) EXPECT_EQ(said.quality, Quality::bad);
  RecordingSink sink;
  const Exchange next = bench.driver().read(bench.plan(0)[0], sink, bench.in(5s));
  EXPECT_TRUE(next.status.ok()) << next.status.what();
}

TEST_P(DriverContract, the_stop_signal_ends_a_blocked_read) {
  Bench bench(GetParam());
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  const Requests requests = bench.plan(1);
  const Deadline far = bench.in(60s);
  auto status = std::async(std::launch::async, [&] {
    RecordingSink sink;
    return bench.driver().read(requests[0], sink, far).status;
  });
  EXPECT_EQ(status.wait_for(50ms), std::future_status::timeout);
  bench.stop().raise();
  EXPECT_EQ(status.get().fault(), Fault::cancelled);
  EXPECT_LT(bench.now(), far);
}

TEST_P(DriverContract, a_link_that_breaks_says_so) {
  Bench bench(GetParam());
  ASSERT_TRUE(bench.driver().connect(bench.in(5s)).ok());
  const Requests requests = bench.plan(0);
  RecordingSink sink;
  ASSERT_TRUE(bench.driver().read(requests[0], sink, bench.in(5s)).status.ok());
  bench.world().cut_link();
  const Fault expected = bench.world().has_link() ? Fault::disconnected : Fault::timeout;
  EXPECT_EQ(bench.driver().read(requests[0], sink, bench.in(5s)).status.fault(), expected);
  EXPECT_EQ(bench.driver().read(requests[0], sink, bench.in(5s)).status.fault(), expected);
}

}  // namespace

}  // namespace ferrule
