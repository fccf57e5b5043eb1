// What the author of a driver for polled devices implements: plan, connect, read, write, disconnect.
//
// Every call comes on the channel's one thread, one at a time: a driver needs no lock, no timer, no queue and no logger.
// Scheduling, back-off, counters, status and logging live once, in host/channel_runner. A driver never throws; what its library
// throws it catches at the call.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/record.h"
#include "core/sample.h"
#include "core/status.h"
#include "sdk/learnt_store.h"
#include "sdk/prober.h"
#include "sdk/settings.h"
#include "sdk/stop_signal.h"

namespace ferrule {

// Takes the answers of one read. Each call is stamped at that moment. Every tag of the request is answered at most once; what the
// driver leaves out the runner turns into a bad sample with the reason of the exchange's status. Values are raw: scale, offset
// and limits are applied later. Only valid during the read() that it was handed to.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  virtual void good(TagId tag, Value value, int64_t source_ns = 0) = 0;
  virtual void uncertain(TagId tag, Value value, Reason reason) = 0;
  virtual void bad(TagId tag, Reason reason, uint16_t detail = 0) = 0;
};

// One exchange on the wire that answers one or more tags of one device. Immutable once planned.
struct Request {
  struct Body {  // the driver's own part: where to read and how to decode
    virtual ~Body() = default;
  };
  DeviceId device = DeviceId::none;
  std::vector<TagId> tags;  // every tag that it answers
  std::string text;         // for people: "unit 5 holding 100..121 (22 registers)"
  std::shared_ptr<const Body> body;
  // What one such exchange is expected to cost, for the plan's share of line time. 0: the driver cannot tell.
  uint32_t bytes_out = 0;
  uint32_t bytes_in = 0;
  Duration cost{0};   // from one request to the next: both frames, the device's usual turnaround and the silence between frames
  Duration quiet{0};  // of which the silence, or the pause that the user wants
};
using Requests = std::vector<Request>;

// What one exchange cost. The runner accounts bus time from it.
struct Exchange {
  Status status;  // ok when the device gave its answer, an error answer included in the samples
  uint32_t bytes_out = 0;
  uint32_t bytes_in = 0;
  Duration on_wire{0};  // from the first byte out to the last byte in
  // The driver has learnt something about the device that changes its requests (a register that it refuses, say). The runner
  // calls plan() for the device's groups again as soon as no poll of it is under way.
  bool replan = false;
  // Not empty: the device refused this request as a whole. These are asked in its place, before the poll's next request; between
  // them they read its tags, each once (and may say `instead` themselves). The status is that of an answer, and none of those
  // tags has been answered.
  Requests instead;
};

struct Command {
  std::string id;  // from the caller, or made by the gateway; unique within a day
  TagId tag = TagId::none;
  Value value;       // raw: scale and offset are already undone, the range already checked
  MonoTime expires;  // never acted on after this
};

// done: the device confirmed it. refused: the device said no (status is `refused` and has its code), or the driver before
// anything was sent (`invalid`). failed: nothing reached the device, so nothing happened. unknown: it was sent and no answer
// came; it may have happened, and it is never repeated.
struct WriteOutcome {
  CommandResult result = CommandResult::failed;
  Status status;
  // It was sent, and the user wants it looked at: the runner calls read_back() next, whose outcome is the command's.
  bool read_back = false;
  Duration waited{0};  // for other exchanges, until the driver had it: the runner's own
};

// What a driver has noticed while nothing was asked of it.
struct Attention {
  MonoTime again = MonoTime::max();  // when it wants to be asked again; max: not before it has been read or written
  std::vector<TagId> news;           // tags whose devices have told of a new value: they are polled at once
};

class Driver {
 public:
  virtual ~Driver() = default;

  // The requests that read these tags of this device: one poll group (same period), or several that are due together, so that a
  // due slow group rides along with a fast one. No I/O; same input, same plan, until an exchange has said `replan`. `tags` point
  // into the settings that the driver was built with. An error means that the group cannot be read at all; its text says why.
  virtual Result<Requests> plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const = 0;

  // Opens the link. Called before the first read, and again after any call that returned disconnected; connected already: ok.
  // May fail for ever: the runner repeats it with growing pauses. Returns by the deadline.
  virtual Status connect(Deadline deadline) = 0;

  // One exchange on the wire, no more, so that a write waits for one exchange at most. Returns by the deadline + 50 ms.
  //   ok            the device answered; bad samples say what it refused
  //   timeout       no answer; the next call finds the line in step again (late replies are drained here, not by the runner)
  //   bad_reply     an answer that cannot be one to this request; as timeout
  //   disconnected  the link is gone; connect() comes next
  //   cancelled     the stop signal was raised
  virtual Exchange read(const Request& request, SampleSink& sink, Deadline deadline) = 0;

