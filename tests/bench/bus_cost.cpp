// What a sample costs on the bus thread: nanoseconds per sample through Bus::take, for polls of 10,000 samples. Not a test:
// nothing passes or fails here. Build with -O2.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

#include "bus/bus.h"

namespace {
uint64_t allocations = 0;
}

// Counts what take() allocates. (Not inlined: g++ 12 takes an inlined free() for a mismatch.)
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t /*size*/) noexcept { std::free(memory); }

namespace ferrule {
namespace {

constexpr size_t kTags = 10'000;
constexpr int kPolls = 300;

class Nothing final : public Bus::Watch {
 public:
  bool wants(TagId tag) const override { return index_of(tag) % 10 == 0; }
  void sample(const Sample& sample) override { seen_ += sample.quality == Quality::good ? 1 : 0; }

 private:
  uint64_t seen_ = 0;
};

void run(const char* name, void (*set_up)(TagSettings&), bool changing) {
  SystemClock clock;
  Names names;
  TagTable table;
  Bus bus(clock, names, table);
  Nothing watch;
  DeviceSettings device;
  device.id = names.device("d");
  for (size_t i = 0; i < kTags; ++i) {
    TagSettings tag;
    tag.id = names.tag(device.id, "t" + std::to_string(i));
    set_up(tag);
    if (!tag.bits.empty()) tag.bits[0].tag = names.tag(device.id, "b" + std::to_string(i));
    device.tags.push_back(tag);
  }
  ChannelSettings channel;
  channel.devices = {device};
  bus.configure({channel}, {}, &watch);

  Duration spent{0};
  uint64_t allocated = 0;
  for (int poll = 0; poll < kPolls; ++poll) {
    Poll one{device.id, {}};
    one.samples.reserve(kTags);
    const int64_t value = changing ? poll : 7;
    for (const TagSettings& tag : device.tags) one.samples.push_back({value, clock.now(), tag.id});
    const uint64_t before = allocations;
    const MonoTime begun = clock.now();
    const RecordPtr record = bus.take(std::move(one));
    spent += clock.now() - begun;
    allocated += allocations - before;
  }
  const auto samples = static_cast<double>(bus.counters().read);
  std::printf("%-34s %6.1f ns a sample  %5.2f %% of a core at 100,000/s  %4.1f allocations a poll\n", name,
              static_cast<double>(spent.count()) / samples, static_cast<double>(spent.count()) / samples / 1e9 * 100'000 * 100,
              static_cast<double>(allocated) / kPolls);
}

}  // namespace
}  // namespace ferrule

int main() {
  using ferrule::TagSettings;
  ferrule::run(
      "as read, all forwarded", [](TagSettings&) {}, true);
  ferrule::run(
      "scale, valid, all forwarded",
      [](TagSettings& t) {
        t.scale = 0.1, t.valid = {-1000, 1000};
      },
      true);
  ferrule::run(
      "deadband, nothing forwarded", [](TagSettings& t) { t.scale = 0.1, t.deadband = 0.5; }, false);
  ferrule::run(
      "labels",
      [](TagSettings& t) {
        t.labels = {{0, "off"}, {7, "auto"}};
      },
      false);
  ferrule::run(
      "a named bit each",
      [](TagSettings& t) {
        t.bits = {{3, ferrule::TagId::none}};
      },
      true);
}
