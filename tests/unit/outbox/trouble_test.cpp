// A disk that is full, fails, or gives back other bytes than it got.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "tests/unit/outbox/faulty_vfs.h"
#include "tests/unit/outbox/scratch.h"

namespace ferrule {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Trouble : public testing::Test {
 protected:
  Trouble() {
    FaultyVfs::faults() = {};
    rig.limits.vfs = FaultyVfs::name();
    rig.open();
    EXPECT_TRUE(rig.why.ok()) << rig.why.what();
  }
  ~Trouble() override { FaultyVfs::faults() = {}; }
  DiskFaults& disk() { return FaultyVfs::faults(); }
  Rig rig;
};

TEST_F(Trouble, a_full_disk_keeps_records_in_memory_and_heals_within_a_second) {
  disk().full = true;
  const uint64_t first = rig.append();
  rig.pass(seconds(1));
  EXPECT_THAT(rig.outbox->counters().trouble, HasSubstr("disk full"));
  const uint64_t second = rig.append();
  EXPECT_THAT(rig.next(), ElementsAre(first, second)) << "the uplink lives on";
  rig.pass(seconds(10));
  disk().full = false;
  rig.pass(seconds(1));
  EXPECT_EQ(rig.outbox->counters().trouble, "");
  rig.kill();
  rig.open();
  EXPECT_THAT(rig.next(), ElementsAre(first, second));
}

TEST_F(Trouble, a_healed_disk_is_noticed_though_nothing_waits) {
  disk().full = true;
  const uint64_t at = rig.append();
  rig.pass(seconds(1));
  rig.settle(at);
  disk().full = false;
  rig.pass(seconds(1));
  EXPECT_EQ(rig.outbox->counters().trouble, "");
}

TEST_F(Trouble, memory_is_bounded_and_the_oldest_go_with_a_loss) {
  rig.limits.memory = 100'000;
  rig.open();
  disk().full = true;
  for (int i = 0; i < 100; ++i) {
    rig.append(100);
    rig.pass(seconds(1));
    EXPECT_LE(rig.outbox->counters().memory_bytes, 100'000u);
  }
  disk().full = false;
  rig.pass(seconds(1));
  const OutboxCounters counters = rig.outbox->counters();
  EXPECT_EQ(counters.uplinks[0].waiting_samples + counters.uplinks[0].dropped_samples, 10'000u);
  uint64_t lost = 0;
  for (const Loss& loss : rig.outbox->take_losses()) lost += loss.samples;
  EXPECT_EQ(lost, counters.uplinks[0].dropped_samples);
  EXPECT_GT(lost, 0u);
  const std::vector<uint64_t> left = rig.next();
  EXPECT_EQ(left.back(), 100u);
  EXPECT_EQ(left.size() * 100, counters.uplinks[0].waiting_samples);
}

TEST_F(Trouble, whichever_write_or_sync_fails_nothing_committed_is_lost_or_doubled_and_it_heals) {
  for (int nth = 0; nth < 60; ++nth) {
    Rig each;
    each.limits.vfs = FaultyVfs::name();
    each.limits.merge_blocks = 3;
    disk() = {};
    each.open();
    const uint64_t first = each.append();
    each.pass(seconds(1));
    EXPECT_THAT(each.next(), ElementsAre(first));
    disk().calls = 0;
    disk().fail_after = nth;
    std::vector<uint64_t> expected{first};
    for (int i = 0; i < 8; ++i) {
      expected.push_back(each.append());
      each.pass(seconds(1));
    }
    each.settle(first);
    expected.erase(expected.begin());
    each.outbox->release(each.indices[0], 0);
    disk().fail_after = -1;
    each.pass(seconds(2));
    each.pass(seconds(2));
    EXPECT_EQ(each.outbox->counters().trouble, "") << nth;
    EXPECT_EQ(each.outbox->counters().uplinks[0].waiting_records, expected.size()) << nth;
    EXPECT_EQ(each.next(), expected) << nth;
    each.kill();
    each.open();
    EXPECT_THAT(each.notes, IsEmpty()) << nth;
    EXPECT_EQ(each.next(), expected) << nth;
  }
}

TEST_F(Trouble, backlog_keeps_its_order_across_a_file_that_cannot_be_read_for_a_while) {
  const uint64_t first = rig.append();
  rig.pass(seconds(1));
  disk().fail_after = 0;
  disk().calls = 0;
  const uint64_t second = rig.append();
  rig.pass(seconds(1));
  EXPECT_THAT(rig.next(), IsEmpty()) << "the first is in the file";
  disk().fail_after = -1;
  rig.pass(seconds(2));
  EXPECT_TRUE(rig.outbox->take_healed());
  EXPECT_FALSE(rig.outbox->take_healed());
  EXPECT_THAT(rig.next(), ElementsAre(first, second));
}

TEST_F(Trouble, a_disk_that_is_full_at_the_start_stops_nobody) {
  rig.outbox.reset();
  disk().full = true;
  rig.open();
  ASSERT_NE(rig.outbox, nullptr) << rig.why.what();
  const uint64_t at = rig.append();
  EXPECT_THAT(rig.next(), ElementsAre(at));
  const uint64_t boot = rig.outbox->boot();
  EXPECT_GT(boot, 1'000'000u) << "a number that no other boot had";
  disk().full = false;
  rig.pass(seconds(2));
  rig.open();
  EXPECT_EQ(rig.outbox->boot(), boot + 1);
}

// --- damaged files ---------------------------------------------------------------------------------------------------------

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put_contents(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// A file with many blocks, stopped uncleanly but with an empty log.
constexpr size_t kBlocks = 100;

struct Damaged {
  Damaged() {
    rig.limits.block_samples = 1;  // each record is a block
    rig.open();
    for (size_t i = 0; i < kBlocks; ++i) {
      rig.append(100);
      rig.pass(seconds(1));
    }
    rig.outbox.reset();
    rig.open();  // unclean from here on
    rig.kill();
    bytes = contents(rig.settings.path);
  }
  Rig rig;
  std::string bytes;
};

TEST(DamagedFile, what_is_no_database_at_all_is_set_aside_and_a_fresh_one_started) {
  Rig rig;
  rig.outbox.reset();
  put_contents(rig.settings.path, std::string(100'000, 'x'));
  rig.open();
  ASSERT_NE(rig.outbox, nullptr) << rig.why.what();
  ASSERT_EQ(rig.notes.size(), 1u);
  EXPECT_THAT(rig.notes[0], HasSubstr(".corrupt-2026"));
  EXPECT_GT(rig.outbox->boot(), 1'000'000u) << "an old number again would make receivers drop what is new";
  rig.append();
  EXPECT_TRUE(rig.outbox->commit().ok());
}

TEST(DamagedFile, a_zeroed_page_costs_what_was_on_it_and_no_more) {
  Damaged file;
  size_t kept = 0, worst = kBlocks;
  const size_t pages = file.bytes.size() / 4096;
  for (size_t page = 0; page < pages; ++page) {
    std::string broken = file.bytes;
    std::fill_n(broken.begin() + static_cast<std::ptrdiff_t>(page * 4096), 4096, '\0');
    std::filesystem::remove(file.rig.settings.path + "-wal");
    put_contents(file.rig.settings.path, broken);
    file.rig.open();
    ASSERT_NE(file.rig.outbox, nullptr) << page << ": " << file.rig.why.what();
    size_t back = file.rig.next(0, 1000).size();
    file.rig.pass(seconds(2));  // damage that only reading found
    file.rig.outbox->release(file.rig.indices[0], 0);
    back = std::max(back, file.rig.next(0, 1000).size());
    kept += back;
    worst = std::min(worst, back);
    file.rig.outbox.reset();
  }
  EXPECT_GE(worst, kBlocks - 20) << "what 4 KiB hold";
  EXPECT_GE(kept, kBlocks * pages * 90 / 100);
}

TEST(DamagedFile, flipped_bits_never_give_a_wrong_value_and_never_stop_the_start) {
  Damaged file;
  std::mt19937 random(12);
  for (int round = 0; round < 40; ++round) {
    std::string broken = file.bytes;
    for (int i = 0; i < 4; ++i) broken[random() % broken.size()] ^= static_cast<char>(1 << (random() % 8));
    if (round % 3 == 0) broken.resize(random() % broken.size());
    std::filesystem::remove(file.rig.settings.path + "-wal");
    put_contents(file.rig.settings.path, broken);
    file.rig.open();
    ASSERT_NE(file.rig.outbox, nullptr) << round << ": " << file.rig.why.what();
    for (const Envelope& envelope : file.rig.outbox->next(file.rig.indices[0], 1000, SIZE_MAX)) {
      const auto& samples = std::get<Samples>(envelope.record->body);
      ASSERT_EQ(samples.size(), 100u);
      for (size_t i = 0; i < samples.size(); ++i) {
        ASSERT_EQ(samples[i].value, Value(static_cast<double>(envelope.position) + static_cast<double>(i)));
        ASSERT_EQ(file.rig.names->full_name(samples[i].tag), "boiler.t" + std::to_string(i));
      }
    }
    file.rig.append();
    EXPECT_TRUE(file.rig.outbox->commit().ok());
    file.rig.outbox.reset();
  }
}

TEST(DamagedFile, a_salvage_interrupted_between_its_renames_is_ended_at_the_next_start) {
  Damaged file;
  std::filesystem::rename(file.rig.settings.path, file.rig.settings.path + ".salvage");
  put_contents(file.rig.settings.path + "-wal", "the log of the file that was set aside");
  file.rig.open();
  ASSERT_NE(file.rig.outbox, nullptr);
  EXPECT_EQ(file.rig.next(0, 1000).size(), kBlocks);
}

TEST(DamagedFile, a_file_of_a_later_version_is_set_aside_untouched) {
  Damaged file;
  std::string later = file.bytes;
  later[63] = 99;  // user_version
  put_contents(file.rig.settings.path, later);
  std::filesystem::remove(file.rig.settings.path + "-wal");
  file.rig.open();
  ASSERT_NE(file.rig.outbox, nullptr);
  ASSERT_EQ(file.rig.notes.size(), 1u);
  EXPECT_THAT(file.rig.notes[0], HasSubstr("later version"));
}

}  // namespace
}  // namespace ferrule
