// Start, trouble, and starting again after trouble.
#include <algorithm>

#include "outbox/engine.h"
#include "outbox/salvage.h"

namespace ferrule::outbox {

namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
// A file that has gone while we ran is waited for: its file system may be about to be mounted again, and a new file made
// meanwhile would lie under the mount. After this a new one is made.
constexpr Duration kMissing = std::chrono::seconds(60);

}  // namespace

Result<Store> Engine::open_store(Contents& contents, std::vector<std::string>& notes) {
  if (Status status = finish_salvage(store_settings_.path); !status) return status;
  StoreSettings settings = store_settings_;
  settings.create = !closed_at_ || clock_.now() - *closed_at_ >= kMissing;
  Result<Store> store = found_corrupt_ ? Status{Fault::corrupt, "found while it was in use"} : Store::open(settings, contents);
  if (store) return store;
  if (store.status().fault() != Fault::corrupt && store.status().fault() != Fault::invalid) return store.status();
  const Result<std::string> note = salvage(store_settings_, clock_, store.status());
  if (!note) return note.status();
  found_corrupt_ = false;
  notes.push_back(*note);
  return Store::open(store_settings_, contents);
}

Status Engine::open(std::vector<std::string>& notes) {
  Contents contents;
  Result<Store> store = open_store(contents, notes);
  if (!store) return {store.status().fault(), "the outbox " + settings_.path + " does not open: " + store.status().what()};
  store_ = std::move(*store);
  opened_at_ = vacuum_at_ = clock_.now();
  count_boot(contents.boot);
  take_contents(contents);
  losses_.load(contents.losses);
  if (!notes.empty()) tell_salvage(contents);
  publish_counters();
  return {};
}

// What was lost with a damaged file nobody can count; that it was, and when what is left begins and ends, is said as a loss of
// its own, to every uplink. Blocks that are there but do not read back are counted when they are read.
void Engine::tell_salvage(const Contents& contents) {
  Loss loss{"", clock_.wall(), clock_.wall(), 0, "the outbox file was damaged; what could be read was salvaged"};
  for (const Summary& summary : contents.blocks) loss.from = std::min(loss.from, summary.from);
  losses_.add(loss);
  mark_dirty();
}

void Engine::count_boot(uint64_t last) {
  boot_ = last + 1;
  Batch batch;
  batch.boot = boot_;
  batch.clean = false;
  const Status status = store_->apply(batch);
  if (status.ok()) return;
  // The disk is full: run from memory. The number must be new all the same, and the clock's is.
  boot_ = std::max(boot_, static_cast<uint64_t>(std::max<int64_t>(unix_ms(clock_.wall()) / 1000, 0)));
  boot_saved_ = false;
  in_trouble(status);
}

void Engine::take_contents(const Contents& contents) {
  ledger_ = {};
  for (const Summary& summary : contents.blocks) {
    ledger_.add(summary);
    last_position_ = std::max(last_position_, summary.last);
    dictionary_.skip(summary.last_name);
    for (const Share& share : summary.shares) last_uplink_ = std::max(last_uplink_, share.uplink);
    if (running_time() < summary.sealed_at) running_base_ += summary.sealed_at - running_time();
  }
  for (const Dictionary::Row& row : contents.names) (void)dictionary_.load(row);
  last_uplink_ = std::max(last_uplink_, contents.last_uplink);
  if (!sides_.empty()) return;  // open_again() knows better than the file
  for (const StoredUplink& row : contents.uplinks) {
    Side& side = add_side(row.name);
    side.id = row.id;
    side.saved = true;
    side.cursor = row.cursor;
    const Result<CursorState> state = decode_cursor(row.cursor);
    start_cursor(side, state ? *state : CursorState{});  // unreadable: everything is sent again
  }
}

void Engine::start_cursor(Side& side, const CursorState& state) {
  last_position_ = std::max(last_position_, state.position);
  if (!state.settled.empty()) last_position_ = std::max(last_position_, state.settled.ranges().rbegin()->second);
  std::vector<uint64_t> partly;
  ledger_.start(side.id, state, partly);
  for (const uint64_t first : partly) {
    const Result<std::shared_ptr<const Block>> block = load(nullptr, first);
    if (!block) continue;  // whoever reads it next deals with it
    const auto& uplinks = (*block)->uplinks;
    const auto column = static_cast<size_t>(std::find(uplinks.begin(), uplinks.end(), side.id) - uplinks.begin());
    Ledger::Left left;
    for (const BlockEntry& entry : (*block)->entries) {
      if (column >= entry.seq.size() || entry.seq[column] == 0 || ledger_.settled(side.id, entry.position)) continue;
      left.records += 1;
      left.samples += sample_count(*entry.record);
    }
    ledger_.set_left(first, side.id, left);
  }
}

