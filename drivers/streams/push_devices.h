// The devices of a channel that push: whose frame it is, what is in it, and whether each is still heard.
//
// Pure but for what it tells the ListenerOutput. The loop's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "drivers_common/framer.h"
#include "sdk/listener.h"
#include "streams/stream_settings.h"

namespace ferrule::streams {

class PushDevices {
 public:
  using Index = uint32_t;
  static constexpr Index kNone = 0xffffffff;

  // `channel` and `context` outlive it. invalid: a payload or place that cannot be.
  static Result<std::unique_ptr<PushDevices>> build(const ChannelSettings& channel, const ListenerContext& context);

  enum class What : uint8_t {
    data,     // samples
    nothing,  // a frame of a known device without any of its tags
    heartbeat,
    unreadable,  // not of the format
    unknown,     // of a device that is not configured, or says not which one it is
  };
  struct Message {
    What what = What::unreadable;
    Index device = kNone;
    Samples samples;
    bool wants_acknowledgement = false;
    uint16_t number = 0;  // of a tagged frame that wants one
  };
  // `known`: the device that this peer has named before, or that its address stands for.
  Message read(const Frame& frame, Index known, MonoTime now);

  Index by_address(std::string_view address) const;  // kNone: devices are not known by address, or not this one
  Index only() const { return only_; }               // where there is just one, and no id is asked for
  bool named_by_id() const { return id_.has_value(); }
  size_t size() const { return devices_.size(); }
  DeviceId id(Index device) const { return devices_[device].id; }

  void heard(Index device, MonoTime now);  // online from now on
  void gone(Index device, Reason reason, std::string_view why);
  void all_gone(Reason reason, std::string_view why);
  void expire(MonoTime now);  // who has been silent for too long is offline

  // What is sent, framed; empty: nothing.
  std::vector<uint8_t> greeting() const;
  std::vector<uint8_t> acknowledgement(const Message& message) const;
  // What is answered at once, because nothing has to become durable: to heartbeats, and to frames without any tag.
  std::vector<uint8_t> reply_at_once(const Message& message) const;

  const FrameRule& rule() const { return rule_; }
  Duration offline_after() const { return offline_after_; }

 private:
  struct Device {
    DeviceId id = DeviceId::none;
    std::vector<TagId> tags;
    std::shared_ptr<const Extraction> extraction;  // shared by devices that are alike
    std::string name;                              // as it calls itself
    int64_t unit = 0;
    bool online = false;
    MonoTime last_heard;
  };
  class Collector;

  PushDevices(const ChannelSettings& channel, const ListenerContext& context);
  Status add(const ChannelSettings& channel, const DeviceSettings& device);
  Status add_id(const ChannelSettings& channel);
  Index named(std::span<const uint8_t> content, Index known) const;
  void read_samples(std::span<const uint8_t> content, MonoTime now, Message& message) const;
  std::vector<uint8_t> filled(const std::optional<MessageTemplate>& text, const Message& message) const;

  const ListenerContext& context_;
  const FrameRule rule_;
  const FrameRule reply_rule_;
  const Duration offline_after_;
  const std::string heartbeat_, greeting_;
  std::optional<MessageTemplate> heartbeat_reply_, acknowledge_;
  std::optional<Extraction> id_;
  std::vector<Device> devices_;
  std::unordered_map<std::string, Index> by_name_;  // id or address
  std::unordered_map<std::string, std::shared_ptr<const Extraction>> extractions_;
  Index only_ = kNone;
};

}  // namespace ferrule::streams
