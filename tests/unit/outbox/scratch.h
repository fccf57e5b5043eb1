// What tests of the outbox share: a folder of its own, records made up from numbers, and opening.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "outbox/outbox.h"
#include "tests/fakes/manual_clock.h"

namespace ferrule {

// A folder that disappears with the test; in memory where the system has such a place.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name =
        (::access("/dev/shm", W_OK) == 0 ? std::string("/dev/shm") : std::filesystem::temp_directory_path().string()) +
        "/ferrule-outbox-XXXXXX";
    path_ = ::mkdtemp(name.data()) == nullptr ? std::string() : name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// What a power cut leaves, at a moment at which nothing is being written: the files as they are.
inline void copy_files(const std::string& from, const std::string& to) {
  namespace fs = std::filesystem;
  for (const char* suffix : {"", "-wal"}) {
    fs::remove(to + suffix);
    if (fs::exists(from + suffix)) fs::copy_file(from + suffix, to + suffix);
  }
}

inline RecordPtr record_of(Names& names, const Clock& clock, size_t samples, double base, const std::string& device = "boiler") {
  auto record = std::make_shared<Record>();
  record->device = names.device(device);
  record->read_at = clock.now();
  record->timestamp = clock.wall();
  Samples body;
  for (size_t i = 0; i < samples; ++i) {
    Sample sample;
    std::string name = "t";
    name += std::to_string(i);
    sample.tag = names.tag(record->device, name);
    sample.value = Value(base + static_cast<double>(i));
    sample.read_at = clock.now();
    body.push_back(std::move(sample));
  }
  record->body = std::move(body);
  return record;
}

// An outbox with its clock and names, and the bus's part: positions and sequence numbers.
struct Rig {
  explicit Rig(size_t uplinks = 1) : wanted(uplinks) {
    settings.path = folder.file("outbox.db");
    open();
  }

  void open() {
    outbox.reset();
    notes.clear();
    names = std::make_unique<Names>();
    auto opened = Outbox::open(settings, limits, clock, *names, notes);
    why = opened.status();
    if (!opened) return;
    outbox = std::move(*opened);
    indices.clear();
    for (size_t i = 0; i < wanted; ++i) indices.push_back(outbox->attach("up" + std::to_string(i)));
    outbox->settle_membership();
    position = outbox->next_position();
    seqs.assign(wanted, 0);
  }

  // Ends like a power cut: what is on the disk now is what the next open() finds.
  void kill() {
    const std::string aside = folder.file("killed.db");
    copy_files(settings.path, aside);
    outbox.reset();
    copy_files(aside, settings.path);
  }

  OutboxEntry entry(RecordPtr record, uint32_t claim = 0) {
    OutboxEntry made;
    made.record = std::move(record);
    made.position = position++;
    for (uint64_t& seq : seqs) made.seq.push_back(++seq), made.claimed.push_back(claim);
    return made;
  }

  uint64_t append(size_t samples = 3, uint32_t claim = 0) {
    OutboxEntry made = entry(record_of(*names, clock, samples, static_cast<double>(position)), claim);
    const uint64_t at = made.position;
    outbox->append(std::move(made));
    return at;
  }

  void settle(uint64_t at, size_t uplink = 0) { outbox->settle(indices[uplink], std::vector<uint64_t>{at}); }

  void pass(Duration time) {
    clock.advance(time);
    outbox->tick();
  }

  std::vector<uint64_t> next(size_t uplink = 0, size_t most = 1000) {
    std::vector<uint64_t> positions;
    for (const Envelope& envelope : outbox->next(indices[uplink], most, SIZE_MAX)) positions.push_back(envelope.position);
    return positions;
  }

  ScratchFolder folder;
  ManualClock clock;
  OutboxSettings settings;
  OutboxLimits limits;
  std::unique_ptr<Names> names;
  std::vector<std::string> notes;
  Status why;
  std::unique_ptr<Outbox> outbox;
  std::vector<UplinkIndex> indices;
  uint64_t position = 1;
  std::vector<uint64_t> seqs;
  size_t wanted;
};

}  // namespace ferrule
