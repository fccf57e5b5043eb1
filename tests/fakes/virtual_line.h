// A byte stream without a wire: a script decides what comes back and when, on a clock that jumps. Ten million exchanges take
// minutes, whatever waits are in them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "link/stream.h"
#include "tests/fakes/manual_clock.h"

namespace ferrule {

class VirtualLine final : public Stream {
 public:
  using Device = std::function<void(VirtualLine&, std::span<const uint8_t> request)>;

  VirtualLine(ManualClock& clock, Device device) : clock_(clock), device_(std::move(device)) {}

  // For the device: these bytes arrive `after` from now, in one lump.
  void arrive(std::vector<uint8_t> bytes, Duration after) { coming_.emplace(clock_.now() + after, std::move(bytes)); }

  Status connect(Deadline) override {
    connected_ = true;
    return {};
  }
  void disconnect() noexcept override {
    connected_ = false;
    coming_.clear();
  }
  bool connected() const override { return connected_; }
  int fd() const override { return -1; }
  Status write(std::span<const uint8_t> bytes, Deadline) override {
    sent_ += bytes.size();
    device_(*this, bytes);
    return {};
  }
  uint64_t bytes_sent() const override { return sent_; }
  Result<size_t> read(std::span<uint8_t> bytes, Deadline deadline) override {
    if (coming_.empty() || coming_.begin()->first > deadline) {
      clock_.set(std::max(clock_.now(), deadline));
      return Status(Fault::timeout, name_ + ": no answer in time");
    }
    const auto first = coming_.begin();
    clock_.set(std::max(clock_.now(), first->first));
    std::vector<uint8_t>& lump = first->second;
    const size_t size = std::min(lump.size(), bytes.size());
    std::copy_n(lump.begin(), size, bytes.begin());
    lump.erase(lump.begin(), lump.begin() + static_cast<ptrdiff_t>(size));
    if (lump.empty()) coming_.erase(first);
    return size;
  }
  size_t drain() override {
    size_t dropped = 0;
    for (; !coming_.empty() && coming_.begin()->first <= clock_.now(); coming_.erase(coming_.begin()))
      dropped += coming_.begin()->second.size();
    return dropped;
  }
  const std::string& name() const override { return name_; }

 private:
  ManualClock& clock_;
  const Device device_;
  bool connected_ = false;
  uint64_t sent_ = 0;
  std::multimap<MonoTime, std::vector<uint8_t>> coming_;
  const std::string name_ = "line";
};

}  // namespace ferrule
