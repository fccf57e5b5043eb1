// What the author of a payload format implements: records in, message bodies out.
//
// An encoder belongs to one uplink and is called on that uplink's thread only. It keeps no state that changes what it writes: the
// same input gives the same bytes, because a backlog is rendered again after a restart.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "core/record.h"
#include "core/status.h"
#include "sdk/fields.h"

namespace ferrule {

struct EncoderInput {
  const Record* record = nullptr;
  uint64_t boot = 0;
  uint64_t seq = 0;
  bool historical = false;  // older than this session of the link
  // What to add to the record's timestamp: it was read before the clock was set, and since then the clock was set.
  Duration correction{0};

  WallTime timestamp() const { return record->timestamp + correction; }
  bool clock_unknown() const { return !clock_was_set(timestamp()); }  // to be marked
};

class Encoder {
 public:
  virtual ~Encoder() = default;

  // Renders `inputs` (one, unless the user batches) as one message, or as several where it would exceed `max_bytes`, appending
  // them to `messages`. An error means that these records can never be rendered: the caller makes dead letters of them.
  virtual Status encode(std::span<const EncoderInput> inputs, size_t max_bytes, std::vector<std::string>& messages) = 0;
};

struct EncoderContext {
  std::string gateway;  // its id
  const Names& names;
};

struct EncoderType {
  std::string_view name;  // `payload: json`
  std::string_view help;
  std::span<const FieldSpec> fields;
  Result<std::unique_ptr<Encoder>> (*build)(const Fields& fields, const EncoderContext& context);
};

}  // namespace ferrule
