// Days in minutes: a link that is away for three days, and one that is well. Every byte that goes to the disk is counted, the
// write-ahead log and its checkpoints included.
//
//   FERRULE_OUTAGE_HOURS=72 build/release/tests/fault_outbox --gtest_filter='*Outage.*'     (2 hours where nothing is said)
#include <gtest/gtest.h>

#include <bit>

#include "outbox/outbox.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fault/memory_disk.h"
#include "tests/fault/plant.h"
#include "tests/fault/wanted.h"

namespace ferrule {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kOutageTags = 1000;  // read once a second
constexpr double kSecondsPerDay = 86'400;
constexpr double kBytesPerSample = 6, kGigabytesInOutage = 2.5, kMegabytesWhenWell = 100;

int hours() { return static_cast<int>(wanted("FERRULE_OUTAGE_HOURS", 2)); }

uint64_t fingerprint(const Record& record) {
  uint64_t print = 1469598103934665603ull;
  for (const Sample& sample : std::get<Samples>(record.body)) {
    const uint64_t bits = sample.value.kind() == Value::Kind::float32 ? std::bit_cast<uint32_t>(sample.value.as_float())
                                                                      : std::bit_cast<uint64_t>(sample.value.as_double());
    print = (print ^ bits ^ (static_cast<uint64_t>(sample.tag) << 40)) * 1099511628211ull;
  }
  return print;
}

class Link {
 public:
  Link(Plant::Shape shape, const std::string& name) : disk_(name) {
    settings_.path = "outbox.db";
    settings_.max_size = 2ull << 30;
    OutboxLimits limits;
    limits.vfs = disk_.name();
    std::vector<std::string> notes;
    outbox_ = std::move(*Outbox::open(settings_, limits, clock_, names_, notes));
    up_ = outbox_->attach("up");
    outbox_->settle_membership();
    plant_.emplace(names_, kOutageTags, shape);
  }

  void poll(uint32_t claimed) {
    RecordPtr record = plant_->poll(clock_);
    prints_.push_back(fingerprint(*record));
    outbox_->append({std::move(record), ++position_, {position_}, {claimed}});
  }

  void pass(Duration time) {
    clock_.advance(time);
    outbox_->tick();
  }

  void outage(int seconds_away) {
    for (int i = 0; i < seconds_away; ++i) {
      if (i % 36'000 == 35'999) std::fprintf(stderr, "  %d of %d hours\n", (i + 1) / 3600, seconds_away / 3600);
      poll(0);
      pass(seconds(1));
    }
  }

  // One second of a link that is back: what is read now is acknowledged at once, the backlog follows in batches.
  void drain_a_second() {
    poll(1);
    live_.push_back(position_);
    for (int batch = 0; batch < 20; ++batch) {
      std::vector<uint64_t> positions;
      for (const Envelope& envelope : outbox_->next(up_, 64, SIZE_MAX)) {
        in_order_ = in_order_ && envelope.position > last_ && envelope.seq == envelope.position;
        intact_ = intact_ && fingerprint(*envelope.record) == prints_[envelope.position - 1];
        last_ = envelope.position;
        delivered_ += sample_count(*envelope.record);
        positions.push_back(envelope.position);
      }
      outbox_->settle(up_, positions);
      pass(milliseconds(50));
    }
    outbox_->settle(up_, live_);
    delivered_ += live_.size() * kOutageTags;
    live_.clear();
  }

  uint64_t waiting() const { return outbox_->counters().uplinks[0].waiting_records; }
  const Outbox& outbox() const { return *outbox_; }
  const MemoryDisk& disk() const { return disk_; }
  uint64_t samples() const { return prints_.size() * kOutageTags; }
  uint64_t delivered() const { return delivered_; }
  bool in_order() const { return in_order_; }
  bool intact() const { return intact_; }

  void healthy_second(bool late) {
    poll(1);
    pass(late ? seconds(3) : milliseconds(50));
    outbox_->settle(up_, std::vector<uint64_t>{position_});
    pass(milliseconds(950));
  }

 private:
  MemoryDisk disk_;
  ManualClock clock_;
  Names names_;
  OutboxSettings settings_;
  std::optional<Plant> plant_;
  std::unique_ptr<Outbox> outbox_;
  UplinkIndex up_{};
  std::vector<uint64_t> prints_, live_;  // by position - 1
  uint64_t position_ = 0, last_ = 0, delivered_ = 0;
  bool in_order_ = true, intact_ = true;
};

struct OutageCase {
  const char* name;
  Plant::Shape shape;
};

class Outage : public testing::TestWithParam<OutageCase> {};

TEST_P(Outage, nothing_is_lost_and_it_all_comes_in_order_from_few_bytes) {
  Link link(GetParam().shape, std::string("outage_") + GetParam().name);
  const int away = hours() * 3600;
  link.outage(away);
  const auto samples = static_cast<double>(link.samples());
  const double on_disk = static_cast<double>(link.outbox().counters().disk_bytes) / samples;
  const double a_day = static_cast<double>(link.disk().counts().bytes_written) * kSecondsPerDay / away / 1e9;
  std::printf("%s: %d hours, %.1f million samples: %.2f bytes each on disk (limit %.0f), %.2f GB a day written (limit %.1f)\n",
              GetParam().name, hours(), samples / 1e6, on_disk, kBytesPerSample, a_day, kGigabytesInOutage);
  while (link.waiting() > 100) link.drain_a_second();
  while (link.waiting() > 0) link.drain_a_second();
  EXPECT_EQ(link.delivered(), link.samples());
  EXPECT_TRUE(link.in_order());
  EXPECT_TRUE(link.intact());
  EXPECT_EQ(link.outbox().counters().uplinks[0].dropped_samples, 0u);
  EXPECT_LE(on_disk, kBytesPerSample);
  EXPECT_LE(a_day, kGigabytesInOutage);
}

INSTANTIATE_TEST_SUITE_P(Plants, Outage,
                         testing::Values(OutageCase{"float32", Plant::Shape::float32},
                                         OutageCase{"float64", Plant::Shape::float64},
                                         OutageCase{"tenths", Plant::Shape::tenths}),
                         [](const auto& each) { return each.param.name; });

TEST(Healthy, link_writes_almost_nothing) {
  Link link(Plant::Shape::float64, "healthy");
  const int seconds_well = hours() * 3600;
  for (int i = 0; i < seconds_well; ++i) link.healthy_second(i % 600 == 599);  // a late acknowledgement each ten minutes
  const double a_day = static_cast<double>(link.disk().counts().bytes_written) * kSecondsPerDay / seconds_well / 1e6;
  std::printf("a healthy link: %.1f MB a day written (limit %.0f)\n", a_day, kMegabytesWhenWell);
  EXPECT_LE(a_day, kMegabytesWhenWell);
}

}  // namespace
}  // namespace ferrule
