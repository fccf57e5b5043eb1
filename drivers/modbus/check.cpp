#include "modbus/check.h"

#include <map>

#include "modbus/fields.h"
#include "modbus/point.h"
#include "modbus/read_plan.h"
#include "modbus/stretch.h"
#include "modbus/write_request.h"

namespace ferrule::modbus {

namespace {

class Checker {
 public:
  Checker(const ChannelSettings& channel, const Names& names, Complaints& complaints)
      : channel_(channel), names_(names), complaints_(complaints), serial_(channel.fields.has("serial")) {}

  void run() {
    check_link();
    std::map<uint8_t, DeviceId> units;
    for (const DeviceSettings& device : channel_.devices) {
      check_unit(device, units);
      for (const TagSettings& tag : device.tags) check_tag(device, tag);
    }
  }

 private:
  void complain(Mark mark, std::string what) { complaints_.push_back({mark, std::move(what)}); }
  bool rtu() const { return serial_ || channel_.fields.boolean("rtu_over_tcp"); }

  void check_link() {
    const Fields& fields = channel_.fields;
    if (!serial_ && !fields.has("tcp")) {
      complain(channel_.mark, "channel " + channel_.name +
                                  ": write how its devices are reached: tcp: { host: 192.168.10.20 } or " +
                                  "serial: { port: /dev/ttyUSB0 }");
    }
    if (serial_ && fields.has("tcp")) {
      complain(fields.mark("tcp"), "channel " + channel_.name + " has tcp and serial: write one of them, or make two channels");
    }
    if (serial_ && fields.boolean("rtu_over_tcp")) {
      complain(fields.mark("rtu_over_tcp"), "rtu_over_tcp goes with tcp; a serial line speaks RTU anyway: leave it out");
    }
  }

  void check_unit(const DeviceSettings& device, std::map<uint8_t, DeviceId>& units) {
    const Fields& fields = device.fields;
    const std::string name(names_.name(device.id));
    if (serial_ && !fields.has("unit_id")) {
      complain(device.mark, "device " + name + " needs unit_id: its address on the serial line, 1 to 247");
      return;
    }
    const uint8_t unit = unit_of(fields);
    if (rtu() && (unit < 1 || unit > 247)) {
      complain(fields.mark("unit_id"), "unit_id " + std::to_string(unit) + " is no device's on a serial line: write 1 to 247");
    }
    const auto [other, first] = units.try_emplace(unit, device.id);
    if (first) return;
    complain(fields.mark("unit_id"), "unit_id " + std::to_string(unit) + " is device " + std::string(names_.name(other->second)) +
                                         "'s already: give " + name + " its own, or put the tags into one device");
  }

  void check_tag(const DeviceSettings& device, const TagSettings& tag) {
    const auto point = point_of(device.fields, tag.fields);
    if (!point.ok()) {
      const bool address = !parse_address(tag.fields.text("address")).ok();
      complain(tag.fields.mark(address ? "address" : "exponent"), point.status().what());
      return;
    }
    check_type(*point, tag);
    check_bits(*point, tag);
    if (point->exponent) check_exponent(*point, tag);
    check_extent(*point, device, tag);
    check_readable(*point, device, tag);
    if (tag.writable) check_write(*point, device, tag);
    check_extras_of_writes(tag);
  }

  void check_type(const Point& point, const TagSettings& tag) {
    const std::string type(to_text(point.type));
    const std::string address = to_text(point.address);
    if (point.is_bit() && point.type != WireType::boolean) {
      complain(tag.fields.mark("type"), type + " does not fit " + address + ", which is one bit: write bool, or leave type out");
    }
    if (!point.is_bit() && point.type == WireType::boolean) {
      complain(tag.fields.mark("type"), "bool does not fit the register " + address + ": name one of its bits (" + address +
                                            ".0 to .15), or read it as uint16");
    }
    const bool text = point.type == WireType::text;
    if (text && point.length == 0) complain(tag.fields.mark("type"), "a string needs its length in bytes: length: 16");
    if (!text && tag.fields.has("length")) {
      complain(tag.fields.mark("length"), "length goes with type: string; " + type + " has its own");
    }
  }

  void check_bits(const Point& point, const TagSettings& tag) {
    const std::string type(to_text(point.type));
    const bool part = point.address.bits > 1;
    if (!part && !tag.fields.has("mask")) return;
    const Mark mark = tag.fields.mark(part ? "address" : "mask");
    if (!has_bits(point.type)) {
      complain(mark, "a part of the bits goes with a whole number or bcd, not with " + type + ": take type: uint16, say");
      return;
    }
    const size_t bits = 8 * wire_size(point.type);
    if (part && *point.address.bit + size_t{point.address.bits} > bits) {
      complain(mark, type + " has the bits 0 to " + std::to_string(bits - 1) + ": take a wider type, or fewer bits");
    } else if (point.field.mask == 0 || (bits < 64 && tag.fields.has("mask") && tag.fields.integer("mask") >> bits != 0)) {
      complain(tag.fields.mark("mask"),
               "the mask leaves no bit, or has bits that " + type + " has not: it has " + std::to_string(bits) + " bits");
    }
  }

