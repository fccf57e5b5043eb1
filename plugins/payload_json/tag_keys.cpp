#include "payload_json/tag_keys.h"

#include <algorithm>

#include "core/json_text.h"

namespace ferrule {

void TagKeys::add(TagId tag) {
  const uint32_t index = index_of(tag);
  if (index >= keys_.size()) keys_.resize(std::max(names_.tag_count(), index + 1));
  const size_t at = text_.size();
  json::append_quoted(text_, names_.name(tag));
  text_ += ':';
  keys_[index] = {static_cast<uint32_t>(at), static_cast<uint32_t>(text_.size() - at)};
}

}  // namespace ferrule