  // As plan(), after an exchange has said `replan`: the tags of one or several groups of the device by their ids, because their
  // settings are no longer kept.
  virtual Result<Requests> replan(const DeviceSettings& /*device*/, std::span<const TagId> /*tags*/) const {
    return Status(Fault::invalid, "this driver's plans do not change");
  }

  // Before this moment a late answer to an earlier request could be taken for this one's, or the line is still busy with one that
  // was given up: others are asked meanwhile. A read() before it may return `timeout` at once with no bytes out, which is not the
  // device's silence.
  virtual MonoTime free_at(const Request& /*request*/, MonoTime now) const { return now; }

  // For devices that tell something unasked: called between exchanges and when the last call asked for it. Takes and confirms
  // what has arrived; never waits. Each piece of news is told once.
  virtual Attention attend(MonoTime /*now*/) { return {}; }

  // As free_at(), for a write. One that is made before may be `failed`, nothing sent.
  virtual MonoTime write_free_at(const Command& /*command*/, MonoTime now) const { return now; }

  // At most one exchange. Only tags whose settings say `writable` arrive here.
  virtual WriteOutcome write(const Command& command, Deadline deadline) = 0;

  // Reads again what write() has just written, in one exchange. done: it is there. refused: the device has another value, the
  // status says which. unknown: it could not be read.
  virtual WriteOutcome read_back(const Command& /*command*/, Deadline /*deadline*/) {
    return {CommandResult::unknown, Status(Fault::invalid, "this driver cannot read back")};
  }

  // Raw reads, for people; nullptr: this driver has none. Lives as long as the driver.
  virtual Prober* prober() { return nullptr; }

  // Closes the link; harmless when closed. Called on the channel's thread at the end, too.
  virtual void disconnect() noexcept = 0;
};

// Takes each frame as it crosses the wire, for the frame ring. May be a no-op; must be cheap.
class FrameTrace {
 public:
  virtual ~FrameTrace() = default;
  virtual void sent(std::span<const uint8_t> frame) = 0;
  virtual void received(std::span<const uint8_t> frame) = 0;
};

struct ChannelContext {
  const Clock& clock;
  const Names& names;
  const StopSignal& stop;
  FrameTrace* trace = nullptr;    // may be null
  LearntStore* learnt = nullptr;  // may be null: then nothing is remembered across restarts
};

class Listener;  // sdk/listener.h: for devices that push
struct ListenerContext;

// A kind of driver, as the program knows it.
struct DriverType {
  std::string_view name;  // `driver: modbus`
  std::string_view help;
  std::span<const FieldSpec> channel_fields, device_fields, tag_fields;
  // Everything about a channel that its tables cannot say: "needs tcp or serial, not both", "float32 does not fit a coil",
  // "unit 5 twice". Pure; appends a Complaint at the mark of the field that is wrong. No complaint: build() succeeds.
  void (*check)(const ChannelSettings& channel, const Names& names, Complaints& complaints);
  // Makes the driver; touches nothing outside. `channel` and everything in `context` outlive the driver.
  Result<std::unique_ptr<Driver>> (*build)(const ChannelSettings& channel, const ChannelContext& context);
  // What the channel occupies alone ("/dev/ttyUSB0"), or empty: two channels with the same are refused at check. May be null.
  std::string (*resource)(const ChannelSettings& channel) = nullptr;
  // Turns the fields of the first tag of a row (`count: 500`) into those of its n-th, 0 being the first: the next address that
  // does not overlap. Null: this type knows no rows.
  Status (*nth)(Fields& tag, int64_t n) = nullptr;
  // How long one exchange with this device may take; the runner makes deadlines from it.
  Duration (*timeout)(const ChannelSettings& channel, const DeviceSettings& device);
  // Whether this channel's devices push: then `build_listener` makes what serves it, and `build` is not called. Null: all are
  // polled.
  bool (*listens)(const ChannelSettings& channel) = nullptr;
  Result<std::unique_ptr<Listener>> (*build_listener)(const ChannelSettings& channel, const ListenerContext& context) = nullptr;
  // A frame in words for people, "read holding 100..121 of unit 5"; empty where it is none. `sent`: by us. May be null.
  std::string (*frame_text)(const ChannelSettings& channel, std::span<const uint8_t> frame, bool sent) = nullptr;
  // How many channels may share a resource, because each opens a connection of its own. Null: one.
  size_t (*resource_room)(const ChannelSettings& channel) = nullptr;
};

}  // namespace ferrule
