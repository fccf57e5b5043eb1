// Decides what goes to the broker next and what an answer means for a record. No thread, no clock of its own, no I/O but the
// calls to Uplink and Backlog, which return at once: so it is tested from tables.
//
// Order of sending, while the window has room: the gateway's own state, live records, states of devices (in a quarter of the
// window at most), backlog (within its pace, never in the last eighth of the window, which is live's). A record is historical
// when it was read in an earlier boot or before the session began.
//
// A record that was read before the clock was set is rendered with the time that follows from the monotonic clock, as soon as the
// clock is set; see correction().
//
// An answer settles a record when the last message that carries it is answered: delivered and unheard forget it, rejected makes
// it a dead letter (in a batch each record is then tried alone, so that only the guilty one is), not_now and refused keep it and
// pause its kind. A record at which the other side hangs up three times is a dead letter, too: see suspects.h. With in_order what
// was refused goes again after what was already in flight with it.
//
// Every call on the uplink's thread.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "north/batch.h"
#include "north/device_states.h"
#include "north/in_flight.h"
#include "north/live_gate.h"
#include "north/pace.h"
#include "north/refusal_pause.h"
#include "north/suspects.h"
#include "north/topics.h"
#include "north/uplink_runner.h"

namespace ferrule {

class Lanes {
 public:
  struct Parts {
    const UplinkSettings& settings;
    const UplinkContext& context;
    Encoder& encoder;
    Uplink& uplink;
    Backlog& backlog;
    LiveGate& gate;
    DeviceStates& states;
  };
  explicit Lanes(const Parts& parts);

  // A session begins; `limits` are the broker's.
  void connected(uint32_t session, const LinkLimits& limits, MonoTime now);
  // It is over: whatever is not settled goes back to the outbox. Harmless without a session. Fault::disconnected means that the
  // other side hung up.
  void lost(Fault why, MonoTime now);

  void live(Envelope envelope, uint32_t session, MonoTime now);
  void backlog(std::vector<Envelope> envelopes, MonoTime now);
  void backlog_waiting();
  void settled(uint64_t token, Settlement settlement, std::string why, MonoTime now);

  // Sends what may be sent, asks for backlog, reports settlements. To be called after every turn of events.
  void pump(MonoTime now);
  // When pump() has something to do without an event; MonoTime::max() when never.
  MonoTime wake_at(MonoTime now) const;
  // Something is in flight and nothing was acknowledged for patience(): the link is to be taken for dead.
  bool stalled(MonoTime now) const;
  // ack_timeout; after a session without any acknowledgement twice as long, so that a slow link is not cut for ever, but never so
  // long that silence would go unnoticed for 30 s.
  Duration patience() const { return patience_; }

  // connects, connected, trouble and since are the caller's.
  const UplinkStatus& counts() const { return counts_; }
  // What the broker refuses at present; empty when nothing.
  const std::string& refusal() const { return refusal_; }

 private:
  struct Queue {
    std::deque<Envelope> waiting;
    MonoTime due;  // batching: not before
  };
  struct Ready {  // rendered, waiting for room in the window
    Publication publication;
    BatchPtr batch;
  };
  static constexpr MonoTime kNever = MonoTime::max();

  bool up() const { return session_ != 0; }
  bool historical(const Envelope& envelope) const;
  Duration correction(const Envelope& envelope) const;
  Kind kind_of(const Envelope& envelope) const;
  BatchLimit limit_of(Kind kind) const;
  void enqueue(std::array<Queue, kKinds>& queues, Envelope envelope, MonoTime now);
  bool due(const Queue& queue, Kind kind, MonoTime now) const;

  bool send_one(MonoTime now);
  std::optional<bool> send_suspect(MonoTime now);
  std::deque<Envelope>* suspects_queue(Kind kind, MonoTime now);
  void hung_up(MonoTime now);
  bool send_online(MonoTime now);
  bool send_device_state(MonoTime now);
  bool send_lane(Lane lane, MonoTime now);
  bool send_ready(Lane lane, MonoTime now);
  bool render_next(Lane lane, MonoTime now);
  bool hand_over(const Publication& publication, InFlight::Message message, MonoTime now);
  void render(Lane lane, Kind kind, std::vector<Envelope> envelopes);
  void publish_state(const std::string& topic, std::string payload, DeviceId device, MonoTime now);

  void state_answered(DeviceId device, Settlement settlement, const std::string& why);
  void finish(Batch& batch, MonoTime now);
  void reject(Batch& batch);
  void keep(Batch& batch, MonoTime now);
  void left(Lane lane, const std::vector<Envelope>& envelopes);
  void ask_for_backlog();
  size_t fetched() const;

  const UplinkSettings& settings_;
  const UplinkContext& context_;
  Encoder& encoder_;
  Uplink& uplink_;
  Backlog& backlog_source_;
  LiveGate& gate_;
  DeviceStates& states_;
  Topics topics_;
  Pace pace_;

  uint32_t session_ = 0;  // 0: none
  MonoTime began_;
  size_t largest_ = 0;  // bytes of a payload
  uint32_t window_;     // messages in flight
  bool online_told_ = false;
  MonoTime blocked_until_ = MonoTime::min();  // the transport would not take a message

  std::array<Queue, kKinds> live_, backlog_;
  std::array<std::deque<Ready>, 2> ready_;                         // by lane
  std::array<std::array<std::deque<Envelope>, kKinds>, 2> again_;  // by lane and kind: refused, to be sent one by one
  std::array<RefusalPause, kKinds> pauses_;
  InFlight in_flight_;
  Suspects suspects_;
  BatchPtr lone_;        // a grave suspect, on its way with nothing else in flight
  bool proven_ = false;  // something was answered in this session
  Duration patience_;
  MonoTime mute_states_until_ = MonoTime::min();  // the broker hung up at messages of state

  bool asked_ = false;     // a request for backlog is out
  bool outdated_ = false;  // its answer is of a session that is over
  bool more_ = true;       // there may be backlog

  std::vector<EncoderInput> inputs_;
  std::vector<std::string> messages_;
  std::vector<uint64_t> settled_;
  UplinkStatus counts_;
  std::string refusal_;
};

}  // namespace ferrule
