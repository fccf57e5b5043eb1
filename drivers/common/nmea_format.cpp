// NMEA 0183 sentences: $WIMWV,214.8,R,0.1,K,A*28. The talker (WI) does not count; the sentence of $PGRME,... is PGRME.
#include <array>

#include "drivers_common/extraction_formats.h"
#include "drivers_common/frame_cut.h"

namespace ferrule {

namespace {

constexpr size_t kMostFields = 128;

ChecksumRule nmea_checksum(bool required) {
  ChecksumRule rule;
  rule.kind = ChecksumKind::xor8;
  rule.from = 1;
  rule.separator = "*";
  rule.hex = true;
  rule.required = required;
  return rule;
}

struct Sentence {
  std::string_view name;
  std::array<std::string_view, kMostFields> fields;  // from 1
  size_t count = 0;
};

Sentence split(std::string_view letters) {
  Sentence sentence;
  letters.remove_prefix(1);
  size_t comma = letters.find(',');
  sentence.name = letters.substr(0, comma);
  if (sentence.name.size() == 5 && sentence.name[0] != 'P') sentence.name.remove_prefix(2);
  while (comma != std::string_view::npos && sentence.count + 1 < kMostFields) {
    letters.remove_prefix(comma + 1);
    comma = letters.find(',');
    sentence.fields[++sentence.count] = letters.substr(0, comma);
  }
  return sentence;
}

class NmeaFormat final : public FieldFormat {
 public:
  explicit NmeaFormat(bool checksum_required) : checksum_(nmea_checksum(checksum_required)) {}

  Status add(const Place& place) override {
    const size_t dot = place.at.find('.');
    Spot spot{place.at.substr(0, dot), dot == std::string::npos ? "" : place.at.substr(dot + 1), 0, place.type};
    if (spot.name.empty() || spot.field.empty()) {
      return {Fault::invalid, "'" + place.at + "' is no field of a sentence: `at: MWV.3`, or for a transducer `at: XDR.TempAir`"};
    }
    const auto number = place_number(spot.field, 1);
    if (!number && spot.name != "XDR") return {Fault::invalid, "'" + place.at + "': fields of a sentence are counted from 1"};
    spot.number = number.value_or(0);
    spots_.push_back(std::move(spot));
    return {};
  }

  Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const override {
    if (frame.empty() || (frame[0] != '$' && frame[0] != '!')) return {Fault::bad_reply, "no NMEA sentence: it begins with $"};
    const auto checked = without_checksum(checksum_, frame);
    if (!checked) return {Fault::bad_reply, "its checksum is wrong or missing"};
    const Sentence sentence = split(letters_of(*checked));
    for (size_t i = 0; i < spots_.size(); ++i) {
      if (spots_[i].name != sentence.name) continue;
      const size_t number = spots_[i].number != 0 ? spots_[i].number : transducer(sentence, spots_[i].field);
      if (number != 0 && number <= sentence.count) tell_text(i, sentence.fields[number], spots_[i].type, sink);
    }
    return {};
  }

 private:
  struct Spot {
    std::string name, field;
    size_t number;  // 0: by the transducer's name
    FieldType type;
  };
  // XDR holds groups of type, value, unit and name; the number of the value, or 0.
  static size_t transducer(const Sentence& sentence, std::string_view name) {
    for (size_t group = 1; group + 3 <= sentence.count; group += 4) {
      if (sentence.fields[group + 3] == name) return group + 1;
    }
    return 0;
  }

  const ChecksumRule checksum_;
  std::vector<Spot> spots_;
};

}  // namespace

std::unique_ptr<FieldFormat> make_nmea_format(bool checksum_required) { return std::make_unique<NmeaFormat>(checksum_required); }

}  // namespace ferrule
