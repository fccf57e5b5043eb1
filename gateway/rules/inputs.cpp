#include "rules/inputs.h"

namespace ferrule {

uint32_t Inputs::slot(TagId tag) {
  if (index_of(tag) >= slots_.size()) slots_.resize(index_of(tag) + 1, kNone);
  uint32_t& slot = slots_[index_of(tag)];
  if (slot == kNone) {
    slot = static_cast<uint32_t>(tags_.size());
    Tag fresh;
    fresh.latest.tag = tag;
    fresh.latest.quality = Quality::bad;
    fresh.latest.reason = Reason::not_read_yet;
    tags_.push_back(std::move(fresh));
  }
  return slot;
}

uint32_t Inputs::window(uint32_t slot, WindowKind kind, Duration span) {
  Tag& tag = tags_[slot];
  for (const uint32_t known : tag.windows) {
    if (windows_[known].window.kind() == kind && windows_[known].window.span() == span) return known;
  }
  const auto index = static_cast<uint32_t>(windows_.size());
  windows_.push_back({slot, Window(kind, span)});
  tag.windows.push_back(index);
  return index;
}

void Inputs::store(uint32_t slot, const Sample& sample) {
  Tag& tag = tags_[slot];
  tag.latest = sample;
  if (sample.quality == Quality::bad) return;
  tag.before = std::move(tag.last);
  tag.last = sample.value;
  for (const uint32_t index : tag.windows) windows_[index].window.add(sample);
}

bool Inputs::changed(uint32_t slot) const {
  const Tag& tag = tags_[slot];
  return !tag.before.empty() && !(tag.before == tag.last);
}

}  // namespace ferrule
