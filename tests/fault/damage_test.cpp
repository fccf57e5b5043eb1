// A thousand damaged stores: zeroed and overwritten sectors, flipped bits, files cut short, pages exchanged, a spoilt log. Each
// must start within seconds and give back every block that the damage has not touched.
//
//   FERRULE_DAMAGED_STORES=1000 build/release/tests/fault_outbox --gtest_filter='DamagedStores.*'     (100 where nothing is said)
//
// Which pages a block lies on is SQLite's word: those that it reads to fetch it, inner pages left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <fstream>
#include <map>
#include <set>

#include "tests/fault/memory_disk.h"
#include "tests/fault/wanted.h"
#include "tests/unit/outbox/scratch.h"

namespace ferrule {
namespace {

using testing::IsEmpty;

constexpr size_t kPage = 1024, kSector = 4096;
constexpr int kBlocks = 150;

constexpr double kSlowestStart = 5;  // s

int stores() { return static_cast<int>(wanted("FERRULE_DAMAGED_STORES", 100)); }

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put_contents(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// A store in the middle of an outage, as a power cut leaves it: a file and a log.
struct Whole {
  Whole() {
    rig.limits.block_samples = 600;
    rig.limits.wal_bytes = 64u << 10;
    rig.open();
    for (int i = 0; i < kBlocks * 3; ++i) {
      rig.outbox->append(rig.entry(noise(100 + static_cast<size_t>(i) % 100)));
      rig.pass(std::chrono::seconds(1));
    }
    rig.kill();
    file = contents(rig.settings.path);
    log = contents(rig.settings.path + "-wal");
    find_pages();
  }

  RecordPtr noise(size_t samples) {
    auto record = std::make_shared<Record>(*record_of(*rig.names, rig.clock, samples, 0));
    for (Sample& sample : std::get<Samples>(record->body)) sample.value = Value(static_cast<double>(random()) / 1e9);
    return record;
  }

  // With everything in the file: SQLite puts the log's pages where they belong.
  void find_pages() {
    MemoryDisk disk("whole");
    disk.put("outbox.db", settled());
    sqlite3* db = nullptr;
    sqlite3_open_v2("outbox.db", &db, SQLITE_OPEN_READWRITE, disk.name().c_str());
    sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=0", nullptr, nullptr, nullptr);
    sqlite3_stmt* firsts = nullptr;
    sqlite3_prepare_v2(db, "SELECT first FROM blocks", -1, &firsts, nullptr);
    std::vector<int64_t> all;
    while (sqlite3_step(firsts) == SQLITE_ROW) all.push_back(sqlite3_column_int64(firsts, 0));
    sqlite3_finalize(firsts);
    sqlite3_close(db);
    for (const int64_t first : all) {
      sqlite3_open_v2("outbox.db", &db, SQLITE_OPEN_READWRITE, disk.name().c_str());
      (void)disk.pages_read(kPage);
      const std::string sql =
          "PRAGMA locking_mode=EXCLUSIVE; SELECT hex(body) FROM blocks WHERE first = " + std::to_string(first);
      sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
      sqlite3_close(db);
      for (const uint64_t page : disk.pages_read(kPage)) {
        if (page != 0 && disk.bytes("outbox.db")[page * kPage] != 5) pages[static_cast<uint64_t>(first)].insert(page);
      }
    }
  }

  std::string settled() {
    Rig other;
    other.outbox.reset();
    put_contents(other.settings.path, file);
    put_contents(other.settings.path + "-wal", log);
    sqlite3* db = nullptr;
    sqlite3_open(other.settings.path.c_str(), &db);
    sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr);
    sqlite3_close(db);
    return contents(other.settings.path);
  }

  std::mt19937 random{4};
  Rig rig;
  std::string file, log;
  std::map<uint64_t, std::set<uint64_t>> pages;  // of the block that begins at this position
};

class Damage {
 public:
  explicit Damage(uint32_t seed) : random_(seed) {}

  // Spoils the bytes; `touched` gets the pages.
  std::string spoil(std::string bytes, std::set<uint64_t>& touched) {
    const std::string before = bytes;
    switch (below(7)) {
      case 0: sectors(bytes, 1 + below(4), false); break;
      case 1: sectors(bytes, 1 + below(4), true); break;
      case 2:
        for (size_t i = 1 + below(6); i > 0; --i) bytes[below(bytes.size())] ^= static_cast<char>(1 << below(8));
        break;
      case 3: bytes.resize(below(bytes.size())); break;
      case 4: std::fill_n(bytes.begin(), kSector * (1 + below(2)), '\0'); break;  // header and schema
      case 5:
        std::swap_ranges(&bytes[0] + kSector, &bytes[0] + 2 * kSector,
                         &bytes[0] + kSector * (2 + below(bytes.size() / kSector - 3)));
        break;
      default: sectors(bytes, 8, true);
    }
    for (uint64_t page = 0; page * kPage < before.size(); ++page) {
      const bool same = before.compare(page * kPage, kPage, bytes, std::min(page * kPage, bytes.size()), kPage) == 0;
      if (!same) touched.insert(page);
    }
    return bytes;
  }

