#include "streams/push_devices.h"

#include <algorithm>

#include "drivers_common/frame_build.h"
#include "drivers_common/tagged_frame.h"

namespace ferrule::streams {

namespace {

// Equal for devices whose frames are read alike.
std::string likeness(const Fields* payload, std::span<const Place> places) {
  std::string key;
  if (payload != nullptr) {
    for (const std::string_view name : {"format", "separator", "assign", "pattern"}) key += payload->text(name) + '\n';
    key += std::to_string(payload->integer("skip")) + (payload->boolean("checksum_required") ? '+' : '-');
  }
  for (const Place& place : places) {
    key += '\n' + place.at + '\t' + std::string(to_text(place.type)) + std::to_string(static_cast<int>(place.order)) + ':' +
           std::to_string(place.length);
  }
  return key;
}

class IdCatcher final : public ExtractionSink {
 public:
  void found(size_t, Value value) override { to_text(value).swap(id); }
  void wrong(size_t, std::string_view) override {}
  std::string id;
};

std::optional<MessageTemplate> template_of(const ChannelSettings& channel, std::string_view name) {
  if (!channel.fields.has(name)) return std::nullopt;
  auto text = MessageTemplate::parse(channel.fields.text(name));
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

}  // namespace

// Extracted values as samples of a device.
class PushDevices::Collector final : public ExtractionSink {
 public:
  Collector(const std::vector<TagId>& tags, MonoTime now, Samples& out) : tags_(tags), now_(now), samples_(out) {}
  void found(size_t place, Value value) override {
    samples_.push_back({std::move(value), now_, tags_[place], Quality::good, Reason::none});
  }
  void wrong(size_t place, std::string_view) override {
    samples_.push_back({Value(), now_, tags_[place], Quality::bad, Reason::bad_reply});
  }

