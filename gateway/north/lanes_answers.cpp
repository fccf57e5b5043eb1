// What an answer means for the records that the message carried, and what a hang-up means.
#include <algorithm>
#include <set>
#include <utility>

#include "north/lanes.h"

namespace ferrule {

namespace {
constexpr Duration kMute = std::chrono::minutes(10);
}

void Lanes::settled(uint64_t token, Settlement settlement, std::string why, MonoTime now) {
  const auto message = in_flight_.remove(token, now);
  if (!message) return;
  ++counts_.messages_settled;
  proven_ = true;
  patience_ = settings_.mqtt.ack_timeout;
  const Duration latency = now - message->sent;
  const double ms = std::chrono::duration<double, std::milli>(latency).count();
  counts_.ack_ms = counts_.ack_ms == 0 ? ms : counts_.ack_ms + (ms - counts_.ack_ms) / 16;
  const bool was_backlog = message->batch != nullptr && message->batch->lane == Lane::backlog;
  pace_.acknowledged(latency, in_flight_.backlog() + (was_backlog ? 1 : 0) >= pace_.limit(), now);
  if (settlement == Settlement::unheard) ++counts_.unheard;
  if (settlement == Settlement::not_now || settlement == Settlement::refused) ++counts_.refused;
  if (message->batch == nullptr) return state_answered(message->device, settlement, why);
  Batch& batch = *message->batch;
  batch.answer(settlement, std::move(why));
  if (batch.unanswered == 0) finish(batch, now);
}

void Lanes::state_answered(DeviceId device, Settlement settlement, const std::string& why) {
  suspects_.answered(Suspects::kState);
  if (settlement == Settlement::rejected) ++counts_.rejected;
  if (settlement >= Settlement::not_now && !why.empty()) refusal_ = "state: " + why;
  if (settlement != Settlement::not_now) return;
  // Not tried again at once when the broker refuses it: with the next session, or the next change of the state.
  if (!why.empty()) return;
  if (device == DeviceId::none) {
    online_told_ = false;
  } else {
    states_.tell_again(device);
  }
}

void Lanes::finish(Batch& batch, MonoTime now) {
  if (lone_.get() == &batch) lone_ = nullptr;
  for (const Envelope& envelope : batch.envelopes) suspects_.answered(envelope.position);
  switch (batch.verdict) {
    case Settlement::delivered:
    case Settlement::unheard:
      for (const Envelope& envelope : batch.envelopes) settled_.push_back(envelope.position);
      counts_.samples_settled += batch.samples();
      pauses_[index_of(batch.kind)].delivered(now);
      if (std::none_of(pauses_.begin(), pauses_.end(), [](const RefusalPause& pause) { return pause.active(); }))
        refusal_.clear();
      break;
    case Settlement::not_now:
    case Settlement::refused: keep(batch, now); break;
    case Settlement::rejected: reject(batch); break;
  }
}

void Lanes::keep(Batch& batch, MonoTime now) {
  refusal_ = batch.why;
  pauses_[index_of(batch.kind)].refused(batch.verdict == Settlement::refused ? RefusalPause::kLasting : RefusalPause::kPassing,
                                        now);
  auto& again = again_[index_of(batch.lane)][index_of(batch.kind)];
  for (Envelope& envelope : batch.envelopes) {
    const auto before = [](const Envelope& a, const Envelope& b) { return a.position < b.position; };
    again.insert(std::upper_bound(again.begin(), again.end(), envelope, before), std::move(envelope));
  }
}

void Lanes::reject(Batch& batch) {
  auto& again = again_[index_of(batch.lane)][index_of(batch.kind)];
  if (batch.envelopes.size() > 1) {
    for (Envelope& envelope : batch.envelopes) again.push_back(std::move(envelope));
    return;
  }
  ++counts_.rejected;
  refusal_ = batch.why;
  backlog_source_.rejected(batch.envelopes.front().position, batch.why);
}

void Lanes::hung_up(MonoTime now) {
  std::set<uint64_t> present;
  MonoTime sent = now;
  in_flight_.for_each([&](const InFlight::Message& message) {
    sent = std::min(sent, message.sent);
    if (message.batch == nullptr) {
      present.insert(Suspects::kState);
      return;
    }
    for (const Envelope& envelope : message.batch->envelopes) present.insert(envelope.position);
  });
  const std::vector<uint64_t> positions(present.begin(), present.end());
  const bool only_state = positions.size() == 1 && positions.front() == Suspects::kState;
  const bool proven = proven_ || only_state || now < mute_states_until_;
  if (!suspects_.hung_up(positions, proven, now - sent)) return;
  if (only_state) {
    mute_states_until_ = now + kMute;
    return;
  }
  ++counts_.rejected;
  backlog_source_.rejected(positions.front(), "the broker hung up each time that it was sent");
}

}  // namespace ferrule
