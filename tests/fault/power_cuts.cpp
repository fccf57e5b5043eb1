#include "tests/fault/power_cuts.h"

namespace ferrule {

namespace {

constexpr const char* kDevices[] = {"boiler", "press", "meter_1", "meter_2"};
constexpr const char* kTags[] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"};

// A record whose contents follow from its position.
RecordPtr record_at(Names& names, const Clock& clock, uint64_t position) {
  auto record = std::make_shared<Record>();
  record->device = names.device(kDevices[position % std::size(kDevices)]);
  record->read_at = clock.now();
  record->timestamp = clock.wall();
  Samples samples(1 + position % std::size(kTags));
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].tag = names.tag(record->device, kTags[i]);
    samples[i].value = Value(static_cast<double>(position) + 0.37 * static_cast<double>(i));
    samples[i].read_at = clock.now();
  }
  record->body = std::move(samples);
  return record;
}

bool is_intact(const Names& names, const Envelope& envelope, size_t count) {
  const auto* samples = std::get_if<Samples>(&envelope.record->body);
  if (samples == nullptr || samples->size() != count) return false;
  for (size_t i = 0; i < count; ++i) {
    const Sample& sample = (*samples)[i];
    if (sample.value != Value(static_cast<double>(envelope.position) + 0.37 * static_cast<double>(i))) return false;
    const std::string tag = std::string(kDevices[envelope.position % std::size(kDevices)]) + "." + kTags[i];
    if (names.full_name(sample.tag) != tag) return false;
  }
  return true;
}

}  // namespace

PowerCuts::PowerCuts(uint32_t seed, const Weakened& weakened)
    : random_(seed),
      weakened_(weakened),
      disk_("disk" + std::to_string(seed)),
      copy_("copy" + std::to_string(seed)),
      oracle_(kUplinks, settings_.flush_after, std::chrono::seconds(1)) {
  settings_.path = "outbox.db";
  limits_.vfs = disk_.name();
  limits_.block_samples = 64;
  limits_.block_records = 16;
  limits_.merge_blocks = 4;
  limits_.wal_bytes = 24u << 10;
  limits_.synchronous = weakened.synchronous_normal ? OutboxLimits::Synchronous::normal : OutboxLimits::Synchronous::full;
  disk_.ignore_syncs(weakened.lying_disk);
}

PowerCuts::~PowerCuts() = default;

CutsResult PowerCuts::run(uint64_t cuts, const std::function<void(const CutsResult&)>& progress) {
  while (result_.cuts < cuts) {
    one_life();
    result_.verdict = oracle_.verdict();
    if (progress) progress(result_);
  }
  return result_;
}

void PowerCuts::error(const std::string& what) {
  if (result_.first_error.empty()) result_.first_error = "cut " + std::to_string(result_.cuts) + ": " + what;
}

// From power on to power cut.
void PowerCuts::one_life() {
  settings_.write_ahead = below(4) == 0;
  const bool early = below(4) == 0;  // during the start, that is, while it recovers from the cut before
  if (early) disk_.cut_at(1 + below(12));
  const bool started = start();
  if (!started && !disk_.dark()) {
    ++result_.integrity_errors;  // nothing was wrong with the disk
    disk_.cut_at(0);
  } else if (started && !disk_.dark()) {
    look();
    disk_.cut_at(1 + below(below(8) == 0 ? 400 : 40));
    while (!disk_.dark()) step();
  } else {
    ++result_.cuts_while_starting;
  }
  outbox_.reset();
  power_back();
}

bool PowerCuts::start() {
  names_ = std::make_unique<Names>();
  std::vector<std::string> notes;
  auto opened = Outbox::open(settings_, limits_, clock_, *names_, notes);
  if (!notes.empty()) ++result_.integrity_errors, error(notes.front());
  if (!opened) {
    if (!disk_.dark()) error(opened.status().what());
    return false;
  }
  outbox_ = std::move(*opened);
  if (disk_.dark()) return true;
  if (outbox_->boot() <= last_boot_) ++result_.repeated_boots, error("boot " + std::to_string(last_boot_) + " came again");
  last_boot_ = outbox_->boot();
  for (size_t i = 0; i < kUplinks; ++i) (void)outbox_->attach("up" + std::to_string(i));
  outbox_->settle_membership();
  position_ = outbox_->next_position();
  seqs_.assign(kUplinks, 0);
  open_.assign(kUplinks, {});
  return true;
}

