// The JSON keys of tags, ready to copy: `"temperature":`. Each is made once and kept for the life of the encoder, because a name
// never changes; a look-up is two loads. 8 bytes a tag and the text itself. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"

namespace ferrule {

class TagKeys {
 public:
  explicit TagKeys(const Names& names) : names_(names) {}

  // Valid until the next call.
  std::string_view operator[](TagId tag) {
    const uint32_t index = index_of(tag);
    if (index >= keys_.size() || keys_[index].length == 0) add(tag);
    return std::string_view(text_).substr(keys_[index].at, keys_[index].length);
  }

 private:
  struct Key {
    uint32_t at = 0;
    uint32_t length = 0;  // 0: not made yet
  };
  void add(TagId tag);

  const Names& names_;
  std::vector<Key> keys_;  // by TagId
  std::string text_;
};

}  // namespace ferrule
