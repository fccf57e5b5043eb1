#include "host/listener_runner.h"

#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <unordered_map>

#include "host/back_off.h"
#include "host/heartbeat.h"
#include "host/listener_counters.h"
#include "host/loop_inbox.h"

namespace ferrule {

namespace {

constexpr Duration kLongestSleep = std::chrono::minutes(1);
constexpr Duration kProvenAfter = std::chrono::seconds(5);  // a link that has lasted as long, or has brought a message, works
constexpr Duration kSayAgain = std::chrono::milliseconds(100);

// How poll() wants a pause: whole milliseconds, never early.
int milliseconds(Duration pause) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(std::clamp(pause, Duration::zero(), kLongestSleep));
  return static_cast<int>(whole.count());
}

}  // namespace

struct ListenerRunner::Impl final : ListenerOutput {
  Impl(const ChannelSettings& channel, const Clock& time, const Names& names, PushOutput& sink)
      : settings(channel),
        clock(time),
        output(sink),
        counters(channel, names, time),
        back_off(kLeastPause, kMostPause, static_cast<uint32_t>(std::hash<std::string>{}(channel.name))),
        context{time, names, stop, *this} {
    for (const DeviceSettings& device : channel.devices) {
      by_id.emplace(device.id, &device);
      for (const TagSettings& tag : device.tags) {
        if (tag.writable) writable.emplace(tag.id, device.id);
      }
    }
  }

  // ListenerOutput, on the loop's thread.
  OfferResult offer(DeviceId device, Samples&& samples, uint64_t token) override;
  void device_online(DeviceId device) override;
  void device_offline(DeviceId device, Reason reason, std::string_view why) override;
  void count(std::string_view what, uint64_t times) override { counters.event(what, times); }
  void traffic(uint64_t messages, uint64_t bytes_in, uint64_t bytes_out) override {
    counters.traffic(messages, bytes_in, bytes_out);
    if (messages > 0) prove();
  }
  void say(bool problem, std::string text) override { output.say(problem, std::move(text)); }

  void run();
  void take_mail();
  void command(WaitingCommand&& waiting);
  void try_open();
  void prove();
  bool say_offline(DeviceId device, Reason reason);
  void say_what_was_left();
  void down(const Status& why);
  void wait(MonoTime wake_at);
  static void refuse(std::vector<WaitingCommand> commands);

  const ChannelSettings& settings;
  const Clock& clock;
  PushOutput& output;
  StopSignal stop;
  ListenerCounters counters;
  Heartbeat heartbeat;
  BackOff back_off;
  std::shared_ptr<LoopInbox> inbox = std::make_shared<LoopInbox>();  // receipts may outlive the runner
  std::unordered_map<DeviceId, const DeviceSettings*> by_id;
  std::unordered_map<TagId, DeviceId> writable;
  const ListenerContext context;
  std::unique_ptr<Listener> listener;
  bool open = false;
  bool in_trouble = false;
  bool proven = false;  // since it was opened
  MonoTime opened;
  MonoTime next_open;
  std::unordered_map<DeviceId, Reason> unsaid;  // offline, and the bus had no room for their bad values
  std::thread thread;
};

OfferResult ListenerRunner::Impl::offer(DeviceId device, Samples&& samples, uint64_t token) {
  if (const auto left = unsaid.find(device); left != unsaid.end()) {  // bad values must not follow newer good ones
    if (!say_offline(device, left->second)) return OfferResult::full;
    unsaid.erase(left);
  }
  Receipt receipt = token == 0 ? Receipt() : Receipt(inbox, token);
  if (!output.push({device, std::move(samples)}, std::move(receipt))) {
    receipt.tear_up();
    counters.refused_by_bus();
    return OfferResult::full;
  }
  counters.message(device);
  return OfferResult::taken;
}

void ListenerRunner::Impl::device_online(DeviceId device) {
  if (!by_id.contains(device) || counters.online(device)) return;
  counters.device(device, true, {});
  output.device_state(device, {true, Reason::none, {}});
}

void ListenerRunner::Impl::device_offline(DeviceId device, Reason reason, std::string_view why) {
  const auto known = by_id.find(device);
  if (known == by_id.end() || !counters.online(device)) return;
  counters.device(device, false, why);
  output.device_state(device, {false, reason, std::string(why)});
  if (!say_offline(device, reason)) unsaid.insert_or_assign(device, reason);
}

// Makes its tags bad; false: the bus has no room.
bool ListenerRunner::Impl::say_offline(DeviceId device, Reason reason) {
  Samples bad;
  for (const TagSettings& tag : by_id.at(device)->tags) bad.push_back({Value(), clock.now(), tag.id, Quality::bad, reason});
  if (bad.empty() || output.push({device, std::move(bad)}, Receipt())) return true;
  counters.refused_by_bus();
  return false;
}

void ListenerRunner::Impl::say_what_was_left() {
  std::erase_if(unsaid, [this](const auto& one) { return say_offline(one.first, one.second); });
}

void ListenerRunner::Impl::try_open() {
  const MonoTime now = clock.now();
  if (now < next_open) return;
  heartbeat.begin(now + kOpenTimeout + Heartbeat::kSlack);
  const Status status = listener->open(now + kOpenTimeout);
  if (status.fault() == Fault::cancelled) return;
  if (!status.ok()) return down(status);
  open = true;
  proven = false;
  opened = now;
  counters.channel("connected", {});
}

