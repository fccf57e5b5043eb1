// From a device's tags to one request for each resource, and from an answer back to the tags. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "coap/message.h"
#include "coap/payload.h"
#include "sdk/driver.h"

namespace ferrule::coap {

struct ReadBody final : Request::Body {
  struct Wanted {
    TagId tag;
    Place place;
  };
  std::string key;  // the resource as text, with the format that is asked for
  Resource resource;
  ContentFormat accept = ContentFormat::none;
  bool confirmable = true;
  bool observe = false;
  std::vector<Wanted> wanted;

  Outgoing question() const { return {.confirmable = confirmable, .resource = &resource, .observe = observe, .accept = accept}; }
};

Result<Requests> plan_reads(const DeviceSettings& device, std::span<const TagSettings* const> tags);

// Answers each tag once: its value, or why there is none.
void answer_tags(const ReadBody& body, const Incoming& message, WallTime now, SampleSink& sink);

}  // namespace ferrule::coap
