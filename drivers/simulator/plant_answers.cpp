// What the plant says to its masters, and when it leaves.
#include <algorithm>

#include "simulator/answer.h"
#include "simulator/plant_server.h"

namespace ferrule {

using simulator::Found;
using simulator::Peer;

namespace {

// A line that keeps its pace hands bytes over in lumps, as a UART does.
constexpr size_t kUartLump = 16;

// A stream carries one frame after the other, however slowly: when this one, of that length, may begin.
MonoTime room_for_frame(Peer& peer, MonoTime begins, Duration length, MonoTime now) {
  auto& others = peer.frames_under_way;
  std::erase_if(others, [now](const auto& other) { return other.second < now; });
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& [first, last] : others) {
      if (begins > last || begins + length < first) continue;
      begins = last + std::chrono::microseconds(1);
      moved = true;
    }
  }
  others.emplace_back(begins, begins + length);
  return begins;
}

}  // namespace

// Answers every whole request that waits, as long as there is room for answers. False: close the connection.
bool PlantServer::take_requests(Peer& peer, uint64_t token) {
  while (!peer.crowded()) {
    const Found found = peer.next();
    switch (found.what) {
      case Found::What::incomplete: return true;
      case Found::What::broken: return false;
      case Found::What::noise: ++tally_.noise_bytes; break;
      case Found::What::request: answer_one(peer, token, found); break;
    }
    peer.used(found.used);
  }
  return true;
}

void PlantServer::answer_one(Peer& peer, uint64_t token, const Found& found) {
  const Duration character = plant_.endpoints()[peer.endpoint()].character;
  const MonoTime begins = character > Duration{0} ? std::max(clock_.now(), peer.line_free) : clock_.now();
  send_echo(peer, token, found, begins);
  peer.line_free = begins + character * static_cast<int64_t>(found.used);  // the request itself takes its time
  if (states_[peer.endpoint()].down) return;
  if (peer.framing() == simulator::Framing::rtu && found.unit == 0) return obey_broadcast(peer, found);
  auto* device = plant_.device(peer.endpoint(), found.unit);
  if (device == nullptr) {
    ++tally_.unknown_units;
    return;
  }
  ++tally_.requests;
  simulator::answer_request(*device, found.pdu, clock_.now() - begun_, pdu_);
  if ((pdu_[0] & 0x80) != 0) ++tally_.exceptions;
  send_answer(peer, token, found);
}

// Every device obeys, none answers.
void PlantServer::obey_broadcast(const Peer& peer, const Found& found) {
  for (int unit = 1; unit < 256; ++unit) {
    auto* device = plant_.device(peer.endpoint(), static_cast<uint8_t>(unit));
    if (device != nullptr) simulator::answer_request(*device, found.pdu, clock_.now() - begun_, pdu_);
  }
}

void PlantServer::send_echo(Peer& peer, uint64_t token, const Found& found, MonoTime begins) {
  if (peer.framing() != simulator::Framing::rtu || plant_.faults().empty()) return;
  if (!plant_.faults().echoes(peer.endpoint(), found, clock_.now() - begun_)) return;
  std::vector<uint8_t> frame;
  simulator::append_answer(peer.framing(), found, found.pdu, frame);
  send_lump(peer, token, frame, begins);
}

// Now, where nothing keeps it; else lump by lump at its time.
void PlantServer::send_answer(Peer& peer, uint64_t token, const Found& found) {
  const bool paced = plant_.endpoints()[peer.endpoint()].character > Duration{0};
  const Duration turnaround = plant_.turnaround(peer.endpoint(), found.unit);
  if (!paced && turnaround == Duration{0} && plant_.faults().empty()) {
    return simulator::append_answer(peer.framing(), found, pdu_, peer.answers());
  }
  const MonoTime now = clock_.now();
  const auto lumps = plant_.faults().play(peer.endpoint(), peer.framing(), found, pdu_, now - begun_);
  MonoTime begins = peer.line_free + turnaround;
  if (peer.framing() == simulator::Framing::mbap && !lumps.empty()) {
    const Duration late = lumps.front().after;
    begins = room_for_frame(peer, std::max(begins, now) + late, lumps.back().after - late, now) - late;
  }
  for (const simulator::Lump& lump : lumps) {
    const MonoTime ended = send_lump(peer, token, lump.bytes, begins + lump.after);
    if (lump.after == Duration{0}) peer.line_free = ended;  // what comes late does not keep others from the line until then
  }
}

// Returns when the last byte has passed.
MonoTime PlantServer::send_lump(const Peer& peer, uint64_t token, std::span<const uint8_t> bytes, MonoTime begins) {
  const Duration character = plant_.endpoints()[peer.endpoint()].character;
  const size_t most = character > Duration{0} ? kUartLump : bytes.size();
  while (!bytes.empty()) {
    const auto some = bytes.first(std::min(most, bytes.size()));
    begins += character * static_cast<int64_t>(some.size());
    departures_.push({begins, token, peer.number, {some.begin(), some.end()}}, clock_.now());
    bytes = bytes.subspan(some.size());
  }
  return begins;
}

void PlantServer::depart() {
  while (auto next = departures_.pop(clock_.now())) {
    const bool there = peers_[next->place] != nullptr && peers_[next->place]->number == next->number;
    if (!there || peers_[next->place]->dead) continue;
    Peer& peer = *peers_[next->place];
    peer.answers().insert(peer.answers().end(), next->bytes.begin(), next->bytes.end());
    if (peer.send()) {
      set_interest(peer, next->place);
    } else {
      drop(next->place);
    }
  }
}

}  // namespace ferrule
