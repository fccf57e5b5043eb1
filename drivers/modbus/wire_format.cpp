#include "modbus/wire_format.h"

#include <modbus.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <string>

namespace ferrule::modbus {

namespace {

// The socket pair, and whose turn it is on it.
struct Bench {
  std::mutex turn;
  int library_end = -1;  // below FD_SETSIZE
  int our_end = -1;
};

Bench& bench() {
  static Bench bench;
  return bench;
}

Status open_bench(Bench& bench) {
  if (bench.library_end >= 0) return {};
  std::array<int, 2> ends{-1, -1};
  const int made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
  if (made == 0 && ends[0] < FD_SETSIZE) {
    bench.library_end = ends[0];
    bench.our_end = ends[1];
    return {};
  }
  if (made == 0) {
    close(ends[0]);
    close(ends[1]);
  }
  return {Fault::io, "libmodbus needs a descriptor below 1024 and none is free: restart the gateway"};
}

// Leaves nothing behind for the next one. Only after an error; a good exchange reads all that was written.
void sweep(const Bench& bench) {
  std::array<uint8_t, 512> bin;
  while (recv(bench.library_end, bin.data(), bin.size(), MSG_DONTWAIT) > 0) {
  }
  while (recv(bench.our_end, bin.data(), bin.size(), MSG_DONTWAIT) > 0) {
  }
}

// The frame is there as a whole before libmodbus reads it, so this is never waited for; it bounds what a mistake would cost.
constexpr uint32_t kNeverWaitedUs = 2000;

constexpr int kMostRtuUnit = 247;

Status library_error(const char* what, int error) {
  return {Fault::bad_reply, std::string(what) + ": " + modbus_strerror(error)};
}

}  // namespace

Status reserve_bench() {
  Bench& place = bench();
  const std::lock_guard turn(place.turn);
  return open_bench(place);
}

void WireFormat::Free::operator()(modbus_t* context) const {
  modbus_set_socket(context, -1);  // the bench is not its to close
  modbus_free(context);
}

WireFormat::~WireFormat() = default;

Result<std::unique_ptr<WireFormat>> WireFormat::make(Framing framing) {
  // The address and the device name are never used: this context never connects.
  modbus_t* context = framing == Framing::tcp ? modbus_new_tcp("127.0.0.1", 502) : modbus_new_rtu("/dev/null", 9600, 'N', 8, 1);
  if (context == nullptr) return Status(Fault::io, std::string("libmodbus: ") + modbus_strerror(errno));
  std::unique_ptr<WireFormat> format(new WireFormat(framing, context));
  modbus_set_error_recovery(context, MODBUS_ERROR_RECOVERY_NONE);
  modbus_set_response_timeout(context, 0, kNeverWaitedUs);
  modbus_set_byte_timeout(context, 0, 0);
  return format;
}

Result<std::span<const uint8_t>> WireFormat::compose(uint16_t transaction, uint8_t unit, std::span<const uint8_t> pdu) {
  std::array<uint8_t, MODBUS_MAX_PDU_LENGTH + 1> raw;
  if (pdu.empty() || pdu.size() >= raw.size()) return Status(Fault::invalid, "a request must have 1 to 253 bytes");
  raw[0] = unit;
  std::ranges::copy(pdu, raw.begin() + 1);

  Bench& place = bench();
  const std::lock_guard turn(place.turn);
  if (Status open = open_bench(place); !open.ok()) return open;
  modbus_set_socket(context_.get(), place.library_end);
  const int sent = modbus_send_raw_request(context_.get(), raw.data(), static_cast<int>(pdu.size()) + 1);
  const int error = errno;
  const ssize_t size = sent < 0 ? -1 : recv(place.our_end, request_.data(), request_.size(), MSG_DONTWAIT);
  if (sent < 0 || size != sent) {
    sweep(place);
    return library_error("libmodbus did not compose the request", error);
  }
  if (framing_ ==
      Framing::tcp) {  // this version leaves the transaction id of a raw request at 0 (3.1.10 takes it as an argument)
    request_[0] = static_cast<uint8_t>(transaction >> 8);
    request_[1] = static_cast<uint8_t>(transaction);
  }
  return std::span<const uint8_t>(request_.data(), static_cast<size_t>(size));
}

Result<std::span<const uint8_t>> WireFormat::take_apart(std::span<const uint8_t> frame) {
  const size_t head = framing_ == Framing::tcp ? 7 : 1;
  const size_t tail = framing_ == Framing::tcp ? 0 : 2;
  if (frame.size() < head + 2 + tail || frame.size() > MODBUS_MAX_ADU_LENGTH)
    return Status(Fault::bad_reply, "a frame of wrong length");
  // On RTU libmodbus passes over frames of units other than its own; whose frame it is was judged by the caller.
  if (framing_ == Framing::rtu && (frame[0] > kMostRtuUnit || modbus_set_slave(context_.get(), frame[0]) != 0)) {
    return Status(Fault::bad_reply, "a frame of an impossible unit");
  }

  Bench& place = bench();
  const std::lock_guard turn(place.turn);
  if (Status open = open_bench(place); !open.ok()) return open;
  if (send(place.our_end, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(frame.size())) {
    sweep(place);
    return Status(Fault::io, "libmodbus' socket takes no frame");
  }
  modbus_set_socket(context_.get(), place.library_end);
  const int size = modbus_receive_confirmation(context_.get(), reply_.data());
  if (size != static_cast<int>(frame.size())) {
    const int error = errno;
    sweep(place);
    return size < 0 ? library_error("libmodbus refused the reply", error) : Status(Fault::bad_reply, "a frame of wrong length");
  }
  return std::span<const uint8_t>(reply_.data() + head, frame.size() - head - tail);
}

}  // namespace ferrule::modbus
