#include "outbox/ledger.h"

#include <algorithm>
#include <iterator>

#include "outbox/bytes.h"
#include "outbox/crc32.h"

namespace ferrule::outbox {

namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

std::string encode(const CursorState& state) {
  std::string body;
  put_varint(body, state.position);
  put_varint(body, state.settled.ranges().size());
  uint64_t before = state.position;
  for (const auto& [first, last] : state.settled.ranges()) {
    put_varint(body, first - before);
    put_varint(body, last - first);
    before = last;
  }
  std::string out(1, static_cast<char>(kVersion));
  put_fixed(out, crc32(body), 4);
  return out + body;
}

Result<CursorState> decode_cursor(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.byte() != kVersion) in.fail();
  const uint64_t sum = in.fixed(4);
  if (!in.ok() || sum != crc32(bytes.substr(5))) return {Fault::corrupt, "a stored cursor has a wrong checksum"};
  constexpr uint64_t kLast = UINT64_MAX - 1;
  CursorState state;
  state.position = in.count(kLast);
  uint64_t before = state.position;
  for (uint64_t left = in.count(in.left()); left > 0 && in.ok(); --left) {
    const uint64_t first = before + in.count(kLast - before);
    const uint64_t last = first + in.count(kLast - first);
    if (in.ok()) state.settled.add(first, last);
    before = last;
  }
  if (!in.ok()) return {Fault::corrupt, "a stored cursor does not read back"};
  return state;
}

Ledger::Left* Ledger::Stored::of(uint32_t uplink) {
  for (size_t i = 0; i < summary.shares.size(); ++i) {
    if (summary.shares[i].uplink == uplink) return &left[i];
  }
  return nullptr;
}

bool Ledger::Stored::done() const {
  return std::all_of(left.begin(), left.end(), [](const Left& each) { return each.records == 0; });
}

void Ledger::add(const Summary& summary) {
  Stored stored{summary, {}};
  for (const Share& share : summary.shares) stored.left.push_back({share.records, share.samples});
  blocks_.insert_or_assign(summary.first, std::move(stored));
}

void Ledger::erase(uint64_t first) {
  const auto found = blocks_.find(first);
  if (found == blocks_.end()) return;
  forget_settled(first, found->second.summary.last);
  blocks_.erase(found);
}

void Ledger::forget_settled(uint64_t first, uint64_t last) {
  for (auto& [uplink, settled] : settled_) settled.erase(first, last);
}

void Ledger::start(uint32_t uplink, const CursorState& state, std::vector<uint64_t>& partly) {
  RangeSet& settled = settled_[uplink];
  settled = {};
  for (auto& [first, stored] : blocks_) {
    Left* left = stored.of(uplink);
    if (left == nullptr || left->records == 0) continue;
    const uint64_t last = stored.summary.last;
    if (last <= state.position || state.settled.covers(first, last)) {
      *left = {};
      continue;
    }
    if (state.position >= first) settled.add(first, state.position);  // merged since
    for (const auto& [from, to] : state.settled.ranges()) {
      if (to >= first && from <= last) settled.add(std::max(from, first), std::min(to, last));
    }
    if (settled.count(first, last) > 0) partly.push_back(first);
  }
}

void Ledger::set_left(uint64_t first, uint32_t uplink, Left exact) {
  const auto found = blocks_.find(first);
  if (found == blocks_.end()) return;
  if (Left* left = found->second.of(uplink)) *left = exact;
}

void Ledger::remove(uint32_t uplink) {
  settled_.erase(uplink);
  for (auto& [first, stored] : blocks_) {
    if (Left* left = stored.of(uplink)) *left = {};
  }
}

Ledger::Stored* Ledger::find(uint64_t position) {
  const auto next = blocks_.upper_bound(position);
  if (next == blocks_.begin()) return nullptr;
  Stored& stored = std::prev(next)->second;
  return stored.summary.last >= position ? &stored : nullptr;
}

const Ledger::Stored* Ledger::holding(uint64_t position) const { return const_cast<Ledger*>(this)->find(position); }

bool Ledger::settle(uint32_t uplink, uint64_t position, uint64_t samples) {
  Stored* stored = find(position);
  Left* left = stored == nullptr ? nullptr : stored->of(uplink);
  if (left == nullptr || left->records == 0) return false;
  RangeSet& settled = settled_[uplink];
  if (settled.contains(position)) return false;
  left->records -= 1;
  left->samples -= std::min(left->samples, samples);
  if (left->records == 0) {
    *left = {};
    settled.erase(stored->summary.first, stored->summary.last);
  } else {
    settled.add(position, position);
  }
  return true;
}

bool Ledger::settled(uint32_t uplink, uint64_t position) const {
  const Stored* stored = holding(position);
  const Left* left = stored == nullptr ? nullptr : stored->of(uplink);
  if (left == nullptr || left->records == 0) return true;
  const auto found = settled_.find(uplink);
  return found != settled_.end() && found->second.contains(position);
}

Ledger::Left Ledger::left(uint32_t uplink) const {
  Left total;
  for (const auto& [first, stored] : blocks_) {
    if (const Left* left = stored.of(uplink)) total.records += left->records, total.samples += left->samples;
  }
  return total;
}

CursorState Ledger::cursor(uint32_t uplink) const {
  CursorState state;
  const auto found = settled_.find(uplink);
  bool behind = false;  // a block that is not done lies before
  for (const auto& [first, stored] : blocks_) {
    const Left* left = stored.of(uplink);
    if (left == nullptr) continue;
    if (left->records == 0) {
      if (behind) {
        state.settled.add(first, stored.summary.last);
      } else {
        state.position = stored.summary.last;
      }
      continue;
    }
    if (!behind) state.position = first - 1;
    behind = true;
  }
  if (behind && found != settled_.end()) {
    for (const auto& [first, last] : found->second.ranges()) state.settled.add(first, last);
  }
  return state;
}

bool Ledger::needs_cursor(uint32_t uplink) const {
  return std::any_of(blocks_.begin(), blocks_.end(), [uplink](const auto& each) { return each.second.of(uplink) != nullptr; });
}

}  // namespace ferrule::outbox
