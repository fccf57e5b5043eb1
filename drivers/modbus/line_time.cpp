#include "modbus/line_time.h"

#include <algorithm>

#include "link/stream.h"

namespace ferrule::modbus {

namespace {

// Above 19,200 baud the silence between frames is fixed, as the standard has it.
constexpr Duration kShortestSilence = std::chrono::microseconds(1750);
constexpr uint32_t kRtuFrame = 3;   // unit, checksum
constexpr uint32_t kTcpFrame = 7;   // header with the unit
constexpr uint32_t kReadReply = 2;  // function, byte count
// Guesses, until the device's `turnaround` says better: a controller answers after a few milliseconds, an Ethernet device about
// one; over TCP the wire costs nothing, but most devices copy register by register. 50 registers weigh as much as a request.
constexpr Duration kSerialTurnaround = std::chrono::milliseconds(5);
constexpr Duration kTcpTurnaround = std::chrono::milliseconds(1);
constexpr Duration kTcpDataByte = std::chrono::microseconds(10);

}  // namespace

Duration LineTime::of_request() const { return character * (bytes_out() + frame_in) + turnaround + between; }
Duration LineTime::of(const Question& read) const { return of_request() + data_byte * read.data_bytes(); }

Duration frame_silence(const Fields& serial) { return std::max(character_time(serial) * 7 / 2, kShortestSilence); }

Duration pause_of(const Fields& channel, const Fields& device) {
  return (device.has("pause") ? device : channel).duration("pause");
}

LineTime line_time(const Fields& channel, const Fields& device) {
  const Fields* serial = channel.object("serial");
  const bool rtu = serial != nullptr || channel.boolean("rtu_over_tcp");
  LineTime time;
  time.frame_out = rtu ? kRtuFrame : kTcpFrame;
  time.frame_in = time.frame_out + kReadReply;
  time.turnaround = serial != nullptr ? kSerialTurnaround : kTcpTurnaround;
  if (device.has("turnaround")) time.turnaround = device.duration("turnaround");
  time.between = pause_of(channel, device);
  time.data_byte = kTcpDataByte;
  if (serial != nullptr) {
    time.character = character_time(*serial);
    time.data_byte = time.character;
    time.between = std::max(time.between, frame_silence(*serial));
  }
  return time;
}

}  // namespace ferrule::modbus
