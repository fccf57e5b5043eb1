// Keeps a channel's link: connects with growing pauses, tells the operator once when it is lost and once when it is back.
//
// A link counts as proven by the first exchange that does not lose it: an endpoint that accepts and closes at once is not back,
// and does not shorten the pauses. The channel's thread only.
#pragma once

#include <string>
#include <string_view>

#include "host/back_off.h"
#include "host/channel_counters.h"
#include "host/channel_output.h"
#include "host/heartbeat.h"
#include "sdk/driver.h"

namespace ferrule {

class ChannelLink {
 public:
  static constexpr Duration kConnectTimeout = std::chrono::seconds(3);
  static constexpr Duration kLeastPause = std::chrono::milliseconds(500);
  static constexpr Duration kMostPause = std::chrono::seconds(8);

  ChannelLink(std::string_view channel, Driver& driver, const Clock& clock, ChannelOutput& output, ChannelCounters& counters,
              Heartbeat& heartbeat);

  bool up() const { return up_; }
  // Somebody was told that the link is down, and nothing has proven since that it is back.
  bool in_trouble() const { return in_trouble_; }
  const std::string& trouble() const { return trouble_; }

  // When to call connect(); sooner where a command waits, but no more often than each kLeastPause.
  MonoTime connect_at(bool command_waits) const;
  Status connect();

  // An exchange said that the link is gone. True: it had been proven and a fresh connection stands already, so the same request
  // may be made once more (a device that closes idle connections costs no reading). False: it is down.
  bool lost(const Status& why);
  // An exchange ended in another way.
  void proven();

 private:
  Status try_connect();
  void down(const Status& why);

  Driver& driver_;
  const Clock& clock_;
  ChannelOutput& output_;
  ChannelCounters& counters_;
  Heartbeat& heartbeat_;
  BackOff back_off_;
  bool up_ = false;
  bool proven_ = false;
  bool in_trouble_ = false;
  std::string trouble_;
  MonoTime attempted_at_;  // when the last attempt ended
  MonoTime next_attempt_;
};

}  // namespace ferrule
