#include "core/names.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace ferrule {

Names::Names() = default;

Names::~Names() {
  for (auto& chunk : tags_) delete chunk.load(std::memory_order_relaxed);
  for (auto& chunk : devices_) delete chunk.load(std::memory_order_relaxed);
}

Names::Key Names::key_of(uint32_t slot) const {
  const uint32_t index = (slot & ~kOfDevice) - 1;
  if ((slot & kOfDevice) != 0) return {DeviceId::none, name(static_cast<DeviceId>(index))};
  return {device_of(static_cast<TagId>(index)), name(static_cast<TagId>(index))};
}

size_t Names::slot_of(const Key& key) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = std::hash<std::string_view>{}(key.name) ^ (static_cast<size_t>(index_of(key.device)) * 0x9e3779b97f4a7c15ull);
  for (slot &= mask; slots_[slot] != 0 && !(key_of(slots_[slot]) == key); slot = (slot + 1) & mask) {
  }
  return slot;
}

std::optional<uint32_t> Names::find(const Key& key) const {
  if (slots_.empty()) return std::nullopt;
  const uint32_t found = slots_[slot_of(key)];
  if (found == 0) return std::nullopt;
  return (found & ~kOfDevice) - 1;
}

void Names::grow() {
  constexpr size_t kLeast = 64;
  const std::vector<uint32_t> old = std::exchange(slots_, std::vector<uint32_t>(std::max(kLeast, 2 * slots_.size())));
  for (const uint32_t id : old) {
    if (id != 0) slots_[slot_of(key_of(id))] = id;
  }
}

std::string_view Names::keep(std::string_view name) {
  constexpr size_t kBlock = 16384;
  if (name.size() > arena_left_) {
    arena_left_ = std::max(kBlock, name.size());
    arena_.push_back(std::make_unique<char[]>(arena_left_));
    arena_next_ = arena_.back().get();
  }
  if (!name.empty()) std::memcpy(arena_next_, name.data(), name.size());
  const std::string_view kept(arena_next_, name.size());
  arena_next_ += name.size();
  arena_left_ -= name.size();
  return kept;
}

template <uint32_t kMax>
uint32_t Names::add(Directory<kMax>& directory, std::atomic<uint32_t>& count, Key key) {
  if (const auto known = find(key)) return *known;
  const uint32_t index = count.load(std::memory_order_relaxed);
  if (index == kMax) return index_of(DeviceId::none);
  auto& slot = directory[index / kChunk];
  if (slot.load(std::memory_order_relaxed) == nullptr) slot.store(new Chunk, std::memory_order_release);
  key.name = keep(key.name);
  (*slot.load(std::memory_order_relaxed))[index % kChunk] = {key.name.data(), static_cast<uint32_t>(key.name.size()), key.device};
  count.store(index + 1, std::memory_order_release);
  if (4 * ++used_slots_ > 3 * slots_.size()) grow();
  slots_[slot_of(key)] = (index + 1) | (key.device == DeviceId::none ? kOfDevice : 0);
  return index;
}

DeviceId Names::device(std::string_view name) {
  const std::lock_guard guard(lock_);
  return static_cast<DeviceId>(add<kMaxDevices>(devices_, device_count_, {DeviceId::none, name}));
}

TagId Names::tag(DeviceId device, std::string_view name) {
  if (device == DeviceId::none) return TagId::none;  // its key would be that of a device
  const std::lock_guard guard(lock_);
  return static_cast<TagId>(add<kMaxTags>(tags_, tag_count_, {device, name}));
}

std::optional<DeviceId> Names::find_device(std::string_view name) const {
  const std::lock_guard guard(lock_);
  const auto known = find({DeviceId::none, name});
  if (!known) return std::nullopt;
  return static_cast<DeviceId>(*known);
}

std::optional<TagId> Names::find_tag(std::string_view device, std::string_view tag) const {
  const auto id = find_device(device);
  if (!id) return std::nullopt;
  const std::lock_guard guard(lock_);
  const auto known = find({*id, tag});
  if (!known) return std::nullopt;
  return static_cast<TagId>(*known);
}

std::optional<TagId> Names::find_tag(std::string_view full_name) const {
  const size_t dot = full_name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return find_tag(full_name.substr(0, dot), full_name.substr(dot + 1));
}

std::string_view Names::name(DeviceId id) const {
  if (index_of(id) >= device_count()) return {};
  return (*devices_[index_of(id) / kChunk].load(std::memory_order_acquire))[index_of(id) % kChunk].name();
}

std::string_view Names::name(TagId id) const {
  if (index_of(id) >= tag_count()) return {};
  return (*tags_[index_of(id) / kChunk].load(std::memory_order_acquire))[index_of(id) % kChunk].name();
}

DeviceId Names::device_of(TagId id) const {
  if (index_of(id) >= tag_count()) return DeviceId::none;
  return (*tags_[index_of(id) / kChunk].load(std::memory_order_acquire))[index_of(id) % kChunk].device;
}

std::string Names::full_name(TagId id) const {
  std::string full(name(device_of(id)));
  full += '.';
  full += name(id);
  return full;
}

}  // namespace ferrule
