#include "host/service.h"

#include <sys/stat.h>

#include <csignal>
#include <cstdlib>

#include "core/units.h"
#include "host/last_good.h"
#include "host/memory.h"
#include "host/notify.h"

namespace ferrule {

namespace {

constexpr Duration kStarted = std::chrono::seconds(10);  // by then every link has been tried once
constexpr Duration kIdleLook = std::chrono::seconds(1);  // how often a reload asked for over REST is looked for

void block_signals(sigset_t& signals) {
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a closed socket is an error value, not a death
}

// Paho sends plain MQTT through these (libraries' trap), which nobody means for a plant.
void forget_proxies() {
  for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) unsetenv(name);
}

int next_signal(const sigset_t& signals, Duration wait) {
  const timespec timeout{static_cast<time_t>(wait.count() / 1'000'000'000), static_cast<long>(wait.count() % 1'000'000'000)};
  return sigtimedwait(&signals, nullptr, &timeout);
}

// What is left of the wanted configuration without what lacks a secret or a file of TLS: a plant stays up without one of its
// parts.
Loaded load_without_secrets(const GatewayContext& context, std::string& trouble) {
  Loaded rest = load_checked(context.folders, context.catalogue, context.clock, context.names, Secrets::spared);
  if (!rest.ok()) return rest;
  log(LogLevel::error, "running without what lacks its secret or file until that is there (then: systemctl reload ferrule)");
  trouble = "running without what lacks its secret or file:\n" + trouble;
  return rest;
}

// The settings to start with: what the user wrote, or the last good ones. `trouble` says what is wrong with the former.
Loaded load_for_start(const GatewayContext& context, std::string& trouble) {
  Loaded wanted = load_checked(context.folders, context.catalogue, context.clock, context.names);
  for (const std::string& warning : wanted.warnings) log(LogLevel::warning, "configuration: " + warning);
  if (wanted.ok()) return wanted;
  trouble = format_all(wanted);
  log_lines(LogLevel::error, "the configuration is wrong:", trouble);
  if (Loaded rest = load_without_secrets(context, trouble); rest.ok()) return rest;
  const auto kept = last_good(context.folders);
  if (!kept) return wanted;
  Loaded older = load_checked(*kept, context.catalogue, context.clock, context.names);
  if (!older.ok()) return wanted;
  trouble = "running on the last good configuration, because the present one is wrong:\n" + trouble;
  log(LogLevel::error, "running on the last good configuration until " + context.folders.config_file +
                           " is mended (then: systemctl reload ferrule)");
  return older;
}

void reload(Gateway& gateway, const Clock& clock) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(clock.now().time_since_epoch()).count();
  notify_systemd("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now));
  (void)gateway.reload();  // it has said what is wrong; the old configuration runs on
  release_startup_memory();
  notify_systemd("READY=1");
}

// A fresh installation does nothing yet; its owner looks into the journal.
void say_what_next(const Gateway& gateway, const std::string& config_file) {
  if (!gateway.parts().channels.empty()) return;
  log(LogLevel::info, "no channels yet: describe your devices in " + config_file +
                          " (examples: /usr/share/doc/ferrule/examples), then `ferrule check` and `systemctl reload ferrule`");
}

void watch_over(Gateway& gateway, const Clock& clock, const sigset_t& signals) {
  const auto watchdog = watchdog_period();
  const Duration look = watchdog ? std::min<Duration>(kIdleLook, *watchdog / 4) : kIdleLook;
  std::string reported;
  bool starting = true;
  for (;;) {
    const int signal = next_signal(signals, look);
    if (starting && gateway.uptime() > kStarted) {
      starting = false;
      release_startup_memory();
    }
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP || gateway.take_reload_request()) reload(gateway, clock);
    gateway.say_how_rest_is();
    const std::string hanging = gateway.hanging();
    if (hanging.empty()) {
      if (watchdog) notify_systemd("WATCHDOG=1");
    } else if (hanging != reported) {
      log(LogLevel::error, hanging + " hangs; systemd will restart the gateway if that lasts");
    }
    reported = hanging;
  }
}

}  // namespace

int run_service(GatewayContext context) {
  sigset_t signals;
  block_signals(signals);
  forget_proxies();
  umask(0077);  // the outbox and the token are nobody else's business
  const Clock& clock = context.clock;
  std::string trouble;
  Loaded loaded = load_for_start(context, trouble);
  if (!loaded.ok()) return 1;
  const Folders folders = context.folders;
  Gateway gateway(std::move(context));
  gateway.set_config_trouble(trouble);
  const std::string id = loaded.settings.id;
  if (const Status started = gateway.start(std::move(loaded.settings)); !started.ok()) {
    log(LogLevel::error, "cannot start: " + started.what());
    return 2;
  }
  if (trouble.empty()) {
    if (const Status kept = keep_last_good(folders, loaded); !kept.ok()) log(LogLevel::warning, kept.what());
  }
  loaded = {};
  release_startup_memory();
  log(LogLevel::info, "gateway " + id + " runs with " + std::to_string(gateway.parts().tags->size()) + " tags" +
                          (gateway.rest_port() == 0 ? "" : ", REST on port " + std::to_string(gateway.rest_port())));
  say_what_next(gateway, folders.config_file);
  notify_systemd("READY=1\nSTATUS=running");
  watch_over(gateway, clock, signals);
  notify_systemd("STOPPING=1");
  gateway.stop();
  log(LogLevel::info, "stopped");
  return 0;
}

}  // namespace ferrule
