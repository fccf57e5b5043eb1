// A stream whose reads and writes a test decides one by one.
#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "link/stream.h"

namespace ferrule {

class ScriptedStream final : public Stream {
 public:
  std::function<Status(std::span<const uint8_t>)> on_write;  // none: all is taken
  std::function<Result<std::string>(Deadline)> on_read;      // none: nothing comes
  uint64_t sent = 0;
  bool open = false;

  Status connect(Deadline) override {
    open = true;
    return {};
  }
  void disconnect() noexcept override { open = false; }
  bool connected() const override { return open; }
  int fd() const override { return -1; }
  Status write(std::span<const uint8_t> bytes, Deadline) override {
    if (on_write) return on_write(bytes);
    sent += bytes.size();
    return {};
  }
  uint64_t bytes_sent() const override { return sent; }
  Result<size_t> read(std::span<uint8_t> bytes, Deadline deadline) override {
    if (!on_read) return Status(Fault::timeout, "nothing");
    const auto got = on_read(deadline);
    if (!got) return got.status();
    std::copy_n(got->begin(), std::min(got->size(), bytes.size()), bytes.begin());
    return std::min(got->size(), bytes.size());
  }
  size_t drain() override { return 0; }
  const std::string& name() const override { return name_; }

 private:
  const std::string name_ = "scripted";
};

}  // namespace ferrule
