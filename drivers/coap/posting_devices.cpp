#include "coap/posting_devices.h"

#include <algorithm>
#include <utility>

#include "link/ip_address.h"

namespace ferrule::coap {

namespace {

Sample sample_of(TagId tag, Taken&& taken, MonoTime now) {
  if (taken.value.empty()) return {Value(), now, tag, Quality::bad, taken.reason};
  Sample sample{std::move(taken.value), now, tag};
  sample.source_ns = taken.source_ns;
  return sample;
}

}  // namespace

Result<std::unique_ptr<PostingDevices>> PostingDevices::build(const ChannelSettings& channel, const ListenerContext& context) {
  std::unique_ptr<PostingDevices> made(new PostingDevices(context, channel.fields.duration("offline_after")));
  for (const DeviceSettings& device : channel.devices) {
    if (Status added = made->add(device); !added) return added;
  }
  return made;
}

Status PostingDevices::add(const DeviceSettings& device) {
  const auto index = static_cast<Index>(devices_.size());
  devices_.push_back({.id = device.id});
  const Fields* dtls = device.fields.object("dtls");
  const std::string address = device_text(device.fields, "address");
  const auto dtls_text = [&](std::string_view name) { return dtls == nullptr ? std::string() : dtls->text(name); };
  const Poster plain{index, canonical_ip(address).value_or(address), dtls_text("identity"), dtls_text("common_name"), {}};
  for (const TagSettings& tag : device.tags) {
    auto point = point_of(device.fields, tag.fields);
    if (!point) return point.status();
    std::vector<Poster>& at = posters_[std::move(point->resource)];
    if (at.empty() || at.back().device != index) at.push_back(plain);
    at.back().wanted.push_back({tag.id, std::move(point->place)});
  }
  return {};
}

std::vector<Resource> PostingDevices::resources() const {
  std::vector<Resource> resources;
  for (const auto& [resource, posters] : posters_) resources.push_back(resource);
  return resources;
}

const PostingDevices::Poster* PostingDevices::poster(const Post& post) const {
  const auto at = posters_.find(post.resource);
  if (at == posters_.end()) return nullptr;
  const auto is_of = [&](const Poster& one) {
    return (one.address.empty() || one.address == post.from) && (one.identity.empty() || one.identity == post.identity) &&
           (one.common_name.empty() || one.common_name == post.common_name);
  };
  const auto found = std::ranges::find_if(at->second, is_of);
  return found == at->second.end() ? nullptr : &*found;
}

PostingDevices::Reading PostingDevices::read(const Post& post, std::string_view payload, MonoTime now, WallTime wall) const {
  Reading reading;
  const Poster* poster = this->poster(post);
  if (poster == nullptr) return reading;
  reading.device = poster->device;
  reading.id = devices_[poster->device].id;
  reading.what = What::nothing;
  Payload body(post.content_format, payload, wall);
  size_t unreadable = 0;
  for (const Wanted& wanted : poster->wanted) {
    std::vector<Taken> all = body.take_all(wanted.place);
    if (!body.readable(wanted.place)) ++unreadable;
    for (size_t i = 0; i < all.size(); ++i) {
      if (reading.batches.size() <= i) reading.batches.emplace_back();
      reading.batches[i].push_back(sample_of(wanted.tag, std::move(all[i]), now));
    }
  }
  if (!reading.batches.empty()) {
    reading.what = What::data;
  } else if (unreadable == poster->wanted.size()) {
    reading.what = What::unreadable;
  }
  return reading;
}

void PostingDevices::heard(Index index, MonoTime now) {
  Device& device = devices_[index];
  device.last_heard = now;
  if (!std::exchange(device.online, true)) context_.output.device_online(device.id);
}

void PostingDevices::expire(MonoTime now) {
  for (Device& device : devices_) {
    if (!device.online || now - device.last_heard < offline_after_) continue;
    device.online = false;
    context_.output.device_offline(device.id, Reason::timeout, "silent for too long");
  }
}

void PostingDevices::all_gone(std::string_view why) {
  for (Device& device : devices_) {
    if (std::exchange(device.online, false)) context_.output.device_offline(device.id, Reason::link_down, why);
  }
}

}  // namespace ferrule::coap
