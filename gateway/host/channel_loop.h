// What a channel's thread does, one turn after the other: connect, write, probe, poll. It never waits by itself: turn() says when
// it wants to be called again, so a test can run a day of it in a second on a clock of its own.
//
// One turn is one exchange on the wire at most (two, where a lost link had to be made anew). Writes go ahead of polls, but never
// two in a row while a poll is due. Except for reports(), the channel's thread only.
#pragma once

#include <vector>

#include "host/channel_counters.h"
#include "host/channel_link.h"
#include "host/channel_output.h"
#include "host/channel_plan.h"
#include "host/command_queue.h"
#include "host/device_watch.h"
#include "host/heartbeat.h"
#include "host/poll_answers.h"
#include "host/poll_scheduler.h"

namespace ferrule {

class ChannelLoop {
 public:
  // Everything referred to outlives the loop.
  struct Parts {
    const ChannelSettings& settings;
    const ChannelPlan& plan;
    Driver& driver;
    const Clock& clock;
    const StopSignal& stop;
    ChannelOutput& output;
    CommandQueue& commands;
    Heartbeat& heartbeat;
  };
  explicit ChannelLoop(const Parts& parts);

  void begin();     // the first polls are due from now on
  MonoTime turn();  // when to call it again; in the past: at once
  void end();       // disconnects

  const ChannelCounters& counters() const { return counters_; }  // any thread

 private:
  struct Answer {
    Status status;
    bool refused = false;
  };

  void connect();
  void link_down();
  void fail_commands(const Status& why);

  void write_next();
  void probe(size_t device);
  bool poll(MonoTime now);  // false: nothing is due
  void ask(const PollScheduler::Turn& turn);
  void settle(const PollScheduler::Turn& turn, const Status& status);
  void finish(size_t group, Reason missing, uint16_t detail = 0);

  // One exchange with this device, accounted; once more where the link was lost and made anew.
  Status read(size_t device, const Request& request, SampleSink& sink, const PollAnswers* answers);
  Exchange read_once(size_t device, const Request& request, SampleSink& sink, const PollAnswers* answers);
  WriteOutcome write_once(size_t device, const Command& command);

  void heard(size_t device);
  void silent(size_t device);
  void hurry(size_t device);
  MonoTime wake_at() const;

  const ChannelSettings& settings_;
  const ChannelPlan& plan_;
  Driver& driver_;
  const Clock& clock_;
  const StopSignal& stop_;
  ChannelOutput& output_;
  CommandQueue& commands_;
  Heartbeat& heartbeat_;

  ChannelCounters counters_;
  ChannelLink link_;
  DeviceWatch watch_;
  PollScheduler scheduler_;
  std::vector<PollAnswers> answers_;  // by group
  std::vector<size_t> next_probe_;    // by device: which of its requests comes next
  uint64_t refused_polls_ = 0;        // the bus was full
  bool wrote_last_ = false;
};

}  // namespace ferrule
