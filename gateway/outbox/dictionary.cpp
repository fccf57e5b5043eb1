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
  if (id >= known_.size()) known_.resize(id + 1);
  known_[id] = known;
  last_ = std::max(last_, id);
  slot(known.device == 0 ? devices_ : tags_, known.index) = id;
}

uint32_t Dictionary::add(Known known) {
  const uint32_t id = last_ + 1;
  place(id, known);
  unsaved_.push_back(id);
  return id;
}

uint32_t Dictionary::stored(DeviceId device) {
  if (index_of(device) >= names_.device_count()) return 0;  // none, or not one of ours
  if (const uint32_t id = slot(devices_, index_of(device)); id != 0) return id;
  return add({0, index_of(device)});
}

uint32_t Dictionary::stored(TagId tag) {
  if (index_of(tag) >= names_.tag_count()) return 0;
  if (const uint32_t id = slot(tags_, index_of(tag)); id != 0) return id;
  return add({stored(names_.device_of(tag)), index_of(tag)});
}

std::optional<DeviceId> Dictionary::device(uint32_t id) const {
  if (id == 0) return DeviceId::none;
  if (!knows(id) || known_[id].device != 0) return std::nullopt;
  return DeviceId{known_[id].index};
}

std::optional<TagId> Dictionary::tag(uint32_t id) const {
  if (id == 0) return TagId::none;
  if (!knows(id) || known_[id].device == 0) return std::nullopt;
  return TagId{known_[id].index};
}

bool Dictionary::load(const Row& row) {
  if (row.id == 0 || row.id > kMaxId || knows(row.id)) return false;
  if (row.device == 0) {
    const DeviceId device = names_.device(row.name);
    if (device == DeviceId::none) return false;
    place(row.id, {0, index_of(device)});
    return true;
  }
  const auto device = this->device(row.device);
  if (!device || *device == DeviceId::none) return false;
  const TagId tag = names_.tag(*device, row.name);
  if (tag == TagId::none) return false;
  place(row.id, {row.device, index_of(tag)});
  return true;
}

std::vector<Dictionary::Row> Dictionary::unsaved() const {
  std::vector<Row> rows;
  rows.reserve(unsaved_.size());
  for (const uint32_t id : unsaved_) {
    const Known& known = known_[id];
    rows.push_back({id, known.device,
                    std::string(known.device == 0 ? names_.name(DeviceId{known.index}) : names_.name(TagId{known.index}))});
  }
  return rows;
}

void Dictionary::save_all_again() {
  unsaved_.clear();
  for (uint32_t id = 1; id < known_.size(); ++id) {
    if (knows(id)) unsaved_.push_back(id);
  }
}

}  // namespace ferrule::outbox
