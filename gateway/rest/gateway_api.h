// What the REST server asks of the gateway. host implements it; the server knows nothing else.
//
// Every call may come on the REST thread at any rate, must return within a few milliseconds and never wait for a device: write()
// answers through its callback.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/sample.h"
#include "core/status.h"
#include "sdk/prober.h"

namespace ferrule {

struct DeviceReport {
  std::string name, channel;
  bool online = false;
  std::string trouble;  // why not; empty when online
  uint64_t requests = 0, answered = 0, timeouts = 0, refused = 0, bad_replies = 0, writes = 0;
  uint64_t polls = 0;  // ended, of a group or several that were due together
  uint64_t tags = 0;
  double planned = 0;  // share of line time that its requests should take, 0..1; 0 where the driver cannot tell
  double busy = 0;     // share of time that they took, over the last minute, with the silence that `planned` reckons with
  std::optional<WallTime> last_answer;
};

// What a listening channel counts beside its samples: "closed: frame too long".
struct ChannelEvent {
  std::string what;
  uint64_t times = 0;
};

struct ChannelReport {
  std::string name, driver;
  std::string state;  // connected, connecting, stopped
  std::string trouble;
  uint64_t devices = 0, tags = 0;
  uint64_t requests = 0, answered = 0, timeouts = 0, refused = 0, bad_replies = 0, disconnects = 0;
  uint64_t polls = 0, overruns = 0;  // polls of a group; polls that were not begun in their own period
  uint64_t bytes_out = 0, bytes_in = 0;
  double planned = 0;  // share of line time that its requests should take, 0..1; 0 where the driver cannot tell
  double busy = 0;     // share of time that its exchanges took, as above, over the last minute
  std::vector<ChannelEvent> events;
  std::vector<std::string> plan;  // the requests, for people
};

// One exchange as it crossed the wire.
struct FrameReport {
  WallTime at;  // when it ended
  Duration took{0};
  std::string device;                    // "(probe)": a person asked
  std::string outcome;                   // "ok", or why not
  std::string unasked, sent, received;   // hexadecimal; unasked: what came before anything was sent
  std::string sent_text, received_text;  // for people; empty where the driver cannot tell
};

struct UplinkReport {
  std::string name, trouble;
  bool connected = false;
  std::optional<WallTime> since;
  uint64_t connects = 0, messages_sent = 0, messages_settled = 0, unheard = 0, refused = 0, rejected = 0, bytes_sent = 0,
           in_flight = 0;
  uint64_t read = 0, sent = 0, stored = 0, suppressed = 0, dropped = 0;  // samples: read = sent + stored + suppressed + dropped
  uint64_t waiting_records = 0;
  double ack_ms = 0;
};

struct OutboxReport {
  std::string path, trouble;
  uint64_t memory_bytes = 0, disk_bytes = 0, max_size = 0, blocks = 0, commits = 0, bytes_written = 0;
};

struct GatewayReport {
  std::string id, version;
  uint64_t boot = 0;
  WallTime started;
  Duration uptime{0};
  std::string config_file;
  std::string config_trouble;  // the last reload was refused: why; or: running on the last good configuration
  uint64_t tags = 0;
  std::vector<std::string> problems;  // what makes health red; empty: healthy
};

struct TagReport {
  std::string name;  // "boiler.temperature"
  std::string units;
  bool writable = false;
  Sample sample;
  WallTime timestamp;
};

struct LiveBatch {
  std::vector<TagReport> samples;
  uint64_t lost = 0;
};

class LiveStream {  // releasing it ends the subscription
 public:
  virtual ~LiveStream() = default;
  virtual LiveBatch drain() = 0;
};

// A record that waits in the outbox, or a dead letter.
struct OutboxRecord {
  uint64_t at = 0;  // to ask for what is beyond it
  uint64_t boot = 0, seq = 0;
  std::string uplink, device, kind, text;  // kind: samples, alarm, loss, outcome, device_state; text: what an event says
  std::string why;                         // of a dead letter
  WallTime timestamp;
  std::vector<TagReport> samples;
};

enum class OutboxPart : uint8_t { waiting, dead_letters };

struct WriteRequest {
  std::string tag;  // "boiler.setpoint"
  Value value;      // as JSON gave it; text for a label of an enumeration
  std::string id;   // empty: the gateway makes one; the same one again is a repeat, which has no effect of its own
  Duration expires_in{std::chrono::seconds(10)};
};

struct WriteReply {
  std::string id;
  CommandResult result = CommandResult::failed;
  std::string reason;
  bool repeated = false;  // the outcome of an earlier command with this id
  Duration waited{0};     // for other exchanges of the channel, until it went out
};

class GatewayApi {
 public:
  virtual ~GatewayApi() = default;
  virtual GatewayReport gateway() const = 0;
  virtual std::vector<ChannelReport> channels() const = 0;
  virtual std::vector<DeviceReport> devices() const = 0;
  // The last exchanges of a channel, oldest first. Fault::not_found names the nearest channel.
  virtual Result<std::vector<FrameReport>> frames(std::string_view channel) const = 0;
  // One raw read over a channel, between its polls. not_found: no such channel, then `done` is not called; else it is called
  // once, on any thread, within the question's timeout and what is under way before it.
  virtual Status probe(std::string_view channel, const ProbeQuestion& question, std::function<void(ProbeAnswer)> done) = 0;
  virtual std::vector<UplinkReport> uplinks() const = 0;
  virtual OutboxReport outbox() const = 0;
  // At most kOutboxPage records beyond `after`, fewer of large ones, oldest first; none: that was all. Of dead letters `uplink`
  // may be empty: all. These two ask the outbox's thread and wait for it, at most 2 s: Fault::timeout when its disk does not
  // answer.
  static constexpr size_t kOutboxPage = 200;
  virtual Result<std::vector<OutboxRecord>> outbox_records(OutboxPart part, std::string_view uplink, uint64_t after) const = 0;
  // How many records were given up.
  virtual Result<uint64_t> purge_outbox(OutboxPart part, std::string_view uplink) = 0;
  // Of one device, or of all when empty. Fault::not_found names the nearest device.
  virtual Result<std::vector<TagReport>> values(std::string_view device) const = 0;
  virtual Result<TagReport> value(std::string_view tag) const = 0;
  // Checks at once (invalid: unknown tag, read-only, wrong type, out of range: then `done` is not called), else calls `done`
  // once, on any thread, within expires_in + 1 s.
  virtual Status write(const WriteRequest& request, std::function<void(WriteReply)> done) = 0;
  // `ready` is called on any thread when there is something to drain.
  virtual Result<std::unique_ptr<LiveStream>> watch(const std::vector<std::string>& tags, std::function<void()> ready) = 0;
  virtual Status reload() = 0;  // as SIGHUP: the Status says what is wrong with the file
};

}  // namespace ferrule
