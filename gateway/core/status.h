// How anything in ferrule can fail. An error is a value: it says what went wrong in words for a user, and answers the one
// question a caller has: is it worth trying again?
//
// Thread safety: values; copy them freely.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferrule {

// What kind of failure it was. Callers branch on worth_retrying(); the fault is for counters and for mapping to a Reason.
enum class Fault : uint8_t {
  none,
  invalid,       // the request or the configuration is wrong: never worth retrying as it is
  not_found,     // no such device, tag, file
  refused,       // the other side said no (a Modbus exception, a broker's refusal)
  timeout,       // no answer in time
  disconnected,  // there is no link, or it broke
  bad_reply,     // an answer came that cannot be one to our question
  full,          // a declared limit is reached
  io,            // the operating system or the disk failed
  corrupt,       // stored bytes do not read back
  cancelled,     // we are stopping
};

std::string_view to_text(Fault fault);

class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(Fault fault, std::string what) : fault_(fault), what_(std::move(what)) {}
  // `detail` is a protocol's own code, e.g. the Modbus exception code, or an errno.
  Status(Fault fault, uint16_t detail, std::string what) : fault_(fault), detail_(detail), what_(std::move(what)) {}

  bool ok() const { return fault_ == Fault::none; }
  explicit operator bool() const { return ok(); }
  Fault fault() const { return fault_; }
  uint16_t detail() const { return detail_; }
  const std::string& what() const { return what_; }

  // True where the same call may succeed later without anybody changing a configuration.
  bool worth_retrying() const {
    return fault_ == Fault::timeout || fault_ == Fault::disconnected || fault_ == Fault::bad_reply || fault_ == Fault::full ||
           fault_ == Fault::io;
  }

 private:
  Fault fault_ = Fault::none;
  uint16_t detail_ = 0;
  std::string what_;
};

// A T, or the Status that says why there is none. value() may be called only when ok().
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor): return x;
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor): return status;
  Result(Fault fault, std::string what) : status_(fault, std::move(what)) {}

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Status& status() const { return status_; }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace ferrule