 private:
  const std::vector<TagId>& tags_;
  const MonoTime now_;
  Samples& samples_;
};

PushDevices::PushDevices(const ChannelSettings& channel, const ListenerContext& context)
    : context_(context),
      rule_(frame_of(channel)),
      reply_rule_(request_frame_of(channel)),
      offline_after_(channel.fields.duration("offline_after")),
      heartbeat_(bytes_field(channel.fields, "heartbeat")),
      greeting_(bytes_field(channel.fields, "greeting")),
      heartbeat_reply_(template_of(channel, "heartbeat_reply")),
      acknowledge_(template_of(channel, "acknowledge")) {}

Result<std::unique_ptr<PushDevices>> PushDevices::build(const ChannelSettings& channel, const ListenerContext& context) {
  std::unique_ptr<PushDevices> made(new PushDevices(channel, context));
  if (channel.fields.object("id") != nullptr) {
    if (Status added = made->add_id(channel); !added.ok()) return added;
  }
  for (const DeviceSettings& device : channel.devices) {
    if (Status added = made->add(channel, device); !added.ok()) return added;
  }
  const bool alone = made->devices_.size() == 1 && !made->id_ && channel.devices[0].fields.text("address").empty();
  if (alone) made->only_ = 0;
  return made;
}

Status PushDevices::add_id(const ChannelSettings& channel) {
  const Place place = id_place(channel);
  auto extraction = Extraction::compile(channel.fields.object("payload"), {&place, 1});
  if (!extraction) return extraction.status();
  id_ = std::move(*extraction);
  return {};
}

Status PushDevices::add(const ChannelSettings& channel, const DeviceSettings& device) {
  const Fields* payload = payload_of(channel, device);
  Device made;
  made.id = device.id;
  made.name = id_ ? id_of(device) : usual_address(device.fields.text("address"));
  made.unit = device.fields.integer("unit_id");
  std::vector<Place> places;
  for (const TagSettings& tag : device.tags) {
    made.tags.push_back(tag.id);
    places.push_back(place_of(payload, tag.fields));
  }
  auto& shared = extractions_[likeness(payload, places)];
  if (shared == nullptr) {
    auto extraction = Extraction::compile(payload, places);
    if (!extraction) return extraction.status();
    shared = std::make_shared<const Extraction>(std::move(*extraction));
  }
  made.extraction = shared;
  if (!made.name.empty()) by_name_.emplace(made.name, static_cast<Index>(devices_.size()));
  devices_.push_back(std::move(made));
  return {};
}

PushDevices::Index PushDevices::by_address(std::string_view address) const {
  if (id_) return kNone;
  const auto found = by_name_.find(std::string(address));
  return found == by_name_.end() ? only_ : found->second;
}

// Whose frame it is: what it says, else who its peer is known to be.
PushDevices::Index PushDevices::named(std::span<const uint8_t> content, Index known) const {
  if (!id_) return known;
  IdCatcher caught;
  if (!id_->read(content, caught).ok() || caught.id.empty()) return known;
  const auto found = by_name_.find(caught.id);
  return found == by_name_.end() ? kNone : found->second;
}

void PushDevices::read_samples(std::span<const uint8_t> content, MonoTime now, Message& message) const {
  const Device& device = devices_[message.device];
  message.samples.reserve(device.tags.size());
  Collector collector(device.tags, now, message.samples);
  if (!device.extraction->read(content, collector).ok()) {
    message.what = What::unreadable;
  } else {
    message.what = message.samples.empty() ? What::nothing : What::data;
  }
}

PushDevices::Message PushDevices::read(const Frame& frame, Index known, MonoTime now) {
  Message message;
  auto content = frame.content;
  bool beat =
      !heartbeat_.empty() && std::ranges::equal(content, heartbeat_, {}, {}, [](char c) { return static_cast<uint8_t>(c); });
  if (rule_.kind == FrameKind::tagged) {
    message.wants_acknowledgement = (frame.type & kWantsAcknowledgement) != 0;
    const uint8_t type = frame.type & ~kWantsAcknowledgement;
    beat = type == kTaggedHeartbeat;
    if (message.wants_acknowledgement) {
      const auto numbered = numbered_payload(content);
      if (!numbered) return message;
      message.number = numbered->number;
      content = numbered->rest;
    }
    if (!beat && type != kTaggedData) return message;
  } else {
    message.wants_acknowledgement = acknowledge_.has_value() && !beat;
  }
  const bool says_nothing_else = beat && rule_.kind != FrameKind::tagged;
  message.device = says_nothing_else ? known : named(content, known);
  if (message.device == kNone) {
    message.what = What::unknown;
  } else if (beat) {
    message.what = What::heartbeat;
  } else {
    read_samples(content, now, message);
  }
  return message;
}

void PushDevices::heard(Index index, MonoTime now) {
  Device& device = devices_[index];
  device.last_heard = now;
  if (std::exchange(device.online, true)) return;
  context_.output.device_online(device.id);
}

void PushDevices::gone(Index index, Reason reason, std::string_view why) {
  Device& device = devices_[index];
  if (std::exchange(device.online, false)) context_.output.device_offline(device.id, reason, why);
}

void PushDevices::all_gone(Reason reason, std::string_view why) {
  for (Index index = 0; index < devices_.size(); ++index) gone(index, reason, why);
}

void PushDevices::expire(MonoTime now) {
  for (Index index = 0; index < devices_.size(); ++index) {
    const Device& device = devices_[index];
    if (device.online && now - device.last_heard >= offline_after_) gone(index, Reason::timeout, "silent for too long");
  }
}

std::vector<uint8_t> PushDevices::filled(const std::optional<MessageTemplate>& text, const Message& message) const {
  if (!text) return {};
  const Device& device = devices_[message.device];
  const auto content = text->fill({Value(device.unit), Value::text(device.name), {}});
  if (!content) return {};
  auto frame = build_frame(reply_rule_, *content);
  return frame ? std::move(*frame) : std::vector<uint8_t>();
}

std::vector<uint8_t> PushDevices::greeting() const {
  if (greeting_.empty()) return {};
  auto frame = build_frame(reply_rule_, {reinterpret_cast<const uint8_t*>(greeting_.data()), greeting_.size()});
  return frame ? std::move(*frame) : std::vector<uint8_t>();
}

std::vector<uint8_t> PushDevices::acknowledgement(const Message& message) const {
  if (!message.wants_acknowledgement) return {};
  if (rule_.kind != FrameKind::tagged) return filled(acknowledge_, message);
  const uint8_t number[] = {static_cast<uint8_t>(message.number >> 8), static_cast<uint8_t>(message.number)};
  auto frame = build_frame(rule_, number, kTaggedAcknowledgement);
  return frame ? std::move(*frame) : std::vector<uint8_t>();
}

std::vector<uint8_t> PushDevices::reply_at_once(const Message& message) const {
  if (message.what == What::nothing) return acknowledgement(message);
  if (message.what != What::heartbeat) return {};
  return rule_.kind == FrameKind::tagged ? acknowledgement(message) : filled(heartbeat_reply_, message);
}

}  // namespace ferrule::streams
