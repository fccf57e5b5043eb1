#include "link/line_settings.h"

#include <algorithm>

#include "link/rs485.h"
#include "link/stream_fields.h"

namespace ferrule {

namespace {

template <size_t kCount>
size_t place_in(const std::array<std::string_view, kCount>& words, const std::string& word) {
  const auto found = std::ranges::find(words, word);
  return found == words.end() ? 0 : static_cast<size_t>(found - words.begin());
}

tcflag_t size_flag(int64_t data_bits) {
  switch (data_bits) {
    case 5: return CS5;
    case 6: return CS6;
    case 7: return CS7;
    default: return CS8;
  }
}

tcflag_t parity_flags(Parity parity) {
  switch (parity) {
    case Parity::none: return 0;
    case Parity::even: return PARENB;
    case Parity::odd: return PARENB | PARODD;
    case Parity::mark: return PARENB | PARODD | CMSPAR;
    case Parity::space: return PARENB | CMSPAR;
  }
  return 0;
}

}  // namespace

LineSettings line_settings(const Fields& serial) {
  LineSettings line;
  line.baud = serial.integer("baud");
  line.parity = static_cast<Parity>(place_in(kParityWords, serial.text("parity")));
  line.data_bits = serial.integer("data_bits");
  line.stop_bits = serial.integer("stop_bits");
  line.flow = static_cast<FlowControl>(place_in(kFlowControlWords, serial.text("flow_control")));
  if (const Fields* rs485 = serial.object("rs485")) line.rs485 = rs485_settings(*rs485);
  return line;
}

void apply(const LineSettings& line, speed_t speed, termios& mode) {
  cfmakeraw(&mode);
  mode.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB | PARODD | CMSPAR | CSTOPB | CRTSCTS);
  mode.c_cflag |= size_flag(line.data_bits) | parity_flags(line.parity) | CLOCAL | CREAD;  // modem lines are ignored
  if (line.stop_bits == 2) mode.c_cflag |= CSTOPB;
  if (line.flow == FlowControl::hardware) mode.c_cflag |= CRTSCTS;
  mode.c_iflag &= ~static_cast<tcflag_t>(IXON | IXOFF | IXANY | PARMRK | INPCK | IGNPAR);
  if (line.flow == FlowControl::software) mode.c_iflag |= IXON | IXOFF;
  // A character with a parity error is dropped, so that the frame's length or checksum is wrong and it is refused.
  if (line.parity != Parity::none) mode.c_iflag |= INPCK | IGNPAR;
  mode.c_cc[VMIN] = 1;  // with 0, "nothing there" would look like a hang-up
  mode.c_cc[VTIME] = 0;
  cfsetispeed(&mode, speed);
  cfsetospeed(&mode, speed);
}

std::string not_taken(const termios& wanted, const termios& got) {
  const auto differ = [&](tcflag_t flags) { return ((wanted.c_cflag ^ got.c_cflag) & flags) != 0; };
  std::string names;
  const auto name = [&](bool missing, std::string_view what) {
    if (missing) names += (names.empty() ? "" : ", ") + std::string(what);
  };
  name(cfgetospeed(&wanted) != cfgetospeed(&got), "baud");
  name(differ(PARENB | PARODD | CMSPAR), "parity");
  name(differ(CSIZE), "data_bits");
  name(differ(CSTOPB), "stop_bits");
  name(differ(CRTSCTS), "flow_control");
  return names;
}

}  // namespace ferrule
