// Who is who: devices and tags are known by small numbers inside the process and by name outside it.
//
// Names is the process-wide directory. An id is given out once and never reused or changed before the process ends, across
// reloads too, so every module may keep plain vectors indexed by it. Adding takes a lock; reading an id that you were given takes
// none and may happen on any thread. At most 2^22 tags and 2^20 devices; beyond that ids are `none` and configuration is refused.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule {

enum class DeviceId : uint32_t { none = 0xffffffff };
enum class TagId : uint32_t { none = 0xffffffff };

constexpr uint32_t index_of(DeviceId id) { return static_cast<uint32_t>(id); }
constexpr uint32_t index_of(TagId id) { return static_cast<uint32_t>(id); }

class Names {
 public:
  Names();
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // The id of this name, new or known.
  DeviceId device(std::string_view name);
  TagId tag(DeviceId device, std::string_view name);

  // Only what is known already.
  std::optional<DeviceId> find_device(std::string_view name) const;
  std::optional<TagId> find_tag(std::string_view device, std::string_view tag) const;
  std::optional<TagId> find_tag(std::string_view full_name) const;  // "boiler.temperature"

  std::string_view name(DeviceId id) const;
  std::string_view name(TagId id) const;  // without its device
  DeviceId device_of(TagId id) const;
  std::string full_name(TagId id) const;  // "boiler.temperature"

  uint32_t device_count() const { return device_count_.load(std::memory_order_acquire); }
  uint32_t tag_count() const { return tag_count_.load(std::memory_order_acquire); }

 private:
  struct Entry {  // kept small: there may be millions
    const char* text = nullptr;
    uint32_t size = 0;
    DeviceId device = DeviceId::none;
    std::string_view name() const { return {text, size}; }
  };
  static constexpr uint32_t kChunk = 1024;
  static constexpr uint32_t kMaxTags = 1u << 22;
  static constexpr uint32_t kMaxDevices = 1u << 20;
  using Chunk = std::array<Entry, kChunk>;
  template <uint32_t kMax>
  using Directory = std::array<std::atomic<Chunk*>, kMax / kChunk>;

  struct Key {
    DeviceId device;  // none for a device's own name
    std::string_view name;
    bool operator==(const Key&) const = default;
  };
  std::string_view keep(std::string_view name);  // copies into the arena; lock held
  template <uint32_t kMax>
  uint32_t add(Directory<kMax>& directory, std::atomic<uint32_t>& count, Key key);  // lock held
  Key key_of(uint32_t slot) const;                                                  // what a used slot stands for; lock held
  size_t slot_of(const Key& key) const;                // of the key, or the empty one where it belongs; lock held
  std::optional<uint32_t> find(const Key& key) const;  // lock held
  void grow();                                         // lock held

  Directory<kMaxTags> tags_{};
  Directory<kMaxDevices> devices_{};
  std::atomic<uint32_t> tag_count_{0};
  std::atomic<uint32_t> device_count_{0};

  mutable std::mutex lock_;  // guards what follows
  // From a key to its id: a hash table of its own, because one of the standard library's takes 60 bytes a name. At most three
  // quarters full; searched from the key's hash onwards. 0: empty; else id + 1, with kOfDevice where it is a device's.
  static constexpr uint32_t kOfDevice = 1u << 31;
  std::vector<uint32_t> slots_;
  size_t used_slots_ = 0;
  std::vector<std::unique_ptr<char[]>> arena_;
  size_t arena_left_ = 0;
  char* arena_next_ = nullptr;
};

}  // namespace ferrule
