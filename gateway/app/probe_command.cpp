#include "app/probe_command.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "app/client_answer.h"
#include "app/probe_layouts.h"
#include "app/text_table.h"
#include "modbus/address.h"

namespace ferrule {

namespace {

constexpr size_t kMostLayouts = 20;  // beyond that the number is no evidence

struct Units {
  int64_t first = 1, last = 1;
};

Result<Units> parse_units(const std::string& text) {
  Units units;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, units.first);
  bool good = first.ec == std::errc();
  units.last = units.first;
  if (good && first.ptr != end) {
    const auto last = std::from_chars(first.ptr + 1, end, units.last);
    good = *first.ptr == '-' && last.ec == std::errc() && last.ptr == end;
  }
  if (good && units.first >= 0 && units.first <= units.last && units.last <= 255) return units;
  return Status(Fault::invalid, "units are a number or a range within 0 to 255, such as 5 or 1-247, not '" + text + "'");
}

std::string number_text(double number) { return to_text(Value(number)); }

// A float of 32 bits has no more digits than these.
std::string value_text(const Layout& layout) {
  return layout.type == WireType::float32 ? to_text(Value(static_cast<float>(layout.value))) : number_text(layout.value);
}

class Probe {
 public:
  Probe(const ProbeOptions& options, const ClientCall& call, ProbePath& path, const modbus::Address& address)
      : options_(options), call_(call), path_(path), address_(address) {}

  int scan(const Units& units) {
    size_t found = 0;
    for (int64_t unit = units.first; unit <= units.last; ++unit) {
      const ProbeAnswer answer = path_.ask(question(unit, 1));
      if (answer.status.fault() == Fault::timeout || answer.status.fault() == Fault::bad_reply) continue;
      if (!answer.status.ok()) return failed(answer.status);
      ++found;
      const std::string what = answer.refused != 0 ? "refuses " + options_.address + ": " + answer.refusal : "answers";
      std::fprintf(call_.out, "unit %lld %s (%s)\n", static_cast<long long>(unit), printable(what).c_str(),
                   (milliseconds(answer.took) + " ms").c_str());
      std::fflush(call_.out);
    }
    const int64_t asked = units.last - units.first + 1;
    std::fprintf(call_.out, "%zu of %lld units answered\n", found, static_cast<long long>(asked));
    return found != 0 ? kDone : kRefused;
  }

  int read(int64_t unit, const Expected* expected) {
    const ProbeAnswer answer = path_.ask(question(unit, options_.count));
    if (answer.status.fault() == Fault::timeout) {
      std::fprintf(call_.err, "unit %lld: %s; look for the units that answer with --scan, or wait longer with --timeout\n",
                   static_cast<long long>(unit), printable(answer.status.what()).c_str());
      return kRefused;
    }
    if (!answer.status.ok()) return failed(answer.status);
    if (answer.refused != 0) {
      std::fprintf(call_.err, "unit %lld: %s\n", static_cast<long long>(unit), printable(answer.refusal).c_str());
      return kRefused;
    }
    if (modbus::holds_bits(address_.area)) return show_bits(answer.bytes);
    if (expected != nullptr) return show_layouts(answer.bytes, *expected);
    show_registers(answer.bytes);
    show_readings(answer.bytes);
    return kDone;
  }

 private:
  ProbeQuestion question(int64_t unit, uint32_t count) const {
    return {.unit = unit, .address = options_.address, .count = count, .timeout = options_.timeout};
  }

  int failed(const Status& status) const {
    std::fprintf(call_.err, "%s\n", printable(status.what()).c_str());
    return status.fault() == Fault::disconnected ? kNoGateway : kRefused;
  }

  std::string place(size_t offset) const {
    modbus::Address at = address_;
    at.offset = static_cast<uint16_t>(at.offset + offset);
    return to_text(at);
  }

  int show_bits(const std::vector<uint8_t>& bytes) const {
    TextTable table({"ADDRESS", ">VALUE"});
    for (uint32_t i = 0; i < options_.count && i / 8 < bytes.size(); ++i) {
      table.add({place(i), std::to_string(bytes[i / 8] >> (i % 8) & 1)});
    }
    table.print(call_.out);
    return kDone;
  }

