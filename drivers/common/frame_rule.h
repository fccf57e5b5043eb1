// How a stream of bytes is divided into frames: what a user may write under `frame:`, and the same as plain data.
//
// What the content of a frame is, i.e. what field extraction sees:
//   lines, delimiter   what stands before the end
//   fixed, length      the whole frame from its first byte, header included
//   between            what stands between start and end, escapes undone
//   gap                what came between two silences
//   tagged             the payload (see tagged_frame.h); the type is beside it
//   whole              a datagram
// A checksum, with its separator, is taken off. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "drivers_common/byte_text.h"
#include "drivers_common/checksum.h"
#include "sdk/fields.h"

namespace ferrule {

enum class FrameKind : uint8_t { lines, delimiter, fixed, length, between, gap, tagged, whole };
inline constexpr std::string_view kFrameKindWords[] = {"lines",   "delimiter", "fixed",  "length",
                                                       "between", "gap",       "tagged", "whole"};

// What a sum covers besides the content (between).
enum class SumCover : uint8_t { content, with_start, with_end, with_both };
inline constexpr std::string_view kSumCoverWords[] = {"content", "with_start", "with_end", "with_both"};

struct ChecksumRule {
  ChecksumKind kind = ChecksumKind::none;
  size_t from = 0;        // the first byte of the content that it covers; it covers all up to the separator or the sum
  std::string separator;  // between what is covered and the sum: "*"; empty: none
  bool hex = false;       // two letters a byte instead of one byte
  bool little = false;    // low byte first
  bool required = true;   // false: a frame without separator and sum is taken, too
  bool behind = false;    // between: it stands behind the end, not before it
  SumCover covers = SumCover::content;

  size_t size() const { return checksum_width(kind) * (hex ? 2 : 1); }  // bytes on the wire, without the separator
  bool covers_start() const { return covers == SumCover::with_start || covers == SumCover::with_both; }
  bool covers_end() const { return covers == SumCover::with_end || covers == SumCover::with_both; }
};

struct FrameRule {
  static constexpr size_t kMostLength = 64 * 1024;

  FrameKind kind = FrameKind::lines;
  std::string start;  // fixed, length: every frame begins with it, for finding the next one; between; tagged: the magic
  std::string end;    // delimiter, between
  std::optional<uint8_t> escape;  // the byte after it is content, whatever it is
  uint8_t escape_xor = 0;         // and changed by this
  size_t length = 0;              // fixed
  size_t length_at = 0;           // length: where the number stands, from the frame's first byte
  size_t length_width = 2;        // 1, 2 or 4 bytes
  bool length_little = false;
  int64_t length_add = 0;                      // bytes of the whole frame = number + this
  Duration gap{0};                             // silence that ends a frame
  size_t max_length = 1024;                    // of a frame: everything between its ends, for the sized kinds all of it
  Duration timeout{std::chrono::seconds(10)};  // a frame that is not finished by then is dropped
  ChecksumRule checksum;

