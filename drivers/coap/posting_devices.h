// The devices of a channel that post: whose post it is, what is in it, and whether each is still heard.
//
// Pure but for what it tells the ListenerOutput. The loop's thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coap/message.h"
#include "coap/payload.h"
#include "sdk/listener.h"

namespace ferrule::coap {

class PostingDevices {
 public:
  using Index = uint32_t;

  // `channel` and `context` outlive it. invalid: a tag's path cannot be read.
  static Result<std::unique_ptr<PostingDevices>> build(const ChannelSettings& channel, const ListenerContext& context);

  enum class What : uint8_t {
    data,
    nothing,     // of a known device, without any of its tags
    unreadable,  // not of the format
    unknown,     // nobody posts this there
  };
  struct Reading {
    What what = What::unknown;
    Index device = 0;
    DeviceId id = DeviceId::none;
    std::vector<Samples> batches;  // a pack with several readings of a tag: oldest first, each tag once in a batch
  };
  // `payload` is the whole body.
  Reading read(const Post& post, std::string_view payload, MonoTime now, WallTime wall) const;

  std::vector<Resource> resources() const;

  void heard(Index device, MonoTime now);  // online from now on
  void expire(MonoTime now);               // who has been silent for too long is offline
  void all_gone(std::string_view why);

 private:
  struct Wanted {
    TagId tag;
    Place place;
  };
  struct Poster {  // a device at one resource
    Index device;
    std::string address, identity, common_name;  // empty: any
    std::vector<Wanted> wanted;
  };
  struct Device {
    DeviceId id = DeviceId::none;
    bool online = false;
    MonoTime last_heard;
  };

  explicit PostingDevices(const ListenerContext& context, Duration offline_after)
      : context_(context), offline_after_(offline_after) {}
  Status add(const DeviceSettings& device);
  const Poster* poster(const Post& post) const;

  const ListenerContext& context_;
  const Duration offline_after_;
  std::vector<Device> devices_;
  std::map<Resource, std::vector<Poster>> posters_;
};

}  // namespace ferrule::coap
