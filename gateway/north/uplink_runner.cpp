// The thread around LinkState (when to connect) and Lanes (what to send). Everything reaches it as an event through one queue;
// the transport's callbacks only post.
#include "north/uplink_runner.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <variant>

#include "core/bounded_queue.h"
#include "core/guarded.h"
#include "north/device_states.h"
#include "north/herald.h"
#include "north/lanes.h"
#include "north/link_state.h"
#include "north/live_gate.h"
#include "north/state_text.h"
#include "north/topics.h"

namespace ferrule {

namespace {

struct LiveRecord {
  Envelope envelope;
  uint32_t session;
};
struct BacklogAnswer {
  std::vector<Envelope> envelopes;
};
struct Connected {};
struct Lost {
  Status why;
};
struct Settled {
  uint64_t token;
  Settlement settlement;
  std::string why;
};
struct Stop {
  Deadline deadline;
};
using Event = std::variant<LiveRecord, BacklogAnswer, Connected, Lost, Settled, Stop>;

constexpr size_t kInbox =
    100'000;  // never reached: live is bounded by the gate, answers by the window, the rest by one at a time

// Where records are gathered for publish_every anyway, they need not wake this thread one by one.
constexpr Duration kGather = std::chrono::milliseconds(20);

bool lanes_only(const std::vector<Event>& events) {
  return std::ranges::all_of(events, [](const Event& event) {
    return std::holds_alternative<LiveRecord>(event) || std::holds_alternative<Settled>(event);
  });
}

}  // namespace

struct UplinkRunner::Impl final : UplinkEvents {
  Impl(UplinkSettings settings_, UplinkContext context_, std::unique_ptr<Encoder> encoder_, MakeUplink make, Backlog& backlog_)
      : settings(std::move(settings_)),
        context(std::move(context_)),
        encoder(std::move(encoder_)),
        make_uplink(std::move(make)),
        backlog(backlog_),
        link(settings.mqtt),
        herald(context.say),
        random(static_cast<uint32_t>(std::hash<std::string>()(context.gateway + settings.name) ^
                                     static_cast<uint64_t>(context.clock.wall().time_since_epoch().count()))) {
    status.with([&](UplinkStatus& now) {
      now.name = settings.name;
      now.trouble = "not connected yet";
      now.since = context.clock.wall();
    });
  }

  // UplinkEvents: any thread.
  void connected() override { inbox.push_always(Connected{}); }
  void lost(Status why) override { inbox.push_always(Lost{std::move(why)}); }
  void settled(uint64_t token, Settlement settlement, std::string why) override {
    inbox.push_always(Settled{token, settlement, std::move(why)});
  }

  void start();
  void run();
  void turn(std::vector<Event>& events);
  void tick();
  void handle(LiveRecord& event) { lanes->live(std::move(event.envelope), event.session, context.clock.now()); }
  void handle(BacklogAnswer& event) { lanes->backlog(std::move(event.envelopes), context.clock.now()); }
  void handle(Connected&);
  void handle(Lost& event);
  void handle(Settled& event) { lanes->settled(event.token, event.settlement, std::move(event.why), context.clock.now()); }
  void handle(Stop& event);
  void give_up(Status why);
  void refresh_status();
  MonoTime wake_at() const;

  const UplinkSettings settings;
  const UplinkContext context;
  const std::unique_ptr<Encoder> encoder;
  const MakeUplink make_uplink;
  Backlog& backlog;

  LiveGate gate;
  DeviceStates states;
  std::atomic<bool> more_backlog{false};
  BoundedQueue<Event> inbox{kInbox};
  Guarded<UplinkStatus> status;

  // Runner's thread only.
  std::unique_ptr<Uplink> uplink;
  std::unique_ptr<Lanes> lanes;
  LinkState link;
  Herald herald;
  std::minstd_rand random;
  uint32_t session = 0;
  uint64_t connects = 0;
  WallTime since;
  std::string trouble;
  bool stopping = false;

