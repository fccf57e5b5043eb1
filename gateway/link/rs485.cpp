#include "link/rs485.h"

#include "core/clock.h"

namespace ferrule {

namespace {

uint32_t whole_ms(Duration delay) {
  constexpr Duration kMs = std::chrono::milliseconds(1);
  return static_cast<uint32_t>((delay + kMs - Duration(1)) / kMs);
}

}  // namespace

serial_rs485 rs485_settings(const Fields& rs485) {
  const bool high = rs485.text("rts_on_send") == "high";
  serial_rs485 settings{};
  settings.flags = SER_RS485_ENABLED | (high ? SER_RS485_RTS_ON_SEND : SER_RS485_RTS_AFTER_SEND);
  if (rs485.boolean("hears_itself")) settings.flags |= SER_RS485_RX_DURING_TX;
  settings.delay_rts_before_send = whole_ms(rs485.duration("before"));
  settings.delay_rts_after_send = whole_ms(rs485.duration("after"));
  return settings;
}

}  // namespace ferrule
