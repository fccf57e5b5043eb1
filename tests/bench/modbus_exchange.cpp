// What one read of 125 registers costs the channel's thread: bench_modbus [exchanges]. The device is a thread of this process;
// only the CPU time of the reading thread counts.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/scripted_device.h"

namespace {

using namespace ferrule;

class CountingSink final : public SampleSink {
 public:
  void good(TagId, Value, int64_t) override { ++count; }
  void uncertain(TagId, Value, Reason) override {}
  void bad(TagId, Reason, uint16_t) override {}
  size_t count = 0;
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  const int exchanges = argc > 1 ? std::atoi(argv[1]) : 20000;
  const Bytes answer = read_answer(1, 3, std::vector<uint16_t>(125, 7));
  ScriptedDevice device([&](ScriptedDevice::Peer& peer, const HeardRequest& heard) { peer.send_tcp(heard.transaction, answer); });
  ModbusChannel channel;
  channel.tcp(device.port()).device(1);
  for (int i = 0; i < 125; ++i) channel.tag("holding:" + std::to_string(i));
  const auto driver = channel.build();
  const Request request = channel.plan(*driver)[0];
  if (!driver->connect(channel.in(std::chrono::seconds(5))).ok()) return 1;
  CountingSink sink;
  const double before = cpu_seconds();
  for (int i = 0; i < exchanges; ++i) {
    if (!driver->read(request, sink, channel.in(std::chrono::seconds(1))).status.ok()) return 1;
  }
  const double each = (cpu_seconds() - before) / exchanges * 1e6;
  std::printf("%.1f us of CPU an exchange of 125 tags; 800 a second take %.1f %% of a core (%zu samples)\n", each,
              each * 800 / 1e4, sink.count);
  return 0;
}
