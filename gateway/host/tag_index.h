// From a tag to its settings and its channel, for reports and commands. Immutable once built; made anew by each reload.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/names.h"
#include "sdk/settings.h"

namespace ferrule {

class TagIndex {
 public:
  struct Entry {
    const TagSettings* settings = nullptr;  // null: a bit of another tag, or derived by a rule
    const ChannelSettings* channel = nullptr;
    bool configured = false;
  };

  TagIndex(std::shared_ptr<const GatewaySettings> settings, const Names& names);

  const Entry& operator[](TagId tag) const;
  // Configured tags of a device in order of configuration; all tags when `device` is none.
  std::vector<TagId> tags(DeviceId device) const;
  size_t size() const { return order_.size(); }
  // "boiler.temperature", "boiler" of everything configured, for "did you mean".
  std::string nearest_tag(std::string_view name, const Names& names) const;
  std::string nearest_device(std::string_view name, const Names& names) const;

 private:
  void add(TagId tag, const TagSettings* settings, const ChannelSettings* channel);

  std::shared_ptr<const GatewaySettings> settings_;
  const Names& names_;
  std::vector<Entry> entries_;  // by TagId
  std::vector<TagId> order_;
};

}  // namespace ferrule
