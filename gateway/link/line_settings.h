// The settings of a serial line as plain data, and as the kernel wants them. Pure.
#pragma once

#include <linux/serial.h>
#include <termios.h>

#include <cstdint>
#include <optional>
#include <string>

#include "sdk/fields.h"

namespace ferrule {

enum class Parity : uint8_t { none, even, odd, mark, space };
enum class FlowControl : uint8_t { none, hardware, software };

struct LineSettings {
  int64_t baud = 9600;
  Parity parity = Parity::none;
  int64_t data_bits = 8;
  int64_t stop_bits = 1;
  FlowControl flow = FlowControl::none;
  std::optional<serial_rs485> rs485;
};

// `serial` has the fields of kSerialFieldTable.
LineSettings line_settings(const Fields& serial);

// Changes `mode` to raw bytes at these settings.
void apply(const LineSettings& line, speed_t speed, termios& mode);

// tcsetattr succeeds where a port took any of its settings: the names of those that it did not take, by what was read back;
// empty: none.
std::string not_taken(const termios& wanted, const termios& got);

}  // namespace ferrule
