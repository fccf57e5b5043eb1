#include "outbox/dictionary.h"

#include <algorithm>

namespace ferrule::outbox {

namespace {

uint32_t& slot(std::vector<uint32_t>& ids, uint32_t index) {
  if (index >= ids.size()) ids.resize(index + 1, 0);
  return ids[index];
}

}  // namespace

void Dictionary::place(uint32_t id, Known known) {
  known_.insert_or_assign(id, known);
  last_ = std::max(last_, id);
  if (known.device == 0) {
    slot(devices_, index_of(known.as_device)) = id;
  } else {
    slot(tags_, index_of(known.as_tag)) = id;
  }
}

uint32_t Dictionary::add(uint32_t device, std::string_view name, Known known) {
  const uint32_t id = last_ + 1;
  place(id, known);
  unsaved_.push_back({id, device, std::string(name)});
  return id;
}

uint32_t Dictionary::stored(DeviceId device) {
  if (index_of(device) >= names_.device_count()) return 0;  // none, or not one of ours
  if (const uint32_t id = slot(devices_, index_of(device)); id != 0) return id;
  return add(0, names_.name(device), {0, device, TagId::none});
}

uint32_t Dictionary::stored(TagId tag) {
  if (index_of(tag) >= names_.tag_count()) return 0;
  if (const uint32_t id = slot(tags_, index_of(tag)); id != 0) return id;
  const uint32_t device = stored(names_.device_of(tag));
  return add(device, names_.name(tag), {device, DeviceId::none, tag});
}

std::optional<DeviceId> Dictionary::device(uint32_t id) const {
  if (id == 0) return DeviceId::none;
  const auto found = known_.find(id);
  if (found == known_.end() || found->second.device != 0) return std::nullopt;
  return found->second.as_device;
}

std::optional<TagId> Dictionary::tag(uint32_t id) const {
  if (id == 0) return TagId::none;
  const auto found = known_.find(id);
  if (found == known_.end() || found->second.device == 0) return std::nullopt;
  return found->second.as_tag;
}

bool Dictionary::load(const Row& row) {
  if (row.id == 0 || row.id > kMaxId || known_.contains(row.id)) return false;
  if (row.device == 0) {
    const DeviceId device = names_.device(row.name);
    if (device == DeviceId::none) return false;
    place(row.id, {0, device, TagId::none});
    return true;
  }
  const auto device = this->device(row.device);
  if (!device || *device == DeviceId::none) return false;
  const TagId tag = names_.tag(*device, row.name);
  if (tag == TagId::none) return false;
  place(row.id, {row.device, DeviceId::none, tag});
  return true;
}

void Dictionary::save_all_again() {
  unsaved_.clear();
  std::vector<uint32_t> ids;
  for (const auto& [id, known] : known_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const uint32_t id : ids) {
    const Known& known = known_.at(id);
    unsaved_.push_back(
        {id, known.device, std::string(known.device == 0 ? names_.name(known.as_device) : names_.name(known.as_tag))});
  }
}

}  // namespace ferrule::outbox
