// Takes the values of a device's tags out of one frame or payload: what a user may write under `payload:` and at a tag, and what
// does it.
//
//   format        `at` of a tag                      example
//   text          (none: the whole payload)
//   binary        offset of the first byte from 0,   4, 4.3 (bit 3), 4.4-7 (bits 4 to 7)
//                 with the bits of it
//   delimited     field, from 1                      3
//   regex         group, by name or number           weight
//   pairs         key                                T
//   json          JSON pointer                       /sensors/0/t
//   cbor          the same; a number is an array     /1/t
//                 index or a whole-number key
//   messagepack   as json
//   nmea          sentence.field from 1, of some     MWV.3, MWV[2=R,5?A].3,
//                 sentences only, or XDR.name        XDR.TempAir
//
// Pure: a compiled Extraction is constant and may be used on any thread. Every format bounds its work by the length of the frame:
// regular expressions are RE2's, structured payloads have limits of depth and size (document.h).
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/value.h"
#include "drivers_common/byte_text.h"
#include "drivers_common/field_type.h"
#include "drivers_common/wire_value.h"
#include "sdk/fields.h"

namespace ferrule {

inline constexpr std::string_view kPayloadFormatWords[] = {"text", "binary", "delimited",   "regex", "pairs",
                                                           "json", "cbor",   "messagepack", "nmea"};
enum class PayloadFormat : uint8_t { text, binary, delimited, regex, pairs, json, cbor, messagepack, nmea };

inline constexpr std::array kPayloadFieldTable{
    FieldSpec{.name = "format",
              .kind = FieldKind::choice,
              .help = "How the values lie in a frame.",
              .example = "json",
              .initial = "text",
              .words = kPayloadFormatWords},
    FieldSpec{.name = "skip",
              .kind = FieldKind::integer,
              .help = "Bytes at the front of a frame that are none of it, e.g. its length; offsets count from behind them.",
              .example = "2",
              .initial = "0",
              .unit = "bytes",
              .least = 0,
              .most = 1024},
    FieldSpec{.name = "separator",
              .help = "Between the fields (`delimited`) or pairs (`pairs`); a blank stands for any number of blanks.",
              .example = "\";\"",
              .initial = ",",
              .check = check_bytes},
    FieldSpec{
        .name = "assign", .help = "Between key and value (`pairs`).", .example = "\":\"", .initial = "=", .check = check_bytes},
    FieldSpec{.name = "pattern",
              .help = "The regular expression (RE2) that a frame must match; its groups are what tags name (`regex`).",
              .example = "'^S S +(?P<weight>[-0-9.]+) g'"},
    FieldSpec{.name = "checksum_required",
              .kind = FieldKind::boolean,
              .help = "false: sentences without *hh are taken, too (`nmea`).",
              .example = "false",
              .initial = "true"},
    FieldSpec{.name = "order",
              .kind = FieldKind::choice,
              .help = "Order of the bytes of numbers, A the most significant, unless a tag says otherwise (`binary`).",
              .example = "DCBA",
              .initial = "ABCD",
              .words = kByteOrderWords},
};

// What a tag says about its place: for the tag tables of drivers.
inline constexpr FieldSpec kAtField{.name = "at",
                                    .help =
                                        "Where the value stands in the frame: byte[.bits], field number, group, key, pointer "
                                        "or sentence.field, as the format has it.",
                                    .example = "/sensors/0/t"};
inline constexpr FieldSpec kTypeField{.name = "type",
                                      .kind = FieldKind::choice,
                                      .help = "What it is read as. Required for `binary`; else a number where it reads as one.",
                                      .example = "int16",
                                      .words = kFieldTypeWords};
inline constexpr FieldSpec kOrderField{.name = "order",
                                       .kind = FieldKind::choice,
                                       .help = "As the payload's, for this tag (`binary`).",
                                       .example = "DCBA",
                                       .words = kByteOrderWords};
inline constexpr FieldSpec kLengthField{.name = "length",
                                        .kind = FieldKind::integer,
                                        .help = "Of a string (`binary`); without it, up to the end of the frame.",
                                        .example = "8",
                                        .unit = "bytes",
                                        .least = 1,
                                        .most = 65535};
inline constexpr std::array kPlaceFieldTable{kAtField, kTypeField, kOrderField, kLengthField};

// A place as plain data.
struct Place {
  std::string at;
  FieldType type = FieldType::automatic;
  ByteOrder order = ByteOrder::abcd;
  size_t length = 0;
};
// `tag` has the fields of kPlaceFieldTable; `payload` may be null.
Place place_of(const Fields* payload, const Fields& tag);

// Where the values of one frame go, each place at most once.
class ExtractionSink {
 public:
  virtual ~ExtractionSink() = default;
  virtual void found(size_t place, Value value) = 0;
  // It is there and cannot be read as what it should be.
  virtual void wrong(size_t place, std::string_view why) = 0;
};

// One format with its compiled places; see extraction_formats.h.
class FieldFormat {
 public:
  virtual ~FieldFormat() = default;
  virtual Status add(const Place& place) = 0;  // the next one
  virtual Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const = 0;
};

class Extraction {
 public:
  // `payload` (kPayloadFieldTable) may be null: text. invalid: a pattern or a place that cannot be, in words for the user.
  static Result<Extraction> compile(const Fields* payload, std::span<const Place> places);

  // Tells each place that the frame has; what it has not is left out. bad_reply: the frame as a whole is not of this format (no
  // JSON, does not match the pattern, wrong checksum); nothing was told.
  Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const {
    if (frame.size() < skip_) return {Fault::bad_reply, "too short"};
    return format_->read(frame.subspan(skip_), sink);
  }

 private:
  Extraction(std::unique_ptr<FieldFormat> format, size_t skip) : format_(std::move(format)), skip_(skip) {}
  std::unique_ptr<FieldFormat> format_;
  size_t skip_ = 0;
};

}  // namespace ferrule
