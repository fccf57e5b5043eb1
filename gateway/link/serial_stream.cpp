#include <fcntl.h>
#include <linux/major.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "link/baud.h"
#include "link/fd_stream.h"
#include "link/line_settings.h"
#include "link/stream_fields.h"

namespace ferrule {

const std::span<const FieldSpec> kSerialFields{kSerialFieldTable};

namespace {

// USB adapters hold bytes back for 16 ms unless asked not to. Not all drivers know this; nothing depends on it.
void ask_for_low_latency(int fd) {
  serial_struct settings{};
  if (ioctl(fd, TIOCGSERIAL, &settings) != 0) return;
  settings.flags |= ASYNC_LOW_LATENCY;
  (void)ioctl(fd, TIOCSSERIAL, &settings);
}

// Pseudo terminals have neither parity nor bits, and every byte comes through all the same.
bool is_pseudo(int fd) {
  struct stat about {};
  return fstat(fd, &about) == 0 && major(about.st_rdev) >= UNIX98_PTY_SLAVE_MAJOR &&
         major(about.st_rdev) < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT;
}

class SerialStream final : public FdStream {
 public:
  SerialStream(std::string port, LineSettings line, const Clock& clock, const StopSignal& stop)
      : FdStream(std::move(port), clock, stop), line_(std::move(line)) {}

  Status connect(Deadline) override {
    if (connected()) return {};
    const auto speed = termios_speed(line_.baud);
    if (!speed) return check_baud(std::to_string(line_.baud));
    Descriptor port(::open(name_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!port.open()) return failed(errno);
    // The lock keeps out a second ferrule even where it runs as root, which the exclusive mode does not.
    if (flock(port.fd(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return failed(EBUSY);
    termios mode{};
    if (tcgetattr(port.fd(), &mode) != 0) return failed(errno);
    apply(line_, *speed, mode);
    if (tcsetattr(port.fd(), TCSANOW, &mode) != 0) return failed(errno);
    termios taken{};
    if (tcgetattr(port.fd(), &taken) != 0) return failed(errno);
    if (const std::string lacks = not_taken(mode, taken); !lacks.empty() && !is_pseudo(port.fd())) {
      return {Fault::disconnected, name_ + ": the adapter did not take these settings: " + lacks};
    }
    if (serial_rs485 direction = line_.rs485.value_or(serial_rs485{});
        line_.rs485 && ioctl(port.fd(), TIOCSRS485, &direction) != 0) {
      return {
          Fault::disconnected, static_cast<uint16_t>(errno),
          name_ + ": the port's driver cannot switch the direction of RS-485: leave out rs485 where the adapter does it itself"};
    }
    (void)ioctl(port.fd(), TIOCEXCL);
    ask_for_low_latency(port.fd());
    tcflush(port.fd(), TCIOFLUSH);
    descriptor_ = std::move(port);
    return {};
  }

 private:
  Status failed(int error) const {
    return {Fault::disconnected, static_cast<uint16_t>(error),
            name_ + ": " + std::generic_category().message(error) + remedy(error)};
  }

  ssize_t send_some(std::span<const uint8_t> bytes) override { return ::write(fd(), bytes.data(), bytes.size()); }

  // Closing a port waits for what it holds, for half a minute where the other side has stopped it.
  void drop_unsent() override { tcflush(fd(), TCOFLUSH); }

  std::string remedy(int error) const override {
    switch (error) {
      case ENOENT:
      case ENODEV:
      case ENXIO: return ": is the adapter plugged in? /dev/serial/by-id lists those that are";
      case EACCES:
      case EPERM: return ": add the service's user to the group of the port (dialout)";
      case EBUSY: return ": another program has this port open";
      case ENOTTY: return ": this is not a serial port";
      case EINVAL: return ": the adapter cannot do this baud rate, parity or number of bits";
      case EIO:
      case 0: return ": was the adapter unplugged?";
      default: return "";
    }
  }

  const LineSettings line_;
};

}  // namespace

std::unique_ptr<Stream> make_serial_stream(const Fields& serial, const Clock& clock, const StopSignal& stop) {
  return std::make_unique<SerialStream>(serial.text("port"), line_settings(serial), clock, stop);
}

Duration character_time(const Fields& serial) {
  const LineSettings line = line_settings(serial);
  const int64_t bits = 1 + line.data_bits + (line.parity == Parity::none ? 0 : 1) + line.stop_bits;
  return line.baud <= 0 ? Duration{0} : Duration(bits * 1'000'000'000 / line.baud);
}

}  // namespace ferrule
