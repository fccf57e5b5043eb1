#include "host/channel_link.h"

#include <algorithm>
#include <functional>

namespace ferrule {

namespace {

uint32_t seed_of(std::string_view channel, MonoTime now) {
  return static_cast<uint32_t>(std::hash<std::string_view>{}(channel) ^ static_cast<size_t>(now.time_since_epoch().count()));
}
}  // namespace

ChannelLink::ChannelLink(std::string_view channel, Driver& driver, const Clock& clock, ChannelOutput& output,
                         ChannelCounters& counters, Heartbeat& heartbeat)
    : driver_(driver),
      clock_(clock),
      output_(output),
      counters_(counters),
      heartbeat_(heartbeat),
      back_off_(kLeastPause, kMostPause, seed_of(channel, clock.now())) {}

MonoTime ChannelLink::connect_at(bool command_waits) const {
  return command_waits ? std::min(next_attempt_, attempted_at_ + kLeastPause) : next_attempt_;
}

Status ChannelLink::try_connect() {
  const Deadline deadline = clock_.now() + kConnectTimeout;
  heartbeat_.begin(deadline + Heartbeat::kSlack);
  Status status = driver_.connect(deadline);
  attempted_at_ = clock_.now();
  up_ = status.ok();
  proven_ = false;
  return status;
}

Status ChannelLink::connect() {
  Status status = try_connect();
  if (status.ok()) {
    counters_.channel("connected", trouble_);
  } else if (status.fault() != Fault::cancelled) {
    down(status);
  }
  return status;
}

bool ChannelLink::lost(const Status& why) {
  up_ = false;
  if (!proven_) {
    attempted_at_ = clock_.now();
    down(why);
    return false;
  }
  const Status again = try_connect();
  if (!again.ok() && again.fault() != Fault::cancelled) down(again);
  return up_;
}

void ChannelLink::proven() {
  if (proven_) return;
  proven_ = true;
  back_off_.reset();
  trouble_.clear();
  counters_.channel("connected", {});
  if (in_trouble_) output_.say(false, "the link is back");
  in_trouble_ = false;
}

void ChannelLink::down(const Status& why) {
  next_attempt_ = attempted_at_ + back_off_.pause();
  trouble_ = why.what();
  counters_.channel("connecting", trouble_);
  if (!in_trouble_) output_.say(true, trouble_);
  in_trouble_ = true;
}

}  // namespace ferrule
