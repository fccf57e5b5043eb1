// Payloads for tests: a format, a place each, and what comes out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "drivers_common/extraction.h"
#include "tests/fakes/frame_catcher.h"
#include "tests/fakes/settings_of.h"

namespace ferrule {

struct ValueCatcher final : ExtractionSink {
  void found(size_t place, Value value) override { said[place] = to_text(value); }
  void wrong(size_t place, std::string_view why) override { said[place] = "!" + std::string(why); }
  std::map<size_t, std::string> said;
};

inline Fields payload_of(const std::vector<Setting>& settings) { return settings_of(kPayloadFieldTable, settings); }

inline Place place_at(std::string_view at, std::string_view type = "", size_t length = 0, std::string_view order = "ABCD") {
  Place place;
  place.at = at;
  if (!type.empty()) place.type = *field_type(type);
  place.order = *byte_order(order);
  place.length = length;
  return place;
}

}  // namespace ferrule
