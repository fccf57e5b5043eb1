// What is sent to a device, with values filled in: "SI", "Z {value}", '\x02{unit:02}RD'. Pure.
//
//   {unit} {id} {value}   as text, numbers shortest-exact
//   {unit:03} {value:04X} whole numbers with leading zeros, decimal or hexadecimal (x, X)
//   {value:u8} i16 u16 u32 i32 f32, high byte first; with `le` behind it (u16le) low byte first
//   {{                    a brace
// Bytes other than letters as byte_text.h has them. The frame (ends, length, checksum) is put around it by frame_build.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/value.h"

namespace ferrule {

class MessageTemplate {
 public:
  // invalid: an unknown name or form, in words for the user.
  static Result<MessageTemplate> parse(std::string_view text);

  struct Values {
    Value unit, id, value;
  };
  // invalid: a value that its form cannot hold.
  Result<std::vector<uint8_t>> fill(const Values& values) const;
  bool has_value() const;  // {value} is in it

 private:
  enum class Name : uint8_t { none, unit, id, value };
  struct Piece {
    std::string letters;  // before the value
    Name name = Name::none;
    std::string form;
  };
  static Status add(std::string_view inside, Piece& piece);
  std::vector<Piece> pieces_;
};

// For FieldSpec::check.
Status check_template(std::string_view text);

}  // namespace ferrule
