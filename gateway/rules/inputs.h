// What the rules know of the tags that they name: the latest sample, what a change is measured against, and the windows.
#pragma once

#include <vector>

#include "core/sample.h"
#include "rules/window.h"

namespace ferrule {

class Inputs {
 public:
  struct Tag {
    Sample latest;  // not_read_yet at first
    Value before;   // the value before the latest one, of those that were not bad
    Value last;     // the latest value that was not bad
    std::vector<uint32_t> windows;
  };

  static constexpr uint32_t kNone = 0xffffffff;

  // While rules are compiled: the slot of a tag, and the index of a window on it. Equal windows are shared.
  uint32_t slot(TagId tag);
  uint32_t window(uint32_t slot, WindowKind kind, Duration span);

  uint32_t find(TagId tag) const { return index_of(tag) < slots_.size() ? slots_[index_of(tag)] : kNone; }
  void store(uint32_t slot, const Sample& sample);

  size_t size() const { return tags_.size(); }
  const Tag& tag(uint32_t slot) const { return tags_[slot]; }
  bool changed(uint32_t slot) const;  // the latest value differs from the one before; not at the first one

  struct Windowed {
    uint32_t slot;
    Window window;
  };
  Windowed& windowed(uint32_t index) { return windows_[index]; }

 private:
  std::vector<uint32_t> slots_;  // by TagId
  std::vector<Tag> tags_;
  std::vector<Windowed> windows_;
};

}  // namespace ferrule
