// Writes one record of samples as a JSON object:
//
//   {"gateway":"plant7","device":"boiler","boot":17,"seq":1042,"timestamp":1763712345678,"values":{"temperature":81.4},
//    "bad":{"flow":"timeout"},"uncertain":{"level":"stale"},"times":{"temperature":-12},"historical":true,"part":1,"parts":2}
//
// From `bad` on, a member appears only when it says something. An uncertain tag that has a value is in `values` too. A good
// sample whose number is NaN or infinite is written as bad, because JSON has no such number. `times` is in ms, for tags that were
// read more than 1 ms apart from `timestamp`.
//
// One thread. No allocation per sample: it appends to the caller's string.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/names.h"
#include "core/record.h"
#include "payload_json/tag_keys.h"
#include "sdk/encoder.h"

namespace ferrule {

class DataJson {
 public:
  // `integers_as_text`: whole numbers beyond +-2^53 are written as strings, for receivers that read every number as a double.
  DataJson(const std::string& gateway, const Names& names, bool integers_as_text);

  // A piece of a record: some of its samples, and which part of how many it is. `parts` 1: the whole, not mentioned.
  struct Piece {
    std::span<const Sample> samples;
    uint32_t part = 1;
    uint32_t parts = 1;
  };

  void append(std::string& out, const EncoderInput& input, const Piece& piece);

  // Cuts the record into pieces of at most `max_bytes` each. An error when a single sample is too large for that.
  Status cut(const EncoderInput& input, size_t max_bytes, std::vector<Piece>& pieces);

 private:
  void append_value(std::string& out, const Value& value) const;
  void append_head(std::string& out, const EncoderInput& input) const;
  void append_values(std::string& out, std::span<const Sample> samples);
  void append_reasons(std::string& out, std::string_view name, std::span<const Sample> samples, Quality quality);
  void append_times(std::string& out, std::span<const Sample> samples, MonoTime read_at);
  size_t size_of(const Sample& sample);  // never less than what append() writes for it

  const std::string head_;  // {"gateway":"plant7","device":
  const Names& names_;
  const bool integers_as_text_;
  TagKeys keys_;
  std::string scratch_;
};

}  // namespace ferrule
