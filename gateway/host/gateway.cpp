#include "host/gateway.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "host/channel_build.h"
#include "host/last_good.h"
#include "host/learnt_file.h"
#include "host/power_on.h"

namespace ferrule {

namespace {

template <class Part>
bool holds(const std::vector<std::shared_ptr<Part>>& parts, const std::shared_ptr<Part>& wanted) {
  return std::find(parts.begin(), parts.end(), wanted) != parts.end();
}

}  // namespace

bool Gateway::Channel::poll(Poll&& polled) { return gateway.bus_->offer(std::move(polled)); }

bool Gateway::Channel::push(Poll&& pushed, Receipt&& receipt) {
  return gateway.bus_->offer(std::move(pushed), std::move(receipt));
}

void Gateway::Channel::device_state(DeviceId device, const DeviceState& state) {
  const Clock& clock = gateway.context_.clock;
  gateway.bus_->announce({device, clock.now(), clock.wall(), state});
  for (const auto& link : gateway.parts().links) link->runner->device_state(device, state);
}

void Gateway::Channel::say(bool problem, std::string text) { gateway.log_.say("channel " + settings.name, problem, text); }

Gateway::Gateway(GatewayContext context)
    : context_(std::move(context)), started_(context_.clock.now()), started_wall_(context_.clock.wall()) {}

Gateway::~Gateway() { stop(); }

Status Gateway::open_outbox(const OutboxSettings& settings) {
  std::error_code ignored;  // Outbox::open says what is wrong with the folder
  std::filesystem::create_directories(std::filesystem::path(settings.path).parent_path(), ignored);
  std::vector<std::string> notes;
  auto outbox = Outbox::open(settings, context_.clock, context_.names, notes);
  for (const std::string& note : notes) log(LogLevel::warning, "outbox: " + note);
  if (!outbox) return outbox.status();
  outbox_ = std::make_unique<OutboxThread>(std::move(*outbox), settings, context_.clock,
                                           [this](std::vector<Loss> losses) { announce_losses(std::move(losses)); });
  first_boot_ = first_boot_since_power_on(context_.folders.state, outbox_->boot());
  return {};
}

void Gateway::announce_losses(std::vector<Loss> losses) {
  for (Loss& loss : losses) {
    log(LogLevel::warning, "outbox: " + std::to_string(loss.samples) + " samples lost" +
                               (loss.uplink.empty() ? "" : " for uplink " + loss.uplink) + ": " + loss.why);
    bus_->announce({DeviceId::none, context_.clock.now(), context_.clock.wall(), std::move(loss)});
  }
}

Status Gateway::start(GatewaySettings settings) {
  if (Status opened = open_outbox(settings.outbox); !opened.ok()) return opened;
  bus_ = std::make_unique<BusThread>(context_.clock, context_.names, table_, feed_, *outbox_);
  outbox_->start();
  bus_->start();
  running_ = true;
  const RestSettings rest = settings.rest;
  if (Status applied = apply(std::move(settings)); !applied.ok()) return applied;
  outbox_->settle_membership();
  api_ = make_gateway_api(*this);
  return serve(rest);
}

Status Gateway::serve(const RestSettings& settings) {
  serving_.store(nullptr, std::memory_order_release);
  rest_.reset();
  auto server = RestServer::start(settings, *api_);
  if (!server) return server.status();
  rest_ = std::move(*server);
  serving_.store(rest_.get(), std::memory_order_release);
  return {};
}

void Gateway::serve_anew(const RestSettings& wanted, const RestSettings& before) {
  if (wanted == before) return;
  const Status served = serve(wanted);
  if (served.ok()) return log(LogLevel::info, "REST: the new settings are in force");
  log(LogLevel::error, "REST: the old settings stay in force: " + served.what());
  if (const Status again = serve(before); !again.ok()) log(LogLevel::error, "REST: " + again.what());
}

void Gateway::say_how_rest_is() {
  if (rest_ == nullptr) return;
  const std::string trouble = rest_->trouble();
  if (trouble == rest_trouble_) return;
  if (!trouble.empty()) log(LogLevel::warning, "REST: " + trouble + "; tried again until it can be");
  if (trouble.empty()) log(LogLevel::info, "REST: listens on port " + std::to_string(rest_->port()));
  rest_trouble_ = trouble;
}

std::string Gateway::rest_trouble() const {
  const RestServer* rest = serving_.load(std::memory_order_acquire);
  return rest == nullptr ? "" : rest->trouble();
}

Result<std::vector<std::shared_ptr<Gateway::Channel>>> Gateway::build_channels(
    const std::shared_ptr<const GatewaySettings>& settings, const Parts& running) {
  std::vector<std::shared_ptr<Channel>> channels;
  for (const ChannelSettings& wanted : settings->channels) {
    const auto same = std::find_if(running.channels.begin(), running.channels.end(), [&](const auto& channel) {
      return channel->settings.name == wanted.name && channel->settings.fingerprint == wanted.fingerprint;
    });
    if (same != running.channels.end()) {
      channels.push_back(*same);
      continue;
    }
    auto channel = std::make_shared<Channel>(*this, settings, wanted);
    auto runner = build_channel(wanted, *context_.catalogue.driver(wanted.driver), context_.clock, context_.names, *channel,
                                FrameRing::size_for(settings->channels.size()), learnt_path(context_.folders.state, wanted.name));
    if (!runner) return runner.status();
    channel->runner = std::move(*runner);
    channels.push_back(std::move(channel));
  }
  return channels;
}

Result<std::vector<std::shared_ptr<Gateway::Link>>> Gateway::build_links(const std::shared_ptr<const GatewaySettings>& settings,
                                                                         const Parts& running) {
  std::vector<std::shared_ptr<Link>> links;
  if (settings->uplinks.size() > kMaxUplinks) return {Fault::full, "at most " + std::to_string(kMaxUplinks) + " uplinks"};
  for (const UplinkSettings& wanted : settings->uplinks) {
    const auto same = std::find_if(running.links.begin(), running.links.end(), [&](const auto& link) {
      return link->settings.name == wanted.name && link->settings.fingerprint == wanted.fingerprint;
    });
    if (same != running.links.end()) {
      links.push_back(*same);
      continue;
    }
    auto encoder = context_.catalogue.encoder(wanted.payload)->build(wanted.payload_fields, {settings->id, context_.names});
    if (!encoder) return encoder.status();
    auto link = std::make_shared<Link>();
    link->settings = wanted;
    link->index = outbox_->attach(wanted.name);
    UplinkContext context{context_.clock,
                          context_.names,
                          settings->id,
                          outbox_->boot(),
                          first_boot_,
                          [this, speaker = "uplink " + wanted.name](bool problem, std::string text) { log_.say(speaker, problem, text); }};
    link->runner = std::make_unique<UplinkRunner>(wanted, std::move(context), std::move(*encoder), make_mqtt_uplink,
                                                  outbox_->backlog(link->index));
    links.push_back(std::move(link));
  }
  return links;
}

// Old parts stop before new ones start: a new channel may need the serial port of an old one, a new uplink the same client id.
void Gateway::put_in_force(Parts next) {
  const Parts old = parts();
  for (const auto& channel : old.channels) {
    if (!holds(next.channels, channel)) channel->runner->stop();
  }
  std::vector<BusThread::Route> routes;
  for (const auto& link : next.links) {
    routes.push_back({link->index, link->settings.name, link->runner.get(), !link->settings.in_order});
  }
  parts_.with([&](Parts& parts) { parts = next; });
  bus_->configure(next.settings, std::move(routes));
  for (const auto& link : old.links) {
    if (holds(next.links, link)) continue;
    outbox_->connect(link->index, nullptr);
    link->runner->stop(context_.clock.now() + std::chrono::seconds(2));
  }
  for (const auto& link : next.links) {
    if (holds(old.links, link)) continue;
    outbox_->connect(link->index, link->runner.get());
    link->runner->start();
  }
  for (const auto& channel : next.channels) {
    if (!holds(old.channels, channel)) channel->runner->start();
  }
}

// What comes into force at the next start must not keep the gateway from starting.
Status Gateway::check_next_outbox(const OutboxSettings& next) const {
  const auto running = parts().settings;
  if (running == nullptr || running->outbox == next) return {};
  const auto folder = std::filesystem::path(next.path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return {Fault::invalid, "outbox.path: the gateway cannot write into " + folder.string() + ": " + std::strerror(errno) +
                                "; make the folder, owned by its user, and let the service write there (ReadWritePaths=)"};
  }
  log(LogLevel::warning, "configuration: the new `outbox` settings are in force after a restart");
  return {};
}

// Each part of the gateway has taken what it needs of the tags. What pushes is asked for its tags as long as it lives.
static void drop_tags(GatewaySettings& settings, const Catalogue& catalogue) {
  for (ChannelSettings& channel : settings.channels) {
    const DriverType& type = *catalogue.driver(channel.driver);
    if (type.listens != nullptr && type.listens(channel)) continue;
    for (DeviceSettings& device : channel.devices) std::vector<TagSettings>().swap(device.tags);
  }
}

Status Gateway::apply(GatewaySettings settings) {
  if (Status fits = check_next_outbox(settings.outbox); !fits.ok()) return fits;
  const auto kept = std::make_shared<GatewaySettings>(std::move(settings));
  const Parts running = parts();
  Parts next;
  next.settings = kept;
  auto channels = build_channels(kept, running);
  if (!channels) return channels.status();
  next.channels = std::move(*channels);
  auto links = build_links(kept, running);
  if (!links) return links.status();
  next.links = std::move(*links);
  next.tags = std::make_shared<const TagIndex>(kept, context_.names);
  set_log_level(kept->log_level);
  put_in_force(std::move(next));
  std::vector<std::string> channel_names;
  for (const ChannelSettings& channel : kept->channels) channel_names.push_back(channel.name);
  if (running.settings != nullptr) serve_anew(kept->rest, running.settings->rest);
  forget_learnt_of_others(context_.folders.state, channel_names);
  drop_tags(*kept, context_.catalogue);
  return {};
}

Status Gateway::reload() {
  Loaded loaded = load_checked(context_.folders, context_.catalogue, context_.clock, context_.names);
  if (!loaded.ok()) {
    const std::string wrong = format_all(loaded);
    set_config_trouble(wrong);
    log_lines(LogLevel::error, "the configuration was not reloaded, the old one keeps running:", wrong);
    return {Fault::invalid, wrong};
  }
  if (Status applied = apply(std::move(loaded.settings)); !applied.ok()) {
    set_config_trouble(applied.what());
    log(LogLevel::error, "the configuration was not reloaded, the old one keeps running: " + applied.what());
    return applied;
  }
  set_config_trouble({});
  if (Status kept = keep_last_good(context_.folders, loaded); !kept.ok()) log(LogLevel::warning, kept.what());
  log(LogLevel::info, "the configuration was reloaded");
  return {};
}

void Gateway::set_config_trouble(std::string trouble) {
  config_trouble_.with([&](std::string& kept) { kept = std::move(trouble); });
}

std::string Gateway::hanging() const {
  const MonoTime now = context_.clock.now();
  if (bus_ != nullptr && !bus_->heartbeat().alive(now)) return "the bus";
  for (const auto& channel : parts().channels) {
    if (!channel->runner->alive(now)) return "channel " + channel->settings.name;
  }
  const RestServer* rest = serving_.load(std::memory_order_acquire);
  if (rest != nullptr && now - rest->last_beat() > std::chrono::seconds(20)) return "the REST server";
  return {};
}

void Gateway::stop() {
  if (!std::exchange(running_, false)) return;
  const Parts last = parts();
  serving_.store(nullptr, std::memory_order_release);
  rest_.reset();
  for (const auto& channel : last.channels) channel->runner->stop();
  bus_->stop();
  const Deadline deadline = context_.clock.now() + std::chrono::seconds(2);
  for (const auto& link : last.links) {
    outbox_->connect(link->index, nullptr);
    link->runner->stop(deadline);
  }
  outbox_->stop();
}

}  // namespace ferrule
