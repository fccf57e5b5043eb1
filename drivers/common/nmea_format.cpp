// NMEA 0183 sentences: $WIMWV,214.8,R,0.1,K,A*28. The talker (WI) does not count; the sentence of $PGRME,... is PGRME.
//
// MWV[2=R,5?A].3 is field 3 of those MWV sentences whose field 2 is R; where their field 5 is not A the value is bad.
#include <algorithm>
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
    const size_t bracket = std::min(place.at.find_first_of("[."), place.at.size());
    const bool selects = bracket < place.at.size() && place.at[bracket] == '[';
    const size_t dot = place.at.find('.', selects ? place.at.find(']', bracket) : bracket);
    Spot spot{place.at.substr(0, bracket), dot == std::string::npos ? "" : place.at.substr(dot + 1), 0, place.type, {}};
    if (spot.name.empty() || spot.field.empty() || (selects && place.at[dot - 1] != ']')) {
      return {Fault::invalid, "'" + place.at +
                                  "' is no field of a sentence: `at: MWV.3`, of some sentences `at: MWV[2=R,5?A].3`, or for a "
                                  "transducer `at: XDR.TempAir`"};
    }
    if (selects && !add_conditions(std::string_view(place.at).substr(bracket + 1, dot - bracket - 2), spot)) {
      return {Fault::invalid, "'" + place.at + "': in brackets stands `2=R`, field 2 must be R for the sentence to count, or " +
                                  "`5?A`, field 5 must be A for the value to be good; with commas between them"};
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
      if (number == 0 || number > sentence.count || !holds(spots_[i], sentence, true)) continue;
      if (!holds(spots_[i], sentence, false)) {
        sink.wrong(i, "the device says that it is not valid");
      } else {
        tell_text(i, sentence.fields[number], spots_[i].type, sink);
      }
    }
    return {};
  }

 private:
  struct Condition {
    size_t field;
    bool selects;  // else: what it is not makes the value bad
    std::string value;
  };
  struct Spot {
    std::string name, field;
    size_t number;  // 0: by the transducer's name
    FieldType type;
    std::vector<Condition> conditions;
  };

  // `written` as "2=R,5?A"; false: it is not.
  static bool add_conditions(std::string_view written, Spot& spot) {
    while (true) {
      const size_t comma = std::min(written.find(','), written.size());
      const std::string_view one = written.substr(0, comma);
      const size_t sign = std::min(one.find_first_of("=?"), one.size());
      const auto field = place_number(one.substr(0, sign), 1);
      if (!field || sign == one.size()) return false;
      spot.conditions.push_back({*field, one[sign] == '=', std::string(one.substr(sign + 1))});
      if (comma == written.size()) return true;
      written.remove_prefix(comma + 1);
    }
  }

  static bool holds(const Spot& spot, const Sentence& sentence, bool selecting) {
    return std::ranges::all_of(spot.conditions, [&](const Condition& one) {
      const std::string_view is = one.field <= sentence.count ? sentence.fields[one.field] : std::string_view();
      return one.selects != selecting || is == one.value;
    });
  }

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
