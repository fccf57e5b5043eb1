// How a number or a text lies in registers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace ferrule::simulator {

enum class Type : uint8_t { boolean, int16, uint16, int32, uint32, int64, uint64, float32, float64, string };
enum class Order : uint8_t { abcd, badc, cdab, dcba };  // of the bytes of a value; beyond 4 bytes the same rule goes on

inline constexpr std::array<std::string_view, 10> kTypeWords{"bool",  "int16",  "uint16",  "int32",   "uint32",
                                                             "int64", "uint64", "float32", "float64", "string"};
inline constexpr std::array<std::string_view, 4> kOrderWords{"ABCD", "BADC", "CDAB", "DCBA"};

struct Format {
  Type type = Type::uint16;
  Order order = Order::abcd;
  uint16_t length = 1;  // registers of a string

  uint32_t width() const;  // registers (or bits) that one value takes, 1 .. 123
};

// Fill `words` (format.width() of them). A number beyond the type's range wraps around, as a device's counter does; a text is
// cut, or padded with NUL.
void encode_number(const Format& format, double number, std::span<uint16_t> words);
void encode_text(const Format& format, std::string_view text, std::span<uint16_t> words);

}  // namespace ferrule::simulator
