// The promise to a device that pushes: its record travels with a receipt, which is settled once, when the record is durable (or
// needs not be), or could not be stored.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace ferrule {

// Where receipts are settled. Any thread; returns at once.
class ReceiptDesk {
 public:
  virtual ~ReceiptDesk() = default;
  virtual void settled(uint64_t token, bool durable) = 0;
};

// Settled by settle(), else as not durable when it is destroyed: no device waits for ever. Movable, so that there is one.
class Receipt {
 public:
  Receipt() = default;
  Receipt(std::shared_ptr<ReceiptDesk> desk, uint64_t token) : desk_(std::move(desk)), token_(token) {}
  Receipt(Receipt&& other) noexcept = default;
  Receipt& operator=(Receipt&& other) noexcept {
    std::swap(desk_, other.desk_);
    std::swap(token_, other.token_);
    return *this;
  }
  ~Receipt() { settle(false); }

  explicit operator bool() const { return desk_ != nullptr; }
  void settle(bool durable) {
    if (const auto desk = std::exchange(desk_, nullptr)) desk->settled(token_, durable);
  }
  // Nobody is told: the caller answers in another way.
  void tear_up() { desk_.reset(); }

 private:
  std::shared_ptr<ReceiptDesk> desk_;
  uint64_t token_ = 0;
};

}  // namespace ferrule
