// The running gateway: every part, wired, and the change from one configuration to the next.
//
// Start order is downstream first (outbox, bus, uplinks, channels, REST), stop order upstream first. apply() restarts only what
// changed: a channel, uplink or REST server whose fingerprint is the same goes on undisturbed.
//
// Threads: start, apply, reload and stop on the main thread; the rest as said.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "bus/live_feed.h"
#include "bus/tag_table.h"
#include "core/guarded.h"
#include "host/bus_thread.h"
#include "host/command_memory.h"
#include "host/loading.h"
#include "host/log.h"
#include "host/outbox_thread.h"
#include "host/push_output.h"
#include "host/running_channel.h"
#include "host/tag_index.h"
#include "north/uplink_runner.h"
#include "rest/server.h"

namespace ferrule {

struct GatewayContext {
  const Catalogue& catalogue;
  const Clock& clock;
  Names& names;
  Folders folders;
  std::string version;
};

class Gateway {
 public:
  explicit Gateway(GatewayContext context);
  ~Gateway();

  // Runs this configuration from nothing. Fails only where the gateway could not do its work at all (no outbox; another gateway
  // has our socket).
  Status start(GatewaySettings settings);
  // Replaces the running configuration. On an error nothing has changed.
  Status apply(GatewaySettings settings);
  // Reads the configuration file again: SIGHUP. A wrong file changes nothing; what is wrong with it is logged, reported and
  // returned.
  Status reload();
  // Commits what is in memory and ends every thread, within about 4 s.
  void stop();

  // Asks the main loop to call reload() (REST). Any thread.
  void request_reload() { reload_requested_.store(true, std::memory_order_release); }
  bool take_reload_request() { return reload_requested_.exchange(false, std::memory_order_acq_rel); }

  // For the watchdog: empty, or the loop that hangs.
  std::string hanging() const;

  // Tells the operator when the REST port cannot be had, and when it can again. From the main loop.
  void say_how_rest_is();
  std::string rest_trouble() const;  // any thread

  // What the running configuration was loaded from when that is not what the user wrote.
  void set_config_trouble(std::string trouble);
  std::string config_trouble() const { return config_trouble_.copy(); }

  // For reports and commands; any thread. A part stays usable while the returned pointer is held.
  struct Channel;
  struct Link;
  struct Parts {
    std::shared_ptr<const GatewaySettings> settings;
    std::shared_ptr<const TagIndex> tags;
    std::vector<std::shared_ptr<Channel>> channels;
    std::vector<std::shared_ptr<Link>> links;
  };
  Parts parts() const { return parts_.copy(); }
  const GatewayContext& context() const { return context_; }
  TagTable& table() { return table_; }
  LiveFeed& feed() { return feed_; }
  BusThread& bus() { return *bus_; }
  CommandMemory& commands() { return commands_; }
  OutboxThread& outbox() { return *outbox_; }
  const OutboxThread& outbox() const { return *outbox_; }
  WallTime started() const { return started_wall_; }
  Duration uptime() const { return context_.clock.now() - started_; }
  uint16_t rest_port() const { return rest_ == nullptr ? 0 : rest_->port(); }

 private:
  Status open_outbox(const OutboxSettings& settings);
  Result<std::vector<std::shared_ptr<Channel>>> build_channels(const std::shared_ptr<const GatewaySettings>& settings,
                                                               const Parts& running);
  Result<std::vector<std::shared_ptr<Link>>> build_links(const std::shared_ptr<const GatewaySettings>& settings,
                                                         const Parts& running);
  void put_in_force(Parts next);
  Status check_next_outbox(const OutboxSettings& next) const;
  Status serve(const RestSettings& settings);
  void serve_anew(const RestSettings& wanted, const RestSettings& before);
  void announce_losses(std::vector<Loss> losses);

  const GatewayContext context_;
  const MonoTime started_;
  const WallTime started_wall_;
  OperatorLog log_;
  TagTable table_;
  LiveFeed feed_;
  CommandMemory commands_;
  std::unique_ptr<OutboxThread> outbox_;
  uint64_t first_boot_ = 0;  // since the machine was switched on
  std::unique_ptr<BusThread> bus_;
  Guarded<Parts> parts_;
  Guarded<std::string> config_trouble_;
  std::unique_ptr<GatewayApi> api_;
  std::unique_ptr<RestServer> rest_;
  std::atomic<const RestServer*> serving_{
      nullptr};               // rest_, for the server's own thread: it answers requests before start() ends
  std::string rest_trouble_;  // as it was said last
  std::atomic<bool> reload_requested_{false};
  bool running_ = false;
};

// One channel with what its runner needs to outlive it.
struct Gateway::Channel final : PushOutput {
  Channel(Gateway& owner, std::shared_ptr<const GatewaySettings> kept, const ChannelSettings& mine)
      : gateway(owner), settings_owner(std::move(kept)), settings(mine) {}
  bool poll(Poll&& polled) override;
  bool push(Poll&& pushed, Receipt&& receipt) override;
  void device_state(DeviceId device, const DeviceState& state) override;
  void say(bool problem, std::string text) override;

  Gateway& gateway;
  std::shared_ptr<const GatewaySettings> settings_owner;
  const ChannelSettings& settings;
  std::unique_ptr<RunningChannel> runner;
};

// One uplink.
struct Gateway::Link {
  UplinkSettings settings;
  UplinkIndex index{};
  std::unique_ptr<UplinkRunner> runner;
};

// What REST asks, answered from a gateway; see host/reports.cpp.
std::unique_ptr<GatewayApi> make_gateway_api(Gateway& gateway);

}  // namespace ferrule