void PowerCuts::look() {
  for (size_t uplink = 0; uplink < kUplinks; ++uplink) {
    const uint64_t errors = oracle_.verdict().errors();
    const auto came = outbox_->next(static_cast<UplinkIndex>(uplink), SIZE_MAX, SIZE_MAX);
    oracle_.started(uplink, came, [&](const Envelope& envelope, size_t count) { return is_intact(*names_, envelope, count); });
    if (oracle_.verdict().errors() != errors) error("uplink " + std::to_string(uplink) + " did not get what it should");
    outbox_->release(static_cast<UplinkIndex>(uplink), 0);
  }
}

void PowerCuts::step() {
  switch (below(8)) {
    case 0:
    case 1:
    case 2: append(); break;
    case 3:
    case 4: acknowledge(); break;
    case 5: commit(); break;
    default: pass();
  }
}

void PowerCuts::append() {
  OutboxEntry entry;
  entry.record = record_at(*names_, clock_, position_);
  entry.position = position_++;
  for (size_t uplink = 0; uplink < kUplinks; ++uplink) {
    const bool wanted = below(4) != 0;
    entry.seq.push_back(wanted ? ++seqs_[uplink] : 0);
    entry.claimed.push_back(0);
    if (!wanted) continue;
    const size_t samples = sample_count(*entry.record);
    oracle_.appended(uplink, entry.position, outbox_->boot(), entry.seq.back(), samples, clock_.now());
  }
  outbox_->append(std::move(entry));
}

// Takes some records and, of those it has, acknowledges some. What piles up is acknowledged sooner.
void PowerCuts::acknowledge() {
  const size_t uplink = below(kUplinks);
  const auto index = static_cast<UplinkIndex>(uplink);
  std::vector<uint64_t>& open = open_[uplink];
  std::vector<uint64_t> taken;
  for (const Envelope& envelope : outbox_->next(index, 1 + below(16), SIZE_MAX)) taken.push_back(envelope.position);
  if (weakened_.advance_before_ack) outbox_->settle(index, taken);
  open.insert(open.end(), taken.begin(), taken.end());
  const bool most = oracle_.waiting(uplink) > 60;
  std::vector<uint64_t> acknowledged;
  std::erase_if(open, [&](uint64_t position) {
    if (below(10) >= (most ? 9 : 5)) return false;
    acknowledged.push_back(position);
    return true;
  });
  for (const uint64_t position : acknowledged) oracle_.acknowledged(uplink, position, clock_.now());
  outbox_->settle(index, acknowledged);
}

void PowerCuts::pass() {
  clock_.advance(std::chrono::milliseconds(50 + below(900)));
  outbox_->tick();
  if (!disk_.dark() && outbox_->counters().trouble.empty()) oracle_.passed(clock_.now());
}

void PowerCuts::commit() {
  const bool done = outbox_->commit().ok();
  if (done && !disk_.dark()) oracle_.committed();
}

void PowerCuts::power_back() {
  disk_.power_on(random_);
  ++result_.cuts;
  clock_.advance(std::chrono::seconds(1));
  check_integrity();
}

// With a connection of its own on a copy, so that the outbox meets what the cut left.
void PowerCuts::check_integrity() {
  copy_.copy_from(disk_);
  if (!copy_.exists(settings_.path)) return;
  sqlite3* db = nullptr;
  std::string found;
  const auto note = [](void* to, int, char** columns, char**) {
    *static_cast<std::string*>(to) += columns[0];
    return 0;
  };
  int code = sqlite3_open_v2(settings_.path.c_str(), &db, SQLITE_OPEN_READWRITE, copy_.name().c_str());
  if (code == SQLITE_OK) {
    code = sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA integrity_check", note, &found, nullptr);
  }
  sqlite3_close(db);
  if (code == SQLITE_OK && found == "exclusiveok") return;
  ++result_.integrity_errors;
  error("integrity_check: " + found + " " + sqlite3_errstr(code));
}

}  // namespace ferrule
