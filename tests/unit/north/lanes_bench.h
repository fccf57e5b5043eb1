// Lanes on a bench: a transport, an outbox and an encoder that only note what they are told, and a clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "north/lanes.h"
#include "tests/fakes/manual_clock.h"

namespace ferrule {

// "5" for the record with seq 5; "[5 6]" for a batch; "h" behind what is historical. Splits after each `per_message` inputs, and
// a record of device "big" into two parts. Refuses records of device "broken".
class NotingEncoder final : public Encoder {
 public:
  explicit NotingEncoder(const Names& names) : names_(names) {}
  Status encode(std::span<const EncoderInput> inputs, size_t, std::vector<std::string>& messages) override {
    for (const EncoderInput& input : inputs) {
      if (name(input) == "broken") return {Fault::invalid, "cannot be rendered"};
    }
    std::string text;
    for (const EncoderInput& input : inputs) {
      timestamps.push_back(input.timestamp());
      text += (text.empty() ? "" : " ") + std::to_string(input.seq) + (input.historical ? "h" : "");
    }
    if (inputs.size() > 1) text = "[" + text + "]";
    if (name(inputs.front()) != "big") {
      messages.push_back(text);
    } else {
      messages.push_back(text + "/1");
      messages.push_back(text + "/2");
    }
    return {};
  }

  std::vector<WallTime> timestamps;  // as rendered

 private:
  std::string_view name(const EncoderInput& input) const {
    return input.record->device == DeviceId::none ? "" : names_.name(input.record->device);
  }
  const Names& names_;
};

class NotingUplink final : public Uplink {
 public:
  struct Sent {
    uint64_t token;
    Publication publication;
  };
  void connect() override {}
  void disconnect(const Publication&, Deadline) override {}
  Status publish(const Publication& publication, uint64_t token) override {
    if (!next_answer.ok()) return std::exchange(next_answer, Status());
    sent.push_back({token, publication});
    return {};
  }
  // What was sent since the last call, "topic payload"; the state topic left out.
  std::vector<std::string> take() {
    std::vector<std::string> lines;
    for (; taken_ < sent.size(); ++taken_) {
      const Publication& publication = sent[taken_].publication;
      if (!publication.retain) lines.push_back(publication.topic + " " + publication.payload);
    }
    return lines;
  }

  std::vector<Sent> sent;
  Status next_answer;

 private:
  size_t taken_ = 0;
};

class NotingBacklog final : public Backlog {
 public:
  void request(size_t, size_t) override { ++requests; }
  void settled(std::vector<uint64_t> positions) override {
    settled_positions.insert(settled_positions.end(), positions.begin(), positions.end());
  }
  void rejected(uint64_t position, std::string why) override { rejections[position] = std::move(why); }
  void released(uint32_t session) override { releases.push_back(session); }

  int requests = 0;
  std::vector<uint64_t> settled_positions;
  std::map<uint64_t, std::string> rejections;
  std::vector<uint32_t> releases;
};

class LanesBench : public testing::Test {
 protected:
  LanesBench() {
    settings.topic = "d/{device}";
    settings.history_topic = "h/{device}";
    settings.event_topic = "e";
    settings.state_topic = "s";
    settings.mqtt.window = 8;
  }

  Lanes& lanes() {
    if (!lanes_) lanes_.emplace(Lanes::Parts{settings, context, encoder, uplink, backlog, gate, states});
    return *lanes_;
  }

  // Connected, the online state acknowledged, and the outbox asked once.
  void connect(LinkLimits limits = {}) {
    lanes().connected(++session, limits, clock.now());
    pump();
    answer_states();
  }
  void answer_states() {
    for (const auto& [token, publication] : uplink.sent) {
      if (publication.retain) lanes().settled(token, Settlement::delivered, "", clock.now());
    }
  }
  void pump() { lanes().pump(clock.now()); }

  static constexpr int kBefore = -1;  // read before the session
  Envelope record(uint64_t seq, const std::string& device = "a", Duration ago = Duration{0}) {
    Record made{
        .device = names.device(device),
        .read_at = clock.now() - ago,
        .timestamp = clock.wall() - ago,
        .body = Samples(2, Sample{.value = 1.0, .read_at = clock.now() - ago, .tag = names.tag(names.device(device), "t")})};
    return {std::make_shared<const Record>(std::move(made)), seq + 100, context.boot, seq};
  }
  Envelope old(uint64_t seq, const std::string& device = "a") { return record(seq, device, std::chrono::hours(1)); }
  Envelope alarm(uint64_t seq) {
    Record made{.device = DeviceId::none, .read_at = clock.now(), .timestamp = clock.wall(), .body = Alarm{.rule = "r"}};
    return {std::make_shared<const Record>(std::move(made)), seq + 100, context.boot, seq};
  }

  // As the runner does it; false when the gate would not have it.
  bool offer(const Envelope& envelope) {
    const uint32_t taken = gate.take(*envelope.record);
    if (taken != 0) lanes().live(envelope, taken, clock.now());
    return taken != 0;
  }
  void answer_backlog(std::vector<Envelope> envelopes) {
    lanes().backlog(std::move(envelopes), clock.now());
    pump();
  }
  // Answers the message whose payload is `payload`, the oldest first; fails when there is none.
  void settle(const std::string& payload, Settlement settlement = Settlement::delivered, const std::string& why = "") {
    for (const auto& [token, publication] : uplink.sent) {
      if (publication.payload != payload || answered_[token]) continue;
      answered_[token] = true;
      lanes().settled(token, settlement, why, clock.now());
      pump();
      return;
    }
    ADD_FAILURE() << "nothing in flight says " << payload;
  }
  // All records that are in flight, in order.
  void settle_all() {
    const auto sent = uplink.sent;
    for (const auto& [token, publication] : sent) {
      if (publication.retain || answered_[token]) continue;
      answered_[token] = true;
      lanes().settled(token, Settlement::delivered, "", clock.now());
    }
    pump();
  }

  using Lines = std::vector<std::string>;
  using Positions = std::vector<uint64_t>;

  ManualClock clock;
  Names names;
  UplinkSettings settings;
  UplinkContext context{clock, names, "plant7", 17, 17, nullptr};
  NotingEncoder encoder{names};
  NotingUplink uplink;
  NotingBacklog backlog;
  LiveGate gate;
  DeviceStates states;
  uint32_t session = 0;

 private:
  std::optional<Lanes> lanes_;
  std::map<uint64_t, bool> answered_;
};

}  // namespace ferrule
