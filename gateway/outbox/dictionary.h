// Names of devices and tags <-> the small ids that stored blocks know them by. An id is given out once per file and never reused,
// so a block from last year still finds its names after any change of configuration.
//
// Pure: the store saves `unsaved()` in the same transaction as the first block that uses them. Outbox thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"

namespace ferrule::outbox {

class Dictionary {
 public:
  struct Row {
    uint32_t id = 0;      // from 1; devices and tags share one row of numbers
    uint32_t device = 0;  // the id of the tag's device; 0: this is a device
    std::string name;
  };

  explicit Dictionary(Names& names) : names_(names) {}

  // The stored id, made new when there is none yet. 0 for `none`.
  uint32_t stored(DeviceId device);
  uint32_t stored(TagId tag);

  // What a stored id means; nothing where the file does not say. Id 0 is `none`.
  std::optional<DeviceId> device(uint32_t id) const;
  std::optional<TagId> tag(uint32_t id) const;

  // Rows from the file, devices before their tags. False: it contradicts what is known, and is ignored.
  bool load(const Row& row);

  std::vector<Row> unsaved() const;
  void saved() { std::vector<uint32_t>().swap(unsaved_); }
  uint32_t last() const { return last_; }
  // Ids up to this one are taken, whether or not their names could be read.
  void skip(uint32_t id) { last_ = id > last_ ? id : last_; }
  // For a fresh file: everything that is known is unsaved again.
  void save_all_again();

 private:
  static constexpr uint32_t kUnknown = 0xffffffff;
  struct Known {  // kept small: there may be 300,000 of them
    uint32_t device = 0;
    uint32_t index = kUnknown;  // in the process: of the tag, or of the device
  };
  bool knows(uint32_t id) const { return id < known_.size() && known_[id].index != kUnknown; }
  uint32_t add(Known known);
  void place(uint32_t id, Known known);

  static constexpr uint32_t kMaxId = 1u << 23;
  Names& names_;
  std::vector<Known> known_;              // by stored id
  std::vector<uint32_t> devices_, tags_;  // by process id; 0 = not stored
  std::vector<uint32_t> unsaved_;         // stored ids
  uint32_t last_ = 0;
};

}  // namespace ferrule::outbox
