// A driver without a wire, for tests of what stands around drivers. Its world is a FakeLine that the test holds: which devices
// are dead, whether the link is up, how long an exchange takes; and a log of what was asked.
//
// With a ManualClock each exchange advances it (a timeout: to the deadline); without one nothing takes time.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sdk/driver.h"
#include "tests/fakes/manual_clock.h"

namespace ferrule {

class FakeLine {
 public:
  // The line of the drivers that kFakeDriver builds from now on; one at a time.
  FakeLine() { current() = this; }
  ~FakeLine() { current() = nullptr; }
  FakeLine(const FakeLine&) = delete;
  FakeLine& operator=(const FakeLine&) = delete;
  static FakeLine*& current() {
    static FakeLine* line = nullptr;
    return line;
  }

  ManualClock* clock = nullptr;
  Duration exchange = std::chrono::milliseconds(10);
  Duration timeout = std::chrono::milliseconds(500);
  size_t tags_per_request = 2;
  std::set<DeviceId> unplannable;
  // Where set, these decide instead of the line. Called with the lock not held.
  std::function<Status(Deadline)> on_connect;
  std::function<Exchange(const Request&, SampleSink&, Deadline)> on_read;
  std::function<WriteOutcome(const Command&, Deadline)> on_write;
  std::function<WriteOutcome(const Command&, Deadline)> on_read_back;
  std::function<MonoTime(const Command&, MonoTime)> on_write_free_at;
  std::function<MonoTime(const Request&, MonoTime)> on_free_at;
  std::function<Attention(MonoTime)> on_attend;
  std::function<ProbeAnswer(const ProbeQuestion&, Deadline)> on_probe;  // not set: the driver has no prober

  void set_link(bool up) {
    with([&] { link_ = up; });
  }
  void set_dead(DeviceId device, bool dead) {
    with([&] { dead ? (void)dead_.insert(device) : (void)dead_.erase(device); });
  }
  bool link() {
    bool up = false;
    with([&] { up = link_; });
    return up;
  }
  bool dead(DeviceId device) {
    bool is = false;
    with([&] { is = dead_.contains(device); });
    return is;
  }
  void note(std::string what) {
    with([&] { log_.push_back(std::move(what)); });
  }
  std::vector<std::string> take_log() {
    std::vector<std::string> log;
    with([&] { log.swap(log_); });
    return log;
  }
  size_t count(const std::string& what) {
    size_t found = 0;
    with([&] { found = static_cast<size_t>(std::count(log_.begin(), log_.end(), what)); });
    return found;
  }
  void spend(Duration time) {
    if (clock != nullptr) clock->advance(time);
  }
  void spend_until(Deadline deadline) {
    if (clock != nullptr && deadline > clock->now()) clock->set(deadline);
  }

 private:
  template <class Do>
  void with(Do&& what) {
    const std::lock_guard guard(lock_);
    std::forward<Do>(what)();
  }
  std::mutex lock_;
  bool link_ = true;
  std::set<DeviceId> dead_;
  std::vector<std::string> log_;
};

class FakeDriver final : public Driver, private Prober {
 public:
  FakeDriver(FakeLine& line, const ChannelContext& context) : line_(line), context_(context) {}

  Result<Requests> plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const override {
    if (line_.unplannable.contains(device.id)) return Status(Fault::invalid, "no such address");
    Requests requests;
    for (size_t i = 0; i < tags.size(); ++i) {
      if (i % line_.tags_per_request == 0) {
        requests.push_back({device.id, {}, name(device.id) + "#" + std::to_string(requests.size()), nullptr});
      }
      requests.back().tags.push_back(tags[i]->id);
    }
    return requests;
  }

  // Each tag in a request of its own.
  Result<Requests> replan(const DeviceSettings& device, std::span<const TagId> tags) const override {
    Requests requests;
    for (const TagId tag : tags) {
      requests.push_back({device.id, {tag}, name(device.id) + "/" + std::to_string(requests.size()), nullptr});
    }
    return requests;
  }

  MonoTime free_at(const Request& request, MonoTime now) const override {
    return line_.on_free_at ? line_.on_free_at(request, now) : now;
  }

  Attention attend(MonoTime now) override { return line_.on_attend ? line_.on_attend(now) : Attention(); }

  Status connect(Deadline deadline) override {
    if (connected_) return {};
    line_.note("connect");
    const Status status = line_.on_connect ? line_.on_connect(deadline)
                          : line_.link()   ? Status()
                                           : Status(Fault::disconnected, "nobody listens");
    connected_ = status.ok();
    return status;
  }

  Exchange read(const Request& request, SampleSink& sink, Deadline deadline) override {
    line_.note(request.text);
    if (line_.on_read) {
      Exchange exchange = line_.on_read(request, sink, deadline);
      if (exchange.status.fault() == Fault::disconnected) connected_ = false;
      return exchange;
    }
    if (!line_.link()) {
      connected_ = false;
      return {Status(Fault::disconnected, "the link broke"), 0, 0, {}};
    }
    if (line_.dead(request.device)) {
      line_.spend_until(deadline);
      return {Status(Fault::timeout, "no answer"), 8, 0, {}};
    }
    line_.spend(line_.exchange);
    for (const TagId tag : request.tags) sink.good(tag, int64_t{1});
    return {Status(), 8, 16, line_.exchange};
  }

  MonoTime write_free_at(const Command& command, MonoTime now) const override {
    return line_.on_write_free_at ? line_.on_write_free_at(command, now) : now;
  }

  WriteOutcome write(const Command& command, Deadline deadline) override {
    line_.note("write " + command.id);
    if (line_.on_write) {
      WriteOutcome outcome = line_.on_write(command, deadline);
      if (outcome.status.fault() == Fault::disconnected) connected_ = false;
      return outcome;
    }
    if (!line_.link()) {
      connected_ = false;
      return {CommandResult::failed, Status(Fault::disconnected, "the link broke")};
    }
    line_.spend(line_.exchange);
    return {CommandResult::done, Status()};
  }

  Prober* prober() override { return line_.on_probe ? this : nullptr; }

  WriteOutcome read_back(const Command& command, Deadline deadline) override {
    line_.note("read back " + command.id);
    return line_.on_read_back(command, deadline);
  }

  void disconnect() noexcept override {
    line_.note("disconnect");
    connected_ = false;
  }

 private:
  ProbeAnswer probe(const ProbeQuestion& question, Deadline deadline) override {
    line_.note("probe " + question.address);
    ProbeAnswer answer = line_.on_probe(question, deadline);
    if (answer.status.fault() == Fault::disconnected) connected_ = false;
    return answer;
  }
  std::string name(DeviceId id) const { return std::string(context_.names.name(id)); }

  FakeLine& line_;
  const ChannelContext& context_;
  bool connected_ = false;
};

inline constexpr DriverType kFakeDriver{
    .name = "fake",
    .help = "A driver without a wire.",
    .channel_fields = {},
    .device_fields = {},
    .tag_fields = {},
    .check = [](const ChannelSettings&, const Names&, Complaints&) {},
    .build = [](const ChannelSettings&, const ChannelContext& context) -> Result<std::unique_ptr<Driver>> {
      return std::unique_ptr<Driver>(new FakeDriver(*FakeLine::current(), context));
    },
    .resource = nullptr,
    .nth = nullptr,
    .timeout = [](const ChannelSettings&, const DeviceSettings&) { return FakeLine::current()->timeout; },
};

}  // namespace ferrule