  // The bytes before which the length of a frame is not known.
  size_t header() const { return length_at + length_width; }
};

// `frame` is an object with the table below. invalid: parts are missing or contradict each other; the text says what to write.
Result<FrameRule> frame_rule(const Fields& frame);
// As above; complains at the mark of the frame.
void check_frame(const Fields& frame, Complaints& complaints);

inline constexpr std::array<std::string_view, 2> kEndianWords{"big", "little"};
inline constexpr std::array<std::string_view, 2> kSumFormWords{"binary", "hex"};

inline constexpr std::array kChecksumFieldTable{
    FieldSpec{.name = "kind",
              .kind = FieldKind::choice,
              .help = "Its name; CRCs as in the catalogue of parametrised CRC algorithms.",
              .example = "crc16_modbus",
              .required = true,
              .words = kChecksumWords},
    FieldSpec{.name = "from",
              .kind = FieldKind::integer,
              .help = "The first byte of the frame that it covers, from 0.",
              .example = "1",
              .initial = "0",
              .unit = "bytes",
              .least = 0,
              .most = 1024},
    FieldSpec{.name = "separator",
              .help = "What stands between the covered bytes and the sum.",
              .example = "\"*\"",
              .check = check_bytes},
    FieldSpec{.name = "as",
              .kind = FieldKind::choice,
              .help = "The sum as bytes, or as two hexadecimal letters a byte.",
              .example = "hex",
              .initial = "binary",
              .words = kSumFormWords},
    FieldSpec{.name = "order",
              .kind = FieldKind::choice,
              .help = "Which byte of the sum comes first.",
              .example = "little",
              .initial = "big",
              .words = kEndianWords},
    FieldSpec{.name = "required",
              .kind = FieldKind::boolean,
              .help = "false: a frame that has neither separator nor sum is taken, too.",
              .example = "false",
              .initial = "true"},
    FieldSpec{.name = "behind_end",
              .kind = FieldKind::boolean,
              .help = "true: the sum stands behind the end, not before it (`between`).",
              .example = "true",
              .initial = "false"},
    FieldSpec{.name = "covers",
              .kind = FieldKind::choice,
              .help = "Whether the frame's own start and end are part of what is summed (`between`; the end where the sum stands "
                      "behind it).",
              .example = "with_end",
              .initial = "content",
              .words = kSumCoverWords},
};

inline constexpr std::array kFrameFieldTable{
    FieldSpec{.name = "kind",
              .kind = FieldKind::choice,
              .help =
                  "How a frame ends: `lines` at CR, LF or both; `delimiter`; `fixed` and `length` by count; `between` a start "
                  "and an end; `gap` by silence; `tagged` has magic, version, type and length; `whole` is a datagram.",
              .example = "delimiter",
              .initial = "lines",
              .words = kFrameKindWords},
    FieldSpec{.name = "start",
              .help = "Bytes that every frame begins with; `tagged`: its magic.",
              .example = "'\\x02'",
              .check = check_bytes},
    FieldSpec{
        .name = "end", .help = "Bytes that end a frame (`delimiter`, `between`).", .example = "'\\r\\n'", .check = check_bytes},
    FieldSpec{.name = "escape",
              .help = "The byte that makes content of the one behind it.",
              .example = "'\\x10'",
              .check = check_bytes},
    FieldSpec{.name = "escape_xor",
              .kind = FieldKind::integer,
              .help = "What the byte behind an escape was changed by.",
              .example = "0x20",
              .initial = "0",
              .least = 0,
              .most = 255},
    FieldSpec{.name = "length",
              .kind = FieldKind::integer,
              .help = "Of every frame (`fixed`), its checksum included.",
              .example = "16",
              .unit = "bytes",
              .least = 1,
              .most = FrameRule::kMostLength},
    FieldSpec{.name = "length_at",
              .kind = FieldKind::integer,
              .help = "Where the length stands, from the frame's first byte (`length`).",
              .example = "2",
              .initial = "0",
              .unit = "bytes",
              .least = 0,
              .most = 1024},
    FieldSpec{.name = "length_width",
              .kind = FieldKind::integer,
              .help = "Its size: 1, 2 or 4.",
              .example = "1",
              .initial = "2",
              .unit = "bytes",
              .least = 1,
              .most = 4},
    FieldSpec{.name = "length_order",
              .kind = FieldKind::choice,
              .help = "Which byte of it comes first.",
              .example = "little",
              .initial = "big",
              .words = kEndianWords},
    FieldSpec{.name = "length_add",
              .kind = FieldKind::integer,
              .help = "Bytes of the frame that it does not count; without it, itself and what stands before it.",
              .example = "6",
              .unit = "bytes",
              .least = -1024,
              .most = 1024},
    FieldSpec{.name = "gap",
              .kind = FieldKind::duration,
              .help = "Silence that ends a frame (`gap`).",
              .example = "50ms",
              .least = 0.001,
              .most = 60},
    FieldSpec{.name = "max_length",
              .kind = FieldKind::size,
              .help = "A longer frame is dropped and counted.",
              .example = "4KiB",
              .initial = "1KiB",
              .least = 1,
              .most = FrameRule::kMostLength},
    FieldSpec{.name = "timeout",
              .kind = FieldKind::duration,
              .help = "A frame that is not finished this long after its first byte is dropped and counted.",
              .example = "2s",
              .initial = "10s",
              .least = 0.01,
              .most = 3600},
    FieldSpec{.name = "checksum",
              .kind = FieldKind::object,
              .help = "The sum at the end of each frame; a frame that fails it is dropped and counted.",
              .example = "{ kind: xor, from: 1, separator: \"*\", as: hex }",
              .fields = kChecksumFieldTable},
};

}  // namespace ferrule
