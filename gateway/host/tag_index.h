// From a tag to its channel and to what commands and reports need of its settings. Immutable once built; made anew by each
// reload. Copies what it needs: the settings of tags are dropped once a configuration is in force (a gateway may have 300,000 of
// them).
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/names.h"
#include "sdk/settings.h"

namespace ferrule {

class TagIndex {
 public:
  struct Entry {
    const TagSettings* settings = nullptr;     // null: not writable, and without units
    const ChannelSettings* channel = nullptr;  // null: derived by a rule
    bool configured = false;
  };

  TagIndex(std::shared_ptr<const GatewaySettings> settings, const Names& names);

  Entry operator[](TagId tag) const;
  // Configured tags of a device in order of configuration; all tags when `device` is none.
  std::vector<TagId> tags(DeviceId device) const;
  size_t size() const { return order_.size(); }
  // "boiler.temperature", "boiler" of everything configured, for "did you mean".
  std::string nearest_tag(std::string_view name, const Names& names) const;
  std::string nearest_device(std::string_view name, const Names& names) const;

 private:
  void add(TagId tag, uint32_t place);

  static constexpr uint32_t kUnknown = 0, kDerived = 1, kFirstChannel = 2;

  std::shared_ptr<const GatewaySettings> settings_;
  const Names& names_;
  std::vector<uint32_t> places_;  // by TagId: kUnknown, kDerived, or kFirstChannel + the index of its channel
  std::unordered_map<TagId, TagSettings> kept_;
  std::vector<TagId> order_;
};

}  // namespace ferrule
