// Any text as a list of resources (link-format) and as a path of a configuration: no crash, and the limits hold.
//
// Built as a libFuzzer target with -DFERRULE_FUZZ=ON; the unit tests run it over fuzz/corpus.
#include <cstdlib>
#include <span>

#include "coap/link_format.h"
#include "coap/point.h"

namespace ferrule::coap {

// False: something does not hold.
inline bool links_hold(std::span<const uint8_t> input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  const auto links = read_links(text);
  if (links.ok() && links->size() > kMostLinks) return false;
  const auto resource = parse_resource(text);
  if (!resource.ok()) return true;
  if (resource->path.size() + resource->query.size() > 64) return false;
  for (const auto* parts : {&resource->path, &resource->query}) {
    for (const std::string& part : *parts) {
      if (part.size() > 255) return false;
    }
  }
  return true;
}

}  // namespace ferrule::coap

#ifdef FERRULE_FUZZ
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (!ferrule::coap::links_hold({bytes, size})) std::abort();
  return 0;
}
#endif
