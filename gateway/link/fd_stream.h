// What TCP and serial streams have in common: reading and writing a non-blocking descriptor. A subclass opens it and puts
// failures into words.
#pragma once

#include <string>

#include "link/descriptor.h"
#include "link/stream.h"

namespace ferrule {

class FdStream : public Stream {
 public:
  void disconnect() noexcept override { descriptor_.reset(); }
  bool connected() const override { return descriptor_.open(); }
  int fd() const override { return descriptor_.fd(); }
  Status write(std::span<const uint8_t> bytes, Deadline deadline) override;
  uint64_t bytes_sent() const override { return sent_; }
  Result<size_t> read(std::span<uint8_t> bytes, Deadline deadline) override;
  size_t drain() override;
  const std::string& name() const override { return name_; }

 protected:
  FdStream(std::string name, const Clock& clock, const StopSignal& stop) : name_(std::move(name)), clock_(clock), stop_(stop) {}

  virtual ssize_t send_some(std::span<const uint8_t> bytes) = 0;  // as write(2)
  virtual void drop_unsent() {}                                   // what the kernel holds of a torn message
  virtual std::string remedy(int error) const = 0;                // what to do about a link that broke with this errno

  Status lost(int error);  // closes; 0: the other side closed
  Status closed() const { return {Fault::disconnected, name_ + ": not connected"}; }

  const std::string name_;
  const Clock& clock_;
  const StopSignal& stop_;
  Descriptor descriptor_;

 private:
  uint64_t sent_ = 0;
};

}  // namespace ferrule
