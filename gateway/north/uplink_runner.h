// One uplink's thread: live records first, then the backlog, within a window of unacknowledged messages.
//
// The runner owns connect and back-off, the publish window, topics, encoding, the retained state topic, and what an answer means
// for a record. It knows nothing of SQLite: the backlog and every settlement go through Backlog, which host connects to the
// outbox.
//
// Sessions: each successful connect starts a session, numbered from 1. offer() takes a record only while a session is up and the
// live queue has room; the number it returns travels with the record to the outbox. When the link is lost the runner calls
// released(session), and everything of that session that was not settled comes back through the backlog.
//
// A record is `historical` when it was read before the present session began. Live goes to the data topic, historical to the
// history topic. With in_order nothing is taken live: every record goes through the backlog, and all of it to the data topic.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/record.h"
#include "sdk/encoder.h"
#include "sdk/settings.h"
#include "sdk/uplink.h"

namespace ferrule {

// What the runner needs from the outbox. Every call is made on the runner's thread and returns at once; answers come back by
// UplinkRunner::backlog().
class Backlog {
 public:
  virtual ~Backlog() = default;
  virtual void request(size_t max_records, size_t max_bytes) = 0;
  virtual void settled(std::vector<uint64_t> positions) = 0;
  virtual void rejected(uint64_t position, std::string why) = 0;
  virtual void released(uint32_t session) = 0;
};

struct UplinkStatus {
  std::string name;
  bool connected = false;
  std::string trouble;  // why not connected, or what is refused; empty when all is well
  WallTime since;       // of the present state
  uint64_t connects = 0;
  uint64_t messages_sent = 0;  // handed to the transport
  uint64_t messages_settled = 0;
  uint64_t samples_settled = 0;
  uint64_t unheard = 0;  // acknowledged without a subscriber (MQTT 5)
  uint64_t refused = 0;  // not_now answers
  uint64_t rejected = 0;
  uint64_t bytes_sent = 0;  // payload
  uint32_t in_flight = 0;
  double ack_ms = 0;  // smoothed time from publish to acknowledgement
};

struct UplinkContext {
  const Clock& clock;
  const Names& names;
  std::string gateway;  // its id
  uint64_t boot = 0;
  // Records of this boot and later ones share the monotonic clock with the present: the machine was not switched off since.
  uint64_t first_boot = 0;
  // Tells the operator; the runner has already held back repeats. Any thread.
  std::function<void(bool problem, std::string text)> say;
};

class UplinkRunner {
 public:
  // `make_uplink` is called once, in start(); it gets the events object to report to.
  using MakeUplink = std::function<Result<std::unique_ptr<Uplink>>(const UplinkSettings&, const UplinkContext&, UplinkEvents&)>;

  UplinkRunner(UplinkSettings settings, UplinkContext context, std::unique_ptr<Encoder> encoder, MakeUplink make_uplink,
               Backlog& backlog);
  ~UplinkRunner();

  void start();
  // Publishes the offline state, closes, ends the thread. Returns by the deadline. What was in flight is released.
  void stop(Deadline deadline);

  // Bus thread. The session that took the record, or 0: it must go through the backlog.
  uint32_t offer(const Envelope& envelope);
  // The same in two steps, where a record must be stored before it is sent: claim() on the bus thread, then live() for each
  // record that was claimed, on any one thread.
  uint32_t claim(const Record& record);
  void live(Envelope envelope, uint32_t session);
  // Outbox thread: the answer to Backlog::request(); empty: there is nothing now.
  void backlog(std::vector<Envelope> envelopes);
  // Outbox thread: something became backlog while the runner may believe that there is none.
  void backlog_waiting();
  // Any thread: published (retained) on state_topic/{device} while connected; the latest state per device is kept and sent on
  // connect.
  void device_state(DeviceId device, const DeviceState& state);

  UplinkStatus status() const;  // any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The MQTT transport, on Paho; see north/mqtt_uplink.cpp.
Result<std::unique_ptr<Uplink>> make_mqtt_uplink(const UplinkSettings& settings, const UplinkContext& context,
                                                 UplinkEvents& events);

}  // namespace ferrule