void Engine::in_trouble(const Status& status) {
  // After a failed write of the system nobody knows what is on the disk: open anew. A full disk has said so before writing.
  if (status.fault() != Fault::full) store_.reset();
  found_corrupt_ = found_corrupt_ || status.fault() == Fault::corrupt;
  if (!store_ && !closed_at_) closed_at_ = clock_.now();
  retry_at_ = clock_.now() + kRetry;
  const std::string what = (status.fault() == Fault::full ? "disk full: " : "disk failed: ") + status.what();
  live_.words.with([&](LiveCounters::Words& words) { words.trouble = what; });
}

void Engine::healed() {
  if (!retry_at_) return;
  retry_at_.reset();
  has_healed_ = true;
  live_.words.with([](LiveCounters::Words& words) { words.trouble.clear(); });
}

Status Engine::open_again() {
  Contents contents;
  std::vector<std::string> notes;
  Result<Store> store = open_store(contents, notes);
  if (!store) return store.status();
  store_ = std::move(*store);
  closed_at_.reset();
  const bool another = boot_saved_ && contents.boot != boot_;  // a new file, or one that somebody put there
  if (another) notes.push_back("the outbox file was gone: a new one was started");
  take_again(contents, !notes.empty());
  if (!notes.empty() && !another) tell_salvage(contents);
  notes_.insert(notes_.end(), notes.begin(), notes.end());
  return {};
}

// The file is what the last successful commit made it, or the one after, whose answer was lost. Settlements in memory are newer.
void Engine::take_again(const Contents& contents, bool anew) {
  std::vector<CursorState> states;
  for (const auto& side : sides_) states.push_back(ledger_.cursor(side->id));
  const Ledger before = ledger_;
  if (anew) dictionary_.save_all_again();
  if (anew) boot_saved_ = false;
  take_contents(contents);
  for (size_t i = 0; i < sides_.size(); ++i) {
    Side& side = *sides_[i];
    side.cached.reset();
    side.cursor.clear();
    side.saved =
        std::any_of(contents.uplinks.begin(), contents.uplinks.end(), [&](const auto& row) { return row.id == side.id; });
    start_cursor(side, states[i]);
    const Ledger::Left had = before.left(side.id), has = ledger_.left(side.id);
    if (has.records < had.records) {
      const WallTime now = clock_.wall();
      const char* why = anew ? "the outbox file was damaged or gone" : "the outbox is full";  // an eviction whose answer was lost
      lose(side, now, now, had.records - has.records, had.samples - std::min(had.samples, has.samples), why);
    }
  }
  forget_stored_again();
}

// Records whose commit succeeded after all are stored now; what was settled of them in the meantime is settled there.
void Engine::forget_stored_again() {
  if (ledger_.blocks().empty()) return;
  const uint64_t stored = ledger_.blocks().rbegin()->second.summary.last;
  while (!fresh_.empty() && fresh_.entries().front().position <= stored) {
    const FreshEntry& entry = fresh_.entries().front();
    for (size_t i = 0; i < attached_; ++i) {
      if ((entry.waiting & (1u << i)) != 0) continue;
      std::shared_ptr<const Block> block;
      if (find_stored(sides_[i].get(), entry.position, block) != nullptr) {
        (void)ledger_.settle(sides_[i]->id, entry.position, entry.samples);
      }
    }
    fresh_.pop_front(1);
  }
  mark_dirty();
}

void Engine::close() {
  if (!store_) return;
  closing_ = true;
  if (Status status = commit(); !status) return;
  Status status = write(0, true);
  Batch batch;
  batch.clean = true;
  if (status) status = store_->apply(batch);
  if (status) status = store_->checkpoint();
  if (!status) in_trouble(status);  // the next start checks the file
  store_.reset();
}

}  // namespace ferrule::outbox
