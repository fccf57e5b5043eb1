// What the author of a driver for devices that push implements, beside Driver: open, turn, settled, write, close.
//
// A channel either polls (Driver) or listens (Listener); DriverType::listens says which. A listening channel has ONE thread, its
// event loop, and every call of a Listener comes on it: no lock, no queue, no thread of its own, and nothing that waits longer
// than a few milliseconds. The loop waits for the listener's descriptor, its next timer, settlements and commands; it lives
// once, in host/listener_runner.
//
// How a value comes in: turn() finds that something has arrived, takes it apart, and offers the samples of one device to the
// output, at most once per message of the device. If the device waits for a confirmation the listener passes a token, and hears
// settled(token) once: when the record is durable, or when it was not stored. A device must not be told "taken" before that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/record.h"
#include "core/sample.h"
#include "core/status.h"
#include "sdk/driver.h"
#include "sdk/settings.h"

namespace ferrule {

enum class OfferResult : uint8_t {
  taken,  // a token is answered by settled(), once
  full,   // the bus is full: nothing was taken, the token is not answered; tell the device to come again, or count it
};

// Where a listener's results go. Valid as long as the listener; to be called on the loop's thread only. Each returns at once.
class ListenerOutput {
 public:
  virtual ~ListenerOutput() = default;

  // What one device sent in one message: raw values, each tag at most once, each with the moment of its arrival. Tags that the
  // message does not name are left out; a value that is there but cannot be read is a bad sample. Never empty. `token` 0: nobody
  // waits.
  virtual OfferResult offer(DeviceId device, Samples&& samples, uint64_t token) = 0;

  // The device is there, or is there no more (`why` in words, reason timeout or link_down). Only changes are passed on; a device
  // is offline until it is said to be online. Going offline makes every tag of the device bad with this reason.
  virtual void device_online(DeviceId device) = 0;
  virtual void device_offline(DeviceId device, Reason reason, std::string_view why) = 0;

  // Counts what no sample tells: "closed: frame too long", "dropped: bad_checksum". `what` becomes part of reports and metrics:
  // of a fixed set, never anything that a device sent; at most 64 different ones a channel.
  virtual void count(std::string_view what, uint64_t times = 1) = 0;
  // For the channel's report. Messages are what devices sent, good or not.
  virtual void traffic(uint64_t messages, uint64_t bytes_in, uint64_t bytes_out) = 0;
  // For the operator, at changes only ("port 9000 is taken" and, once, "listens on 9000").
  virtual void say(bool problem, std::string text) = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;

  // Binds, or connects, or opens the port. May fail for ever: repeated with growing pauses. Called again after turn() has said
  // disconnected. Returns by the deadline.
  virtual Status open(Deadline deadline) = 0;

  // Readable when turn() has something to do: an epoll descriptor, a socket, a port. -1 while closed. Asked for before each wait.
  virtual int fd() const = 0;

  // Does what is due, without waiting: takes what has arrived (a bounded share of it, so that settlements and the stop signal get
  // their turn), runs timers. Returns when it wants to be called again even if nothing arrives (MonoTime::max(): never).
  // An error: the link is gone (already closed); open() comes next.
  virtual Result<MonoTime> turn() = 0;

  // What became of an offer with this token. durable: committed to the outbox, or taken by every uplink that it is for, or there
  // was nothing to forward. false: it could not be stored; the device should send it again. May come after close().
  virtual void settled(uint64_t token, bool durable) = 0;

  // A command for a tag of a device that listens, too. Answers through `done`, once, at once or in a later call, by the deadline
  // at the latest; what is open at close() is answered there. Only tags whose settings say `writable` arrive here.
  virtual void write(const Command& command, Deadline deadline, std::function<void(WriteOutcome)> done) {
    (void)command;
    (void)deadline;
    done({CommandResult::failed, Status(Fault::invalid, "this device takes no commands")});
  }

  // Closes everything; harmless when closed.
  virtual void close() noexcept = 0;
};

struct ListenerContext {
  const Clock& clock;
  const Names& names;
  const StopSignal& stop;  // for waits inside open()
  ListenerOutput& output;
};

}  // namespace ferrule
