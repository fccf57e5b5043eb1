// The outbox: what the uplinks have not acknowledged yet, in memory first and on SQLite when it takes longer.
//
// Contract
//   Log         Every record that goes north has a position that rises by 1. One log; one cursor per uplink: everything up to it
//               is settled for that uplink, beyond it there may be settled ranges. What every uplink has settled is forgotten.
//   Durable     Accepted = committed here (WAL, synchronous=FULL) or settled by every uplink. What is accepted survives kill -9
//               and a power cut. What is not settled flush_after (1 s) after it came is sealed with its neighbours into a block
//               and committed; on a healthy link nothing is. Lost in a power cut: at most the last flush_after plus one commit;
//               in a clean stop: nothing. write_ahead: every append is committed by the next commit() and not sent before.
//   Delivered   What a session claims as live reaches it from memory. next() hands out the rest, each record once a session.
//   Order       next() goes by position, always: while the file cannot be read and holds unsettled records, next() waits for it.
//   Duplicates  Delivery is at least once, a repeat has the same (boot, seq). Cursors are persisted at most 1 s behind, and only
//               while blocks exist: after a crash what was in flight or acknowledged in the last second comes again.
//   Limits      max_size (bytes of the files, the write-ahead log included), max_age (of running time), 64 MiB of memory, 1,000
//               dead letters. Over max_size the oldest block goes, or is thinned out first where when_full says so; alarms,
//               outcomes and losses go last. Each eviction leaves a Loss per uplink that still needed it, a record of its own.
//   Disk full   or less than `reserve` free: records stay in memory and writing is tried again each second. When memory is full
//               the oldest go: of the file while only the reserve is short, else of memory; with a Loss.
//   Read-only   or failing, or gone: likewise. The file is closed and opened anew each second, for nobody knows what a failed
//               sync has left; a commit whose answer was lost is recognised. A file that is gone is waited for, then made anew.
//               Only a start needs a file that can be opened or made.
//   Corrupt     The file is set aside as <path>.corrupt-<UTC>, what can be read is salvaged into a fresh one, a Loss says so to
//               every uplink; at the start and while running. A block that does not read back is given up with a Loss.
//   Clock       Nothing here goes by the wall clock but what records say of themselves.
//   Names of tags and devices live in a dictionary in the file whose ids are never reused; blocks know ids only. Older files are
//   migrated in one transaction. counters().trouble, notes and losses say what is wrong; health shows them.
//
// Threads: none of its own. All calls come from host's outbox thread, which is the only one that touches the database (one
// connection: it writes and checkpoints; SQLite 3.40's WAL-reset bug needs two). counters() is the exception: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/guarded.h"
#include "core/names.h"
#include "core/record.h"
#include "core/status.h"
#include "sdk/settings.h"