  void show_registers(std::span<const uint8_t> bytes) const {
    TextTable table({"ADDRESS", "HEX", ">UINT16", ">INT16", ">BYTES SWAPPED", "TEXT", "BITS THAT ARE SET"});
    for (size_t i = 0; 2 * i + 1 < bytes.size(); ++i) {
      const auto part = bytes.subspan(2 * i, 2);
      char hex[8];
      std::snprintf(hex, sizeof hex, "%02X%02X", part[0], part[1]);
      const auto word = decode(WireType::uint16, ByteOrder::abcd, part).as_uint();
      std::string bits;
      for (int bit = 0; bit < 16; ++bit) {
        if ((word >> bit & 1) != 0) bits += (bits.empty() ? "" : " ") + std::to_string(bit);
      }
      table.add({place(i), hex, std::to_string(word), to_text(decode(WireType::int16, ByteOrder::abcd, part)),
                 to_text(decode(WireType::uint16, ByteOrder::badc, part)), letters(part), bits});
    }
    table.print(call_.out);
  }

  static std::string letters(std::span<const uint8_t> bytes) {
    std::string text;
    for (const uint8_t byte : bytes) text += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    return text;
  }

  // Values of several registers: a line for each place and type, a column for each order.
  void show_readings(std::span<const uint8_t> bytes) const {
    TextTable table({"FROM", "TYPE", ">ABCD", ">CDAB", ">BADC", ">DCBA"});
    for (size_t offset = 0; 2 * offset < bytes.size(); ++offset) {
      std::vector<std::string> row;
      for (const Reading& reading : readings_at(bytes, offset)) {
        if (!shown(reading.type)) continue;
        if (row.empty() || row[1] != reading.type) {
          if (!row.empty()) table.add(row);
          row = {place(offset), reading.type, "-", "-", "-", "-"};
        }
        row[2 + static_cast<size_t>(*byte_order(reading.order))] = reading.value;
      }
      if (!row.empty()) table.add(row);
    }
    if (table.empty()) return;
    std::fprintf(call_.out, "\n");
    table.print(call_.out);
  }

  bool shown(const std::string& type) const {
    const size_t size = wire_size(*wire_type(type));
    return size > 2 && (options_.all || type == "float32" || type == "uint32" || type == "int32");
  }

  int show_layouts(std::span<const uint8_t> bytes, const Expected& expected) const {
    const std::vector<Layout> layouts = layouts_giving(bytes, expected);
    if (layouts.empty()) {
      std::fprintf(call_.err,
                   "nothing in these registers gives %s: read more (--count), elsewhere (--read), or allow more (--within 2%%)\n",
                   options_.expect.c_str());
      return kRefused;
    }
    for (size_t i = 0; i < std::min(layouts.size(), kMostLayouts); ++i) {
      const Layout& layout = layouts[i];
      std::string tag = "{ address: " + place(layout.offset) + ", type: " + std::string(to_text(layout.type));
      if (layout.order != ByteOrder::abcd) tag += ", order: " + std::string(kByteOrderWords[static_cast<size_t>(layout.order)]);
      if (layout.scale != 1) tag += ", scale: " + number_text(layout.scale);
      std::fprintf(call_.out, "%s }  gives %s\n", tag.c_str(), value_text(layout).c_str());
    }
    if (layouts.size() > kMostLayouts) std::fprintf(call_.out, "and %zu more: give more digits\n", layouts.size() - kMostLayouts);
    return kDone;
  }

  const ProbeOptions& options_;
  const ClientCall& call_;
  ProbePath& path_;
  const modbus::Address address_;
};

int refuse(const ClientCall& call, const Status& status) {
  std::fprintf(call.err, "%s\n", printable(status.what()).c_str());
  return status.fault() == Fault::invalid || status.fault() == Fault::not_found ? kRefused : kNoGateway;
}

}  // namespace

int probe(const ProbeOptions& options, const ClientCall& call) {
  const auto units = parse_units(options.units);
  if (!units) return refuse(call, units.status());
  if (!options.scan && units->first != units->last) return refuse(call, {Fault::invalid, "a range of units goes with --scan"});
  const auto address = modbus::parse_address(options.address);
  if (!address) return refuse(call, address.status());
  Expected expected;
  if (!options.expect.empty()) {
    const auto parsed = parse_expected(options.expect, options.within);
    if (!parsed) return refuse(call, parsed.status());
    expected = *parsed;
  }
  auto path = open_probe_path(options.target, call);
  if (!path) return refuse(call, path.status());
  Probe probing(options, call, **path, *address);
  if (options.scan) return probing.scan(*units);
  return probing.read(units->first, options.expect.empty() ? nullptr : &expected);
}

}  // namespace ferrule