// Who accepts and hangs up at once does not work again.
void ListenerRunner::Impl::prove() {
  if (std::exchange(proven, true)) return;
  back_off.reset();
  if (std::exchange(in_trouble, false)) output.say(false, "works again");
}

void ListenerRunner::Impl::down(const Status& why) {
  open = false;
  next_open = clock.now() + back_off.pause();
  counters.channel("connecting", why.what());
  if (!std::exchange(in_trouble, true)) output.say(true, why.what());
}

void ListenerRunner::Impl::command(WaitingCommand&& waiting) {
  const MonoTime now = clock.now();
  const auto device = writable.find(waiting.command.tag);
  if (device == writable.end()) {
    return waiting.done({CommandResult::failed, Status(Fault::invalid, "no writable tag of this channel")});
  }
  if (now >= waiting.command.expires) {
    return waiting.done({CommandResult::expired, Status(Fault::timeout, "expired before it could be sent")});
  }
  if (!open) return waiting.done({CommandResult::failed, Status(Fault::disconnected, "the channel is not open")});
  listener->write(waiting.command, std::min(now + kWriteTimeout, waiting.command.expires),
                  [this, id = device->second, done = std::move(waiting.done)](WriteOutcome outcome) {
                    counters.write(id, outcome.result);
                    done(std::move(outcome));
                  });
}

void ListenerRunner::Impl::take_mail() {
  LoopInbox::Mail mail = inbox->take();
  for (const LoopInbox::Settled& one : mail.settled) listener->settled(one.token, one.durable);
  for (WaitingCommand& waiting : mail.commands) command(std::move(waiting));
}

void ListenerRunner::Impl::wait(MonoTime wake_at) {
  const Duration pause = wake_at == MonoTime::max() ? kLongestSleep : wake_at - clock.now();
  std::array<pollfd, 3> wanted{pollfd{stop.fd(), POLLIN, 0}, pollfd{inbox->fd(), POLLIN, 0},
                               pollfd{open ? listener->fd() : -1, POLLIN, 0}};
  heartbeat.rest();
  (void)::poll(wanted.data(), wanted.size(), milliseconds(pause));
}

void ListenerRunner::Impl::run() {
  pthread_setname_np(pthread_self(), settings.name.substr(0, 15).c_str());
  counters.channel("connecting", {});
  while (!stop.raised()) {
    heartbeat.begin(clock.now() + Heartbeat::kSlack);
    take_mail();
    if (!open) try_open();
    MonoTime wake_at = next_open;
    if (open) {
      const auto next = listener->turn();
      if (next.ok()) wake_at = *next;
      const MonoTime proven_at = opened + kProvenAfter;
      if (next.ok() && !proven && clock.now() >= proven_at) prove();
      if (next.ok() && !proven) wake_at = std::min(wake_at, proven_at);
      if (!next.ok() && next.status().fault() != Fault::cancelled) down(next.status()), wake_at = next_open;
    }
    say_what_was_left();
    if (!unsaid.empty()) wake_at = std::min(wake_at, clock.now() + kSayAgain);
    if (!stop.raised() && wake_at > clock.now()) wait(wake_at);
  }
  listener->close();
  refuse(inbox->close().commands);
  counters.channel("stopped", {});
  heartbeat.rest();
}

void ListenerRunner::Impl::refuse(std::vector<WaitingCommand> commands) {
  for (WaitingCommand& waiting : commands) {
    waiting.done({CommandResult::failed, Status(Fault::cancelled, "the channel is stopping")});
  }
}

bool ListenerRunner::serves(const ChannelSettings& settings, const DriverType& type) {
  return type.listens != nullptr && type.build_listener != nullptr && type.listens(settings);
}

Result<std::unique_ptr<ListenerRunner>> ListenerRunner::build(const ChannelSettings& settings, const DriverType& type,
                                                              const Clock& clock, const Names& names, PushOutput& output) {
  auto impl = std::make_unique<Impl>(settings, clock, names, output);
  auto listener = type.build_listener(settings, impl->context);
  if (!listener) return listener.status();
  impl->listener = std::move(*listener);
  return std::unique_ptr<ListenerRunner>(new ListenerRunner(std::move(impl)));
}

ListenerRunner::ListenerRunner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ListenerRunner::~ListenerRunner() { stop(); }

void ListenerRunner::start() {
  impl_->thread = std::thread([this] { impl_->run(); });
}

void ListenerRunner::stop() {
  impl_->stop.raise();
  if (impl_->thread.joinable()) impl_->thread.join();
  Impl::refuse(impl_->inbox->close().commands);  // where there was no thread to do it
}

void ListenerRunner::write(Command command, std::function<void(WriteOutcome)> done) {
  WaitingCommand waiting{std::move(command), std::move(done)};
  if (impl_->inbox->push(std::move(waiting))) return;
  // NOLINTNEXTLINE(bugprone-use-after-move): what was not pushed is untouched
  waiting.done({CommandResult::failed, Status(Fault::full, "too many commands wait for this channel, or it is stopping")});
}

ChannelReport ListenerRunner::report() const { return impl_->counters.channel_report(); }

std::vector<DeviceReport> ListenerRunner::devices() const { return impl_->counters.device_reports(); }

bool ListenerRunner::alive(MonoTime now) const { return impl_->heartbeat.alive(now); }

}  // namespace ferrule
