#include "host/channel_runner.h"

#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/channel_loop.h"
#include "host/learnt_file.h"

namespace ferrule {

namespace {
constexpr size_t kStack = 256 * 1024;  // there may be thousands of channels
constexpr Duration kLongestSleep = std::chrono::hours(1);
}  // namespace

struct ChannelRunner::Impl {
  Impl(const ChannelSettings& channel, const Clock& time, const Names& names, ChannelOutput& sink, size_t frame_bytes,
       const std::string& learnt_file, const std::string& about)
      : settings(channel),
        clock(time),
        output(sink),
        frames(time, frame_bytes),
        learnt(learnt_file, about),
        context{
            .clock = time, .names = names, .stop = stop, .trace = &frames, .learnt = learnt_file.empty() ? nullptr : &learnt} {}

  static void* thread_main(void* impl);
  void run();
  void refuse_commands();

  const ChannelSettings& settings;
  const Clock& clock;
  ChannelOutput& output;
  StopSignal stop;
  FrameRing frames;
  LearntFile learnt;
  const ChannelContext context;
  std::unique_ptr<Driver> driver;
  ChannelPlan plan;
  CommandQueue commands;
  Heartbeat heartbeat;
  std::unique_ptr<ChannelLoop> loop;
  pthread_t thread{};
  bool running = false;
};

void* ChannelRunner::Impl::thread_main(void* impl) {
  static_cast<Impl*>(impl)->run();
  return nullptr;
}

void ChannelRunner::Impl::run() {
  pthread_setname_np(pthread_self(), settings.name.substr(0, 15).c_str());
  loop->begin();
  while (!stop.raised()) {
    const MonoTime wake = loop->turn();
    const Duration pause = std::min(wake - clock.now(), kLongestSleep);
    if (pause <= Duration::zero()) continue;
    heartbeat.rest();
    commands.wait(pause);
  }
  refuse_commands();
  loop->end();
  heartbeat.rest();
}

void ChannelRunner::Impl::refuse_commands() {
  commands.close();
  while (auto waiting = commands.pop())
    waiting->done({CommandResult::failed, Status(Fault::cancelled, "the channel is stopping")});
  while (auto waiting = commands.pop_probe()) waiting->done({.status = Status(Fault::cancelled, "the channel is stopping")});
}

Result<std::unique_ptr<ChannelRunner>> ChannelRunner::build(const ChannelSettings& settings, const DriverType& type,
                                                            const Clock& clock, const Names& names, ChannelOutput& output,
                                                            size_t frame_bytes, const std::string& learnt_file) {
  // Of another configuration nothing is taken over: the user may have mended what was learnt, or put another device there.
  const std::string place = type.resource != nullptr ? type.resource(settings) : settings.name;
  const std::string about = place + " " + std::to_string(settings.fingerprint);
  auto impl = std::make_unique<Impl>(settings, clock, names, output, frame_bytes, learnt_file, about);
  auto driver = type.build(settings, impl->context);
  if (!driver) return driver.status();
  impl->driver = std::move(driver).value();
  auto plan = plan_channel(settings, type, *impl->driver, names);
  if (!plan) return plan.status();
  impl->plan = std::move(plan).value();
  impl->loop = std::make_unique<ChannelLoop>(ChannelLoop::Parts{settings, impl->plan, *impl->driver, clock, impl->stop, output,
                                                                impl->commands, impl->heartbeat, &impl->frames});
  return std::unique_ptr<ChannelRunner>(new ChannelRunner(std::move(impl)));
}

ChannelRunner::ChannelRunner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ChannelRunner::~ChannelRunner() { stop(); }

void ChannelRunner::start() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  const int error = pthread_create(&impl_->thread, &attributes, &Impl::thread_main, impl_.get());
  pthread_attr_destroy(&attributes);
  impl_->running = error == 0;
  if (error == 0) return;
  impl_->output.say(true, std::string("no thread for this channel: ") + std::strerror(error));
  impl_->refuse_commands();
}

void ChannelRunner::stop() {
  impl_->stop.raise();
  impl_->commands.wake();
  if (std::exchange(impl_->running, false)) pthread_join(impl_->thread, nullptr);
  impl_->refuse_commands();  // where there was no thread to do it
}

void ChannelRunner::write(Command command, std::function<void(WriteOutcome)> done) {
  WaitingCommand waiting{std::move(command), std::move(done), impl_->clock.now()};
  if (impl_->commands.push(std::move(waiting))) return;
  // NOLINTNEXTLINE(bugprone-use-after-move): what was not pushed is untouched
  waiting.done({CommandResult::failed, Status(Fault::full, "too many commands wait for this channel, or it is stopping")});
}

void ChannelRunner::probe(ProbeQuestion question, std::function<void(ProbeAnswer)> done) {
  WaitingProbe waiting{std::move(question), std::move(done)};
  if (impl_->commands.push(std::move(waiting))) return;
  // NOLINTNEXTLINE(bugprone-use-after-move): what was not pushed is untouched
  waiting.done({.status = Status(Fault::full, "others are asking over this channel already, or it is stopping")});
}

ChannelReport ChannelRunner::report() const { return impl_->loop->counters().channel_report(); }

std::vector<DeviceReport> ChannelRunner::devices() const { return impl_->loop->counters().device_reports(); }

std::vector<RecordedExchange> ChannelRunner::frames() const { return impl_->frames.exchanges(); }

bool ChannelRunner::alive(MonoTime now) const { return impl_->heartbeat.alive(now); }

}  // namespace ferrule