  std::thread thread;
};

void UplinkRunner::Impl::start() {
  auto made = make_uplink(settings, context, *this);
  if (!made) {
    herald.problem(made.status().fault(), made.status().what(), context.clock.now());
    status.with([&](UplinkStatus& now) { now.trouble = made.status().what(); });
    return;
  }
  uplink = std::move(made).value();
  lanes = std::make_unique<Lanes>(Lanes::Parts{settings, context, *encoder, *uplink, backlog, gate, states});
  since = context.clock.wall();
  thread = std::thread([this] { run(); });
}

void UplinkRunner::Impl::run() {
  std::vector<Event> events;
  tick();
  while (!stopping && inbox.drain(events, wake_at())) {
    const bool may_gather = settings.publish_every >= 10 * kGather && lanes_only(events);
    turn(events);
    if (may_gather) std::this_thread::sleep_for(kGather);
  }
}

void UplinkRunner::Impl::turn(std::vector<Event>& events) {
  for (Event& event : events) {
    std::visit([this](auto& known) { handle(known); }, event);
    if (stopping) return;
  }
  events.clear();
  if (more_backlog.exchange(false)) lanes->backlog_waiting();
  tick();
}

void UplinkRunner::Impl::tick() {
  const MonoTime now = context.clock.now();
  if (lanes->stalled(now)) {
    give_up({Fault::timeout, "no acknowledgement for " +
                                 std::to_string(std::chrono::round<std::chrono::seconds>(lanes->patience()).count()) + " s"});
  }
  switch (link.tick(now)) {
    case LinkState::Todo::nothing: break;
    case LinkState::Todo::connect: uplink->connect(); break;
    case LinkState::Todo::give_up: give_up({Fault::timeout, "no answer to the attempt to connect"}); break;
  }
  lanes->pump(now);
  refresh_status();
}

// The link is dead although the transport does not know: close it, without a farewell that nobody would hear.
void UplinkRunner::Impl::give_up(Status why) {
  uplink->disconnect({}, context.clock.now() + std::chrono::seconds(2));
  Lost event{std::move(why)};
  handle(event);
}

void UplinkRunner::Impl::handle(Connected&) {
  if (!link.connecting()) return;  // of an attempt that was given up
  const MonoTime now = context.clock.now();
  link.connected(now);
  ++connects;
  trouble.clear();
  since = context.clock.wall();
  herald.well("connected to " + settings.mqtt.host);
  lanes->connected(++session, uplink->limits(), now);
}

void UplinkRunner::Impl::handle(Lost& event) {
  const bool was_up = link.up();
  if (!was_up && !link.connecting()) return;  // told already
  const MonoTime now = context.clock.now();
  lanes->lost(event.why.fault(), now);
  link.lost(event.why.fault(), std::uniform_real_distribution<double>(0, 1)(random), now);
  if (was_up) since = context.clock.wall();
  trouble = event.why.what();
  herald.problem(event.why.fault(),
                 std::string(was_up ? "lost the link to " : "cannot connect to ") + settings.mqtt.host + ": " + trouble, now);
}

void UplinkRunner::Impl::handle(Stop& event) {
  stopping = true;
  const MonoTime now = context.clock.now();
  lanes->pump(now);  // reports what was settled before
  lanes->lost(Fault::cancelled, now);
  Topics topics(settings, context.gateway, context.names);
  uplink->disconnect({topics.state(), stopped_text(context.gateway, context.boot, context.clock.wall()), settings.mqtt.qos, true},
                     event.deadline);
  trouble = "stopped";
  link.lost(Fault::cancelled, 0, now);
  refresh_status();
}

void UplinkRunner::Impl::refresh_status() {
  status.with([&](UplinkStatus& now) {
    std::string name = std::move(now.name);
    now = lanes->counts();
    now.name = std::move(name);
    now.connected = link.up();
    now.trouble = trouble.empty() ? lanes->refusal() : trouble;
    now.since = since;
    now.connects = connects;
  });
}

MonoTime UplinkRunner::Impl::wake_at() const { return std::min(link.wake_at(), lanes->wake_at(context.clock.now())); }

UplinkRunner::UplinkRunner(UplinkSettings settings, UplinkContext context, std::unique_ptr<Encoder> encoder,
                           MakeUplink make_uplink, Backlog& backlog)
    : impl_(
          std::make_unique<Impl>(std::move(settings), std::move(context), std::move(encoder), std::move(make_uplink), backlog)) {}

UplinkRunner::~UplinkRunner() { stop(impl_->context.clock.now() + std::chrono::seconds(1)); }

void UplinkRunner::start() { impl_->start(); }

void UplinkRunner::stop(Deadline deadline) {
  if (!impl_->thread.joinable()) return;
  impl_->gate.close();
  impl_->inbox.push_always(Stop{deadline});
  impl_->thread.join();
  impl_->inbox.close();
}

uint32_t UplinkRunner::offer(const Envelope& envelope) {
  const uint32_t session = claim(*envelope.record);
  if (session != 0) live(envelope, session);
  return session;
}

uint32_t UplinkRunner::claim(const Record& record) { return impl_->gate.take(record); }

void UplinkRunner::live(Envelope envelope, uint32_t session) {
  impl_->inbox.push_always(LiveRecord{std::move(envelope), session});
}

void UplinkRunner::backlog(std::vector<Envelope> envelopes) { impl_->inbox.push_always(BacklogAnswer{std::move(envelopes)}); }

void UplinkRunner::backlog_waiting() {
  if (!impl_->more_backlog.exchange(true)) impl_->inbox.wake();
}

void UplinkRunner::device_state(DeviceId device, const DeviceState& state) {
  impl_->states.set(device, state, impl_->context.clock.wall());
  impl_->inbox.wake();
}

UplinkStatus UplinkRunner::status() const { return impl_->status.copy(); }

}  // namespace ferrule
