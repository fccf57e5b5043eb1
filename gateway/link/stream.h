// A byte stream to one field device or line: a TCP connection or a serial port. The only sockets of the polled drivers.
//
// One thread uses a Stream at a time. Every wait ends at the deadline or within 50 ms of the stop signal, whichever is first.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/clock.h"
#include "core/status.h"
#include "sdk/fields.h"
#include "sdk/stop_signal.h"

namespace ferrule {

class Stream {
 public:
  virtual ~Stream() = default;
  // Opens it; already open: ok. The text of an error names the endpoint and the remedy ("no such port /dev/ttyUSB0: is the
  // adapter plugged in?").
  virtual Status connect(Deadline deadline) = 0;
  virtual void disconnect() noexcept = 0;
  virtual bool connected() const = 0;
  virtual int fd() const = 0;  // -1 when closed
  // All of it, or an error. timeout, cancelled: nothing of it. disconnected: the link is gone and closed, which it is, too, where
  // a part had gone out when the deadline came: what follows a torn message would be read as its rest.
  virtual Status write(std::span<const uint8_t> bytes, Deadline deadline) = 0;
  virtual uint64_t bytes_sent() const = 0;  // since it was made: whether a message that was not sent went out in part
  // At least one byte, at most bytes.size(); timeout when none came.
  virtual Result<size_t> read(std::span<uint8_t> bytes, Deadline deadline) = 0;
  // Takes and drops what has arrived already; how many bytes that was.
  virtual size_t drain() = 0;
  // "192.168.10.20:502", "/dev/ttyUSB0"
  virtual const std::string& name() const = 0;
};

// As link/stream_fields.h has them, for those who need no constant.
extern const std::span<const FieldSpec> kTcpFields;
extern const std::span<const FieldSpec> kSerialFields;

// TCP: no delay, keep-alive, TCP_USER_TIMEOUT, non-blocking connect; names are resolved at each connect.
std::unique_ptr<Stream> make_tcp_stream(const Fields& tcp, uint16_t default_port, const Clock& clock, const StopSignal& stop);
// The same under TLS; `tls` has the fields of kTlsFieldTable.
std::unique_ptr<Stream> make_tls_stream(const Fields& tcp, const Fields& tls, uint16_t default_port, const Clock& clock,
                                        const StopSignal& stop);
// UDP to one peer; `udp` has the fields of kTcpFields, with a port. Each read is one datagram, what does not fit is cut off.
std::unique_ptr<Stream> make_udp_stream(const Fields& udp, const Clock& clock, const StopSignal& stop);
std::unique_ptr<Stream> make_serial_stream(const Fields& serial, const Clock& clock, const StopSignal& stop);

// How long one character takes on the wire: start + data + parity + stop bits at this baud rate.
Duration character_time(const Fields& serial);

}  // namespace ferrule
