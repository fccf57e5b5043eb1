// The tags of one device: entries of its own and of its profile, rows filled out, ids given.
#pragma once

#include <vector>

#include "config/document.h"
#include "config/load_context.h"

namespace ferrule::config {

// What a tag inherits from its device.
struct TagParent {
  const DriverType& type;
  DeviceId device = DeviceId::none;
  Duration every{0};
};

// `profile` and `own` are lists of tags, or nothing. Entries of the same name are one tag: what the own one says goes first.
std::vector<TagSettings> build_tags(Node profile, Node own, const TagParent& parent, LoadContext& context);

// The same tags for another device of a row; false: there are too many, which has been reported.
bool give_to_device(std::vector<TagSettings>& tags, DeviceId device, LoadContext& context);

// `text` with each {word} replaced by `value`.
std::string fill_in(std::string_view text, std::string_view word, std::string_view value);

}  // namespace ferrule::config
