// What the outbox costs: nanoseconds per record on the hot path, bytes per sample on disk, samples sealed per second.
//   build/.../bench_outbox [folder]     (not part of ctest)
#include <sys/stat.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "outbox/outbox.h"
#include "tests/fakes/manual_clock.h"

namespace {

using namespace ferrule;

enum class Shape { float32, float64, tenths };

struct Plant {
  Plant(Names& names, size_t tags, Shape kind) : shape(kind) {
    device = names.device("plant");
    for (size_t i = 0; i < tags; ++i) ids.push_back(names.tag(device, std::to_string(i)));
    for (size_t i = 0; i < tags; ++i) phase.push_back(static_cast<double>(random() % 10000) / 100);
  }

  // A thousand slow waves with some noise, as transmitters give.
  RecordPtr poll(const Clock& clock) {
    auto record = std::make_shared<Record>();
    record->device = device;
    record->read_at = clock.now();
    record->timestamp = clock.wall();
    const double t = static_cast<double>(clock.now().time_since_epoch().count()) / 1e9;
    Samples samples(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      const double value = 20 + phase[i] + 5 * std::sin(t / 600 + phase[i]) + 0.002 * noise(random);
      samples[i].tag = ids[i];
      samples[i].read_at = clock.now() + std::chrono::nanoseconds(i * 60);
      samples[i].value = shape == Shape::float32   ? Value(static_cast<float>(value))
                         : shape == Shape::float64 ? Value(value)
                                                   : Value(std::nearbyint(value * 10) * 0.1);
    }
    record->body = std::move(samples);
    return record;
  }

  Shape shape;
  DeviceId device{};
  std::vector<TagId> ids;
  std::vector<double> phase;
  std::mt19937 random{7};
  std::normal_distribution<double> noise{};
};

// Bytes that this process has handed to write() so far.
double written() {
  std::ifstream io("/proc/self/io");
  std::string key;
  double bytes = 0;
  while (io >> key >> bytes) {
    if (key == "wchar:") return bytes;
  }
  return 0;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::unique_ptr<Outbox> open(const std::string& path, const Clock& clock, Names& names) {
  OutboxSettings settings;
  settings.path = path;
  std::vector<std::string> notes;
  auto outbox = Outbox::open(settings, clock, names, notes);
  if (!outbox) std::printf("%s\n", outbox.status().what().c_str()), std::exit(1);
  return std::move(*outbox);
}

void healthy(const std::string& path) {
  ManualClock clock;
  Names names;
  auto outbox = open(path, clock, names);
  const UplinkIndex up = outbox->attach("up");
  outbox->settle_membership();
  Plant plant(names, 10'000, Shape::float32);
  const RecordPtr record = plant.poll(clock);
  constexpr int kRecords = 20'000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRecords; ++i) {
    const uint64_t position = outbox->next_position();
    outbox->append({record, position, {static_cast<uint64_t>(i + 1)}, {1}});
    outbox->tick();
    clock.advance(std::chrono::milliseconds(5));
    outbox->settle(up, std::vector<uint64_t>{position});
    outbox->tick();
    clock.advance(std::chrono::milliseconds(95));
  }
  std::printf("healthy link: %.0f ns/record of 10,000 samples (append, settle, 2 ticks), %llu commits\n",
              seconds_since(start) * 1e9 / kRecords, static_cast<unsigned long long>(outbox->counters().commits));
}

void outage(const std::string& path, Shape shape, const char* name, int seconds) {
  ManualClock clock;
  Names names;
  auto outbox = open(path, clock, names);
  const UplinkIndex up = outbox->attach("up");
  outbox->settle_membership();
  Plant plant(names, 1000, shape);
  double busy = 0;
  const double written_before = written();
  uint64_t samples = 0;
  for (int i = 0; i < seconds; ++i) {
    RecordPtr record = plant.poll(clock);
    samples += 1000;
    const auto start = std::chrono::steady_clock::now();
    outbox->append({std::move(record), outbox->next_position(), {static_cast<uint64_t>(i + 1)}, {0}});
    clock.advance(std::chrono::seconds(1));
    outbox->tick();
    busy += seconds_since(start);
  }
  const OutboxCounters counters = outbox->counters();
  const auto n = static_cast<double>(samples);
  std::printf(
      "outage, %s: %.2f bytes/sample in the database file, %.2f with the log, %.2f encoded into blocks; %llu blocks, "
      "%llu commits, %.0f samples/s stored\n",
      name, static_cast<double>(std::filesystem::file_size(path)) / n, static_cast<double>(counters.disk_bytes) / n,
      static_cast<double>(counters.bytes_written) / n, static_cast<unsigned long long>(counters.blocks),
      static_cast<unsigned long long>(counters.commits), n / busy);
  std::printf("  %.2f GB a day written at 1,000 samples/s\n", (written() - written_before) / n * 86.4e6 / 1e9);
  const auto start = std::chrono::steady_clock::now();
  uint64_t back = 0;
  while (true) {
    std::vector<uint64_t> positions;
    for (const Envelope& envelope : outbox->next(up, 64, SIZE_MAX)) {
      back += sample_count(*envelope.record);
      positions.push_back(envelope.position);
    }
    if (positions.empty()) break;
    outbox->settle(up, positions);
    clock.advance(std::chrono::milliseconds(20));
    outbox->tick();
  }
  std::printf("  read back and settled: %.0f samples/s; %s\n", static_cast<double>(back) / seconds_since(start),
              back == samples ? "all" : "NOT ALL");
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
  folder += "/ferrule-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  healthy(folder + "/healthy.db");
  outage(folder + "/float32.db", Shape::float32, "float32", 3600);
  outage(folder + "/float64.db", Shape::float64, "float64", 3600);
  outage(folder + "/tenths.db", Shape::tenths, "scaled integers", 3600);
  std::filesystem::remove_all(folder);
}
