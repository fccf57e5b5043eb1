// The tables of one outbox file, and the one way to change them: a Batch, applied whole or not at all.
//
//   meta(key, value)                  boot, clean, last uplink id
//   blocks(first, summary, body)      first: position of the first record
//   names, names_copy(id, device, name, sum)   the dictionary, twice: one lost page must not take the meaning of every block
//   uplinks(id, name, cursor, sum)
//   uplink_names(id, name, sum)       for salvage: written once per uplink, apart from the cursors
//   losses(id, uplink, from_ns, to_ns, samples, why, sum)
//   dead_letters(id, uplink, why, at_ns, body)   body: a block of one record
//
// Blocks, summaries and cursors carry checksums of their own; names carry theirs in `sum`: a flipped bit must not give a value to
// another tag. Outbox thread only. After any Status but ok the store must be opened again before it is believed: what a failed
// fsync left on the disk nobody knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/record.h"
#include "core/status.h"
#include "outbox/database.h"
#include "outbox/dictionary.h"
#include "outbox/summary.h"

namespace ferrule::outbox {

struct StoredBlock {
  Summary summary;
  std::string body;
};

struct StoredUplink {
  uint32_t id = 0;
  std::string name;
  std::string cursor;  // an encoded CursorState
};

struct StoredLoss {
  int64_t id = 0;
  Loss loss;
};

struct DeadLetter {
  std::string uplink;
  std::string why;
  WallTime at;
  std::string body;
};

struct StoredDeadLetter {
  int64_t id = 0;
  DeadLetter letter;
};

// Everything that one transaction changes.
struct Batch {
  std::vector<uint64_t> erase_blocks;  // before `blocks`
  std::vector<StoredBlock> blocks;
  std::vector<Dictionary::Row> names;
  std::vector<StoredUplink> uplinks;  // new ones, or with a new cursor
  std::vector<uint32_t> erase_uplinks;
  std::vector<StoredLoss> losses;  // new ones, or changed
  std::vector<int64_t> erase_losses;
  std::vector<DeadLetter> dead_letters;
  bool erase_dead_letters = false;  // those that are there
  std::optional<uint64_t> boot;
  std::optional<uint32_t> last_uplink;
  std::optional<bool> clean;

  bool empty() const {
    return erase_blocks.empty() && blocks.empty() && names.empty() && uplinks.empty() && erase_uplinks.empty() &&
           losses.empty() && erase_losses.empty() && dead_letters.empty() && !erase_dead_letters && !boot && !last_uplink &&
           !clean;
  }
};

// What the file holds but the bodies.
struct Contents {
  uint64_t boot = 0;
  bool clean = false;        // closed in order
  uint32_t last_uplink = 0;  // the highest uplink id ever given out
  std::vector<Summary> blocks;
  std::vector<Dictionary::Row> names;
  std::vector<StoredUplink> uplinks;
  std::vector<StoredLoss> losses;
  uint64_t dead_letters = 0;
};

struct StoreSettings {
  std::string path;
  std::string vfs;  // empty: SQLite's default
  uint64_t wal_bytes = 0;
  uint64_t check_bytes = 0;   // quick_check after an unclean stop up to this size
  uint64_t dead_letters = 0;  // how many are kept
  bool synchronous = true;    // false: for the tests of the tests only
  bool create = true;         // a missing file
};

int64_t name_sum(const Dictionary::Row& row);
int64_t uplink_sum(uint32_t id, std::string_view name);
int64_t boot_sum(uint64_t boot);

class Store {
 public:
  // Opens or creates. corrupt: the file is damaged, see salvage(). invalid: a later version made it.
  static Result<Store> open(const StoreSettings& settings, Contents& contents);

  Status apply(const Batch& batch);
  Result<std::string> read(uint64_t first);  // a block's body
  Result<std::vector<StoredDeadLetter>> dead_letters(int64_t after, size_t most);

  uint64_t page() const { return page_; }                              // bytes; a file keeps what it was made with
  uint64_t used_bytes() const { return used_pages_ * page_; }          // database pages in use
  uint64_t file_bytes() const { return pages_ * page_ + wal_bytes_; }  // on the disk, write-ahead log included
  uint64_t free_pages() const { return pages_ - used_pages_; }
  Status vacuum(uint32_t pages);                    // gives free pages back to the file system
  Status checkpoint();                              // empties the write-ahead log
  Status begin_bulk() { return db_.begin_bulk(); }  // see Database
  Status end_bulk() { return db_.end_bulk(); }

 private:
  Status check(const StoreSettings& settings);
  Status load(Contents& contents);
  Status load_blocks(Contents& contents);
  Status load_rest(Contents& contents);
  Status prepare();
  Status write(const Batch& batch);
  Status write_blocks(const Batch& batch);
  Status write_names(const Batch& batch);
  Status write_rest(const Batch& batch);
  void measure();

  Database db_;
  Statement insert_block_, erase_block_, read_block_, insert_name_, copy_names_, insert_uplink_, erase_uplink_,
      insert_uplink_name_, erase_uplink_name_, insert_loss_, erase_loss_, insert_dead_, trim_dead_, set_meta_;
  uint64_t keep_dead_ = 0;
  bool copies_due_ = true;    // of names; after opening nobody knows
  bool copied_ = false;       // in this transaction
  uint64_t since_names_ = 0;  // bytes of blocks since the first name without a copy
  uint64_t page_ = Database::kPage;
  uint64_t pages_ = 0, used_pages_ = 0, wal_bytes_ = 0;
};

}  // namespace ferrule::outbox
