// What carries messages to one broker or server: connect, publish, disconnect. The lanes, the window, back-off and what an answer
// means for a record live once, in north; an Uplink only moves messages and tells what became of them.
//
// connect, publish and disconnect are called on the uplink's north thread. UplinkEvents may be called on any thread and returns
// at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "core/clock.h"
#include "core/status.h"

namespace ferrule {

enum class Settlement : uint8_t {
  delivered,  // acknowledged: the record may be forgotten
  unheard,    // acknowledged, but nobody subscribes (MQTT 5 reason 0x10): delivered, and counted
  not_now,    // refused for a passing reason: keep it, slow down
  refused,    // refused until somebody changes something (quota, not authorised): keep it, ask rarely
  rejected,   // refused for good (bad topic, too large): a dead letter
};

struct Publication {
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
};

// What the other side has said that it takes. Known once connected.
struct LinkLimits {
  size_t payload = std::numeric_limits<size_t>::max();        // bytes
  uint32_t in_flight = std::numeric_limits<uint32_t>::max();  // messages with QoS 1 and 2 that are not acknowledged
};

class UplinkEvents {
 public:
  virtual ~UplinkEvents() = default;
  virtual void connected() = 0;
  // The attempt failed or the link broke. No token published before this is answered after it. `why` says what to do;
  // Fault::refused means that the other side said no (bad password): asking again soon is pointless.
  virtual void lost(Status why) = 0;
  virtual void settled(uint64_t token, Settlement settlement, std::string why) = 0;
};

class Uplink {
 public:
  virtual ~Uplink() = default;
  virtual void connect() = 0;  // answered by connected() or lost(), within the connect timeout
  // `token` is answered by settled() once, unless lost() comes first. An error means that it was not sent (token not answered).
  virtual Status publish(const Publication& publication, uint64_t token) = 0;
  virtual LinkLimits limits() const { return {}; }
  // Sends `farewell` (the offline state; nothing when its topic is empty) where the link is up, and closes. Returns by the
  // deadline. Nothing is reported for what was before it.
  virtual void disconnect(const Publication& farewell, Deadline deadline) = 0;
};

}  // namespace ferrule