  void check_exponent(const Point& point, const TagSettings& tag) {
    if (point.type == WireType::text || point.type == WireType::boolean) {
      complain(tag.fields.mark("exponent"), std::string(to_text(point.type)) + " is no number: leave out exponent");
    } else if (tag.writable) {
      complain(tag.mark, "a tag with an exponent can only be read: leave out write");
    }
  }

  void check_extent(const Point& point, const DeviceSettings& device, const TagSettings& tag) {
    const uint32_t width = point.end() - point.start();
    if (point.end() > kAddressSpace) {
      complain(tag.fields.mark("address"), to_text(point.address) + " with " + std::to_string(width) +
                                               " registers ends beyond 65535, the last: start it earlier");
    }
    if (holds_bits(point.address.area)) return;
    const uint32_t most = read_limits(channel_.fields, device.fields).registers;
    if (width <= most) return;
    complain(tag.fields.mark(point.type == WireType::text ? "length"
                             : point.exponent             ? "exponent"
                                                          : "type"),
             "takes " + std::to_string(width) + " registers, but a request here takes " + std::to_string(most) +
                 ": raise max_registers (and max_bytes), or read a shorter value");
  }

  void check_readable(const Point& point, const DeviceSettings& device, const TagSettings& tag) {
    const std::string address = to_text(point.address);
    for (const Stretch& stretch : never_read(device.fields)) {
      if (point.address.models || stretch.area != point.address.area || !stretch.touches(point.start(), point.end())) continue;
      complain(tag.fields.mark("address"),
               address + " lies in never_read " + to_text(stretch) + ": leave the tag out, or make the range smaller");
    }
    const auto function = static_cast<size_t>(read_function(point.address.area));
    if (functions_of(device.fields).test(function)) return;
    complain(tag.fields.mark("address"), address + " is read with function " + std::to_string(function) +
                                             ", which is not among the device's functions: add it there, or leave the tag out");
  }

  void check_write(const Point& point, const DeviceSettings& device, const TagSettings& tag) {
    const std::string address = to_text(point.address);
    if (!can_write(point.address.area)) {
      complain(tag.mark, address + " can only be read: leave out write, or use coil or holding");
    } else if (point.address.models) {
      complain(tag.mark, address + " can only be read so: write the register's own address (holding:...) in a tag of its own");
    } else if (point.width() > kMostWrittenRegisters) {
      complain(tag.mark, address + " has " + std::to_string(point.width()) + " registers, a write takes 123: shorten it");
    } else if (!write_function(point, functions_of(device.fields))) {
      complain(tag.mark, why_not_written(point, address));
    }
  }

  // Its device's `functions` leave none for it, or there is none for parts of wide values.
  static std::string why_not_written(const Point& point, const std::string& address) {
    const Function usual = usual_write_function(point);
    const std::string whole = "make the whole of it writable (" + address.substr(0, address.find('.')) + ", without a mask)";
    if (usual == Function::mask_write && point.width() > 1) {
      return address + " is a part of a value of " + std::to_string(point.width()) +
             " registers, and only bits of one can be written: " + "name the register that holds them with type: uint16, or " +
             whole;
    }
    const std::string missing = address + " is written with function " + std::to_string(static_cast<int>(usual)) +
                                ", which is not among the device's functions: add it there";
    return missing + (usual == Function::mask_write ? ", or " + whole : ", or leave out write");
  }

  void check_extras_of_writes(const TagSettings& tag) {
    for (const char* name : {"read_back", "broadcast"}) {
      if (tag.writable || !tag.fields.boolean(name)) continue;
      complain(tag.fields.mark(name), std::string(name) + " goes with write: add write: { min: ..., max: ... }, or leave it out");
    }
    if (!tag.fields.boolean("broadcast") || rtu()) return;
    complain(tag.fields.mark("broadcast"),
             "Modbus TCP knows no broadcast: leave it out; behind a gateway that passes RTU frames on, set rtu_over_tcp: true");
  }

  const ChannelSettings& channel_;
  const Names& names_;
  Complaints& complaints_;
  const bool serial_;
};

}  // namespace

void check_channel(const ChannelSettings& channel, const Names& names, Complaints& complaints) {
  Checker(channel, names, complaints).run();
}

}  // namespace ferrule::modbus
