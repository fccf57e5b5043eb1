// The direction of an RS-485 port: when the kernel switches its driver on and off.
#pragma once

#include <linux/serial.h>

#include "sdk/fields.h"

namespace ferrule {

// `rs485` is of kRs485FieldTable. The kernel counts the delays in whole milliseconds: they are rounded up.
serial_rs485 rs485_settings(const Fields& rs485);

}  // namespace ferrule
