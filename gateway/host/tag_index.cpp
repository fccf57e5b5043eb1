#include "host/tag_index.h"

#include "core/nearest.h"

namespace ferrule {

TagIndex::TagIndex(std::shared_ptr<const GatewaySettings> settings, const Names& names)
    : settings_(std::move(settings)), names_(names) {
  places_.resize(names.tag_count());
  uint32_t place = kFirstChannel;
  for (const ChannelSettings& channel : settings_->channels) {
    for (const DeviceSettings& device : channel.devices) {
      for (const TagSettings& tag : device.tags) {
        add(tag.id, place);
        if (tag.writable || !tag.units.empty()) kept_.emplace(tag.id, tag);
        for (const BitTag& bit : tag.bits) add(bit.tag, place);
      }
    }
    ++place;
  }
  for (const RuleSettings& rule : settings_->rules) {
    if (rule.set != TagId::none) add(rule.set, kDerived);
  }
}

void TagIndex::add(TagId tag, uint32_t place) {
  places_[index_of(tag)] = place;
  order_.push_back(tag);
}

TagIndex::Entry TagIndex::operator[](TagId tag) const {
  const uint32_t place = index_of(tag) < places_.size() ? places_[index_of(tag)] : kUnknown;
  if (place == kUnknown) return {};
  const auto kept = kept_.find(tag);
  return {kept == kept_.end() ? nullptr : &kept->second,
          place == kDerived ? nullptr : &settings_->channels[place - kFirstChannel], true};
}

std::vector<TagId> TagIndex::tags(DeviceId device) const {
  if (device == DeviceId::none) return order_;
  std::vector<TagId> found;
  for (const TagId tag : order_) {
    if (names_.device_of(tag) == device) found.push_back(tag);
  }
  return found;
}

std::string TagIndex::nearest_tag(std::string_view name, const Names& names) const {
  std::vector<std::string> full;
  full.reserve(order_.size());
  for (const TagId tag : order_) full.push_back(names.full_name(tag));
  const std::vector<std::string_view> known(full.begin(), full.end());
  return did_you_mean(name, known);
}

std::string TagIndex::nearest_device(std::string_view name, const Names& names) const {
  std::vector<std::string_view> known;
  for (const TagId tag : order_) {
    const std::string_view device = names.name(names.device_of(tag));
    if (known.empty() || known.back() != device) known.push_back(device);
  }
  return did_you_mean(name, known);
}

}  // namespace ferrule
