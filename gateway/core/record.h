// What travels north. One record becomes one message (or one part of a batch) and has one sequence number per uplink.
//
// A record is built on the bus thread, then shared and immutable: the outbox and every uplink hold the same one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/sample.h"

namespace ferrule {

using Samples = std::vector<Sample>;  // one device, one poll of a group; never empty

struct NamedValue {
  std::string name;  // "boiler.temperature"
  Value value;
};

struct Alarm {
  std::string rule;
  bool raised = true;  // false: cleared
  std::string severity;
  std::string text;  // with the values filled in
  std::vector<NamedValue> values;
};

struct Loss {  // samples that an uplink will never get, and why
  std::string uplink;
  WallTime from, to;
  uint64_t samples = 0;
  std::string why;
};

enum class CommandResult : uint8_t { done, refused, expired, failed, unknown };

struct Outcome {  // the answer to a command
  std::string command_id;
  TagId tag = TagId::none;
  CommandResult result = CommandResult::done;
  Value value;         // what was asked for, or what was read back
  std::string reason;  // empty when done
};

struct DeviceState {
  bool online = true;
  Reason reason = Reason::none;
  std::string text;
};

struct Record {
  DeviceId device = DeviceId::none;  // none: about the gateway as a whole
  MonoTime read_at;                  // of the first sample, or of the event
  WallTime timestamp;                // the same moment in UTC; a sample's own is timestamp + (sample.read_at - read_at)
  std::variant<Samples, Alarm, Loss, Outcome, DeviceState> body;
};

using RecordPtr = std::shared_ptr<const Record>;

// A record on its way to one uplink.
//   position  its place in the gateway's one log: rises by 1 with each record, across boots, the same for every uplink
//   boot,seq  what a receiver sees: seq rises by 1 within one uplink and boot, from 1; a repeat carries the same pair
struct Envelope {
  RecordPtr record;
  uint64_t position = 0;
  uint64_t boot = 0;
  uint64_t seq = 0;
};

std::string_view to_text(CommandResult result);

// Samples in the record; 0 for an event.
inline size_t sample_count(const Record& record) {
  const auto* samples = std::get_if<Samples>(&record.body);
  return samples == nullptr ? 0 : samples->size();
}

}  // namespace ferrule