 private:
  size_t below(size_t n) { return random_() % n; }
  void sectors(std::string& bytes, size_t count, bool noise) {
    for (; count > 0; --count) {
      const size_t at = below(bytes.size() / kSector) * kSector;
      for (size_t i = at; i < at + kSector; ++i) bytes[i] = noise ? static_cast<char>(random_()) : '\0';
    }
  }
  std::mt19937 random_;
};

TEST(DamagedStores, start_within_seconds_and_give_back_every_block_that_is_whole) {
  Whole whole;
  const std::string settled = whole.settled();
  ASSERT_GE(whole.pages.size(), static_cast<size_t>(kBlocks) / 2);
  uint64_t undamaged = 0, delivered = 0, set_aside = 0;
  double slowest = 0;
  auto told = std::chrono::steady_clock::now();
  for (int store = 0; store < stores(); ++store) {
    std::set<uint64_t> touched;
    whole.rig.outbox.reset();
    for (const auto& each : std::filesystem::directory_iterator(std::filesystem::path(whole.rig.settings.path).parent_path())) {
      std::filesystem::remove(each.path());
    }
    put_contents(whole.rig.settings.path, Damage(static_cast<uint32_t>(store)).spoil(settled, touched));
    whole.rig.limits.check_bytes =
        store % 2 == 0 ? OutboxLimits{}.check_bytes : 0;  // as a large file, which a start does not check
    const auto begin = std::chrono::steady_clock::now();
    whole.rig.open();
    slowest = std::max(slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    ASSERT_NE(whole.rig.outbox, nullptr) << store << ": " << whole.rig.why.what();
    set_aside += whole.rig.notes.empty() ? 0 : 1;
    std::set<uint64_t> came;
    for (int round = 0; round < 3; ++round) {  // damage that only reading finds heals within a second
      whole.rig.outbox->release(whole.rig.indices[0], 0);
      for (const uint64_t position : whole.rig.next(0, 100'000)) came.insert(position);
      whole.rig.pass(std::chrono::seconds(1));
    }
    for (auto block = whole.pages.begin(); block != whole.pages.end(); ++block) {
      const bool hit =
          std::any_of(block->second.begin(), block->second.end(), [&](uint64_t page) { return touched.contains(page); });
      if (hit) continue;
      ++undamaged;
      delivered += came.contains(block->first) ? 1 : 0;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - told < std::chrono::seconds(5)) continue;
    told = now;
    std::fprintf(stderr, "  %d of %d damaged stores\n", store + 1, stores());
  }
  const double share = static_cast<double>(delivered) / static_cast<double>(undamaged);
  std::printf(
      "%d damaged stores (%llu set aside): %.3f %% of %llu undamaged blocks delivered (limit 99), slowest start %.2f s (limit "
      "%.0f)\n",
      stores(), static_cast<unsigned long long>(set_aside), 100 * share, static_cast<unsigned long long>(undamaged), slowest,
      kSlowestStart);
  EXPECT_GE(share, 0.99);
  EXPECT_GT(set_aside, 0u);
  EXPECT_LE(slowest, kSlowestStart);
}

// Its header is gone, so that every block has to be found and copied.
TEST(DamagedStores, a_large_one_starts_within_seconds_too) {
  const uint64_t size = wanted("FERRULE_LARGE_STORE", 24) << 20;
  Rig rig;
  rig.settings.max_size = 8ull << 30;
  rig.open();
  std::mt19937_64 random{5};
  while (rig.outbox->counters().disk_bytes < size) {
    for (int i = 0; i < 16; ++i) {
      auto record = std::make_shared<Record>(*record_of(*rig.names, rig.clock, 2000, 0));
      for (Sample& sample : std::get<Samples>(record->body)) sample.value = Value(static_cast<double>(random()) / 1e9);
      rig.outbox->append(rig.entry(std::move(record)));
    }
    rig.pass(std::chrono::seconds(1));
  }
  ASSERT_TRUE(rig.outbox->commit().ok());
  const uint64_t waiting = rig.outbox->counters().uplinks[0].waiting_records;
  rig.outbox.reset();
  {
    std::fstream file(rig.settings.path, std::ios::in | std::ios::out | std::ios::binary);
    file.write(std::string(kSector, '\x5a').data(), kSector);
  }
  const auto begin = std::chrono::steady_clock::now();
  rig.open();
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("a damaged store of %llu MiB starts in %.2f s (limit %.0f)\n", static_cast<unsigned long long>(size >> 20), took,
              kSlowestStart);
  ASSERT_NE(rig.outbox, nullptr) << rig.why.what();
  EXPECT_FALSE(rig.notes.empty());
  EXPECT_EQ(rig.outbox->counters().uplinks[0].waiting_records, waiting);
  EXPECT_LE(took, kSlowestStart);
}

}  // namespace
}  // namespace ferrule