namespace ferrule {

enum class UplinkIndex : uint8_t {};  // dense, 0 .. kMaxUplinks-1; stable until close()
inline constexpr size_t kMaxUplinks = 16;
inline constexpr uint64_t kMemoryLimit = 64ull << 20;

// A record as the bus hands it over. An uplink that `seq` has a 0 for does not get the record.
struct OutboxEntry {
  RecordPtr record;
  uint64_t position = 0;
  std::vector<uint64_t> seq;      // by UplinkIndex
  std::vector<uint32_t> claimed;  // by UplinkIndex: the uplink's session that has taken it as live; 0 = none, it is backlog
};

// What no user sets: for tests and simulations. The defaults are what runs on plants.
struct OutboxLimits {
  enum class Synchronous : uint8_t { full, normal };  // normal loses what was committed last: the tests must find that out
  std::string vfs;                                    // the SQLite VFS; empty: the default one
  uint64_t memory = kMemoryLimit;                     // bytes of records that are not committed
  uint32_t block_samples = 32'768;                    // a block is full from here on
  uint32_t block_records = 4'096;                     // and never holds more
  uint32_t merge_blocks = 32;                         // so many small blocks in a row become one
  uint64_t wal_bytes = 2ull << 20;                    // checkpoint from here on; less where max_size is small
  uint32_t dead_letters = 1'000;                      // kept
  uint64_t check_bytes = 64ull << 20;                 // quick_check after an unclean stop up to this size of file
  Synchronous synchronous = Synchronous::full;
  // Bytes that are free on the file system of this path, for `reserve`; nothing: not known. Null: the system is asked.
  std::function<std::optional<uint64_t>(const std::string& path)> free_bytes;
};

struct OutboxCounters {
  struct PerUplink {
    std::string name;
    uint64_t waiting_records = 0;  // not settled, stored or in memory
    uint64_t waiting_samples = 0;
    uint64_t settled_samples = 0;
    uint64_t dropped_samples = 0;  // evicted, aged, dead letters
    uint64_t dead_letters = 0;
  };
  std::vector<PerUplink> uplinks;
  uint64_t memory_bytes = 0;  // of records not committed
  uint64_t disk_bytes = 0;    // database and write-ahead log
  uint64_t blocks = 0;
  uint64_t bytes_written = 0;  // to blocks since the start
  uint64_t commits = 0;
  std::string trouble;  // empty when healthy: "disk full: ..."
};

struct DeadLetterRecord {
  int64_t id = 0;  // rises
  std::string uplink, why;
  WallTime at;
  Envelope envelope;  // its record is null where it cannot be read any more
};

class Outbox {
 public:
  // Opens or creates the file at settings.path (its folder must exist), increments and persists the boot counter. Fails only
  // where not even a fresh file can be made. `notes` gets what an operator should know: "set aside ..., salvaged 41 of 42
  // blocks".
  static Result<std::unique_ptr<Outbox>> open(const OutboxSettings& settings, const Clock& clock, Names& names,
                                              std::vector<std::string>& notes);
  static Result<std::unique_ptr<Outbox>> open(const OutboxSettings& settings, const OutboxLimits& limits, const Clock& clock,
                                              Names& names, std::vector<std::string>& notes);
  ~Outbox();

  uint64_t boot() const;
  uint64_t next_position() const;  // the first position for the bus to give out in this boot

  // Registers an uplink by name. A known one goes on from its cursor; a new one starts at now. Uplinks in the file that were not
  // attached by the time of settle_membership() are removed, and their backlog becomes a Loss.
  UplinkIndex attach(std::string_view name);
  void settle_membership();

  // Positions must come in rising order.
  void append(OutboxEntry entry);
  // These positions have reached their end for this uplink. May come before append() of the same position.
  void settle(UplinkIndex uplink, std::span<const uint64_t> positions);
  // The receiver will never take it: kept in the dead-letter table (at most 1,000, oldest leave), counted, out of the way.
  void reject(UplinkIndex uplink, uint64_t position, std::string_view why);
  // The uplink's session `session` is over: everything claimed by it or by an earlier one that is not settled is backlog again,
  // and the backlog reader starts anew at the cursor.
  void release(UplinkIndex uplink, uint32_t session);

  // The next unclaimed, unsettled records for this uplink in order of position, at most `max_records` and about `max_bytes` of
  // memory; empty when there are none, and while the file cannot be read though some are in it: order goes first. Each is handed
  // out once until release(). Reads from disk: may take milliseconds.
  std::vector<Envelope> next(UplinkIndex uplink, size_t max_records, size_t max_bytes);

  // Does what is due: seal and commit, persist cursors, evict, delete what is settled, checkpoint. Returns when it wants to be
  // called next.
  MonoTime tick();
  // Commits everything now (clean stop, write_ahead).
  Status commit();

  // Losses since the last call; the caller sends them as records.
  std::vector<Loss> take_losses();
  // What an operator should know of what happened since open(): a file that was found damaged while running, say.
  std::vector<std::string> take_notes();
  // A trouble has ended since the last call: next() may have something again.
  bool take_healed();

  // For operators. What this uplink has not settled beyond `after`, in order, in hand or not; changes nothing. It ends with the
  // record that reaches one of the limits.
  std::vector<Envelope> peek(UplinkIndex uplink, uint64_t after, size_t max_records, size_t max_samples);
  Result<std::vector<DeadLetterRecord>> dead_letters(int64_t after, size_t max_records);
  // Gives up everything that this uplink has not settled, with a Loss; how many records that was.
  uint64_t purge(UplinkIndex uplink);
  Status purge_dead_letters();

  OutboxCounters counters() const;  // any thread

 private:
  struct Impl;
  explicit Outbox(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferrule
