#include "host/channel_build.h"

#include "host/barred_driver.h"
#include "host/channel_runner.h"
#include "host/listener_runner.h"

namespace ferrule {

Result<std::unique_ptr<RunningChannel>> build_channel(const ChannelSettings& settings, const DriverType& type, const Clock& clock,
                                                      const Names& names, PushOutput& output, size_t frame_bytes,
                                                      const std::string& learnt_file) {
  if (!settings.trouble.empty()) {
    auto barred = ChannelRunner::build(settings, kBarredDriver, clock, names, output, frame_bytes, {});
    if (!barred) return barred.status();
    return std::unique_ptr<RunningChannel>(std::move(*barred));
  }
  if (ListenerRunner::serves(settings, type)) {
    auto listening = ListenerRunner::build(settings, type, clock, names, output);
    if (!listening) return listening.status();
    return std::unique_ptr<RunningChannel>(std::move(*listening));
  }
  auto polled = ChannelRunner::build(settings, type, clock, names, output, frame_bytes, learnt_file);
  if (!polled) return polled.status();
  return std::unique_ptr<RunningChannel>(std::move(*polled));
}

}  // namespace ferrule
