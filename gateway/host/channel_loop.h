// What a channel's thread does, one turn after the other: connect, write, probe, poll. It never waits by itself: turn() says when
// it wants to be called again, so a test can run a day of it in a second on a clock of its own.
//
// One turn is one exchange on the wire at most (two, where a lost link had to be made anew). Writes go ahead of polls, but never
// two in a row while a poll is due. So a write waits for the exchange under way, which ends with the longest timeout of the
// channel's devices at the latest, and behind other writes for one more each; and where a late answer to an earlier write could
// be taken for its own, until that is past, while others go ahead. Except for counters(), the channel's thread only.
#pragma once

#include <optional>
#include <vector>

#include "host/channel_counters.h"
#include "host/channel_link.h"
#include "host/channel_output.h"
#include "host/channel_plan.h"
#include "host/command_queue.h"
#include "host/device_watch.h"
#include "host/frame_ring.h"
#include "host/heartbeat.h"
#include "host/overrun_watch.h"
#include "host/poll_answers.h"
#include "host/poll_scheduler.h"

namespace ferrule {

class ChannelLoop {
 public:
  // Everything referred to outlives the loop.
  struct Parts {
    const ChannelSettings& settings;
    ChannelPlan& plan;
    Driver& driver;
    const Clock& clock;
    const StopSignal& stop;
    ChannelOutput& output;
    CommandQueue& commands;
    Heartbeat& heartbeat;
    FrameRing* frames = nullptr;  // may be null
  };
  explicit ChannelLoop(const Parts& parts);

  void begin();     // the first polls are due from now on
  MonoTime turn();  // when to call it again; in the past: at once
  void end();       // disconnects

  const ChannelCounters& counters() const { return counters_; }  // any thread

 private:
  // A request that the device refused as a whole, on its way in parts. At most one a poll.
  struct RefusedRequest {
    PollScheduler::Turn turn;
    std::vector<Request> left;  // the next one at the back
  };

  void connect();
  void link_down();
  void fail_commands(const Status& why);

  void attend(MonoTime now);
  // The next that may be sent now, or has expired.
  std::optional<WaitingCommand> next_write(MonoTime now);
  MonoTime send_at(const Command& command, MonoTime now) const;
  void write(WaitingCommand&& waiting);
  void ask_for_somebody();  // a probe that a person asked for
  bool somebody_waits() const { return (!commands_.empty() && held_.size() < kMostHeld) || commands_.probe_waits(); }
  bool probe(MonoTime now);  // false: nobody is to be probed
  const Request* next_probe(size_t device) const;
  bool poll(MonoTime now);  // false: nothing is due
  void ask(const PollScheduler::Turn& turn);
  bool part(MonoTime now);  // false: there is none, or each waits for a late answer
  void begin_parts(const PollScheduler::Turn& turn, Requests&& parts);
  void ask_part(RefusedRequest& refused);
  RefusedRequest* refused_of(size_t poll);
  void forget_refused(size_t poll);
  void take_answer(const PollScheduler::Turn& turn, Exchange&& exchange);
  void timed_out(const PollScheduler::Turn& turn, const Exchange& exchange);
  void finish(size_t poll, Reason missing, uint16_t detail = 0);
  void plan_anew(size_t device);
  size_t request_number(const PollScheduler::Turn& turn) const;

  // One exchange with this device, accounted; once more where the link was lost and made anew.
  Exchange read(size_t device, const Request& request, Duration wait, SampleSink& sink, const PollAnswers* answers);
  Exchange read_once(size_t device, const Request& request, Duration wait, SampleSink& sink, const PollAnswers* answers);
  void warn_of_patient_gateway(size_t device, const Request& request);
  WriteOutcome write_once(size_t device, const Command& command);
  WriteOutcome read_back(size_t device, const Command& command);
  template <class Ask>
  WriteOutcome command_exchange(size_t device, Ask&& ask);
  void account(std::optional<size_t> device, const ChannelCounters::Cost& cost);

  void heard(size_t device, Duration took);
  void silent(size_t device);
  void hurry(size_t device);
  MonoTime wake_at() const;

  const ChannelSettings& settings_;
  ChannelPlan& plan_;
  Driver& driver_;
  const Clock& clock_;
  const StopSignal& stop_;
  ChannelOutput& output_;
  CommandQueue& commands_;
  Heartbeat& heartbeat_;
  FrameRing* const frames_;

  ChannelCounters counters_;
  ChannelLink link_;
  DeviceWatch watch_;
  PollScheduler scheduler_;
  OverrunWatch overrun_watch_;
  std::vector<PollAnswers> answers_;  // by poll
  std::vector<size_t> next_probe_;    // by device: which of its requests comes next, counted over its groups
  std::vector<bool> replan_;          // by device
  std::vector<RefusedRequest> refused_;
  static constexpr size_t kMostHeld = 16;
  std::vector<WaitingCommand> held_;  // because of late answers, oldest first
  Duration longest_timeout_{0};
  uint64_t refused_polls_ = 0;  // the bus was full
  bool wrote_last_ = false;
  bool asked_last_ = false;       // for somebody
  bool parted_last_ = false;      // so that the parts of one device's request do not keep others waiting
  bool patient_gateway_ = false;  // it was told of
  MonoTime attend_at_ = MonoTime::max();
};

}  // namespace ferrule
