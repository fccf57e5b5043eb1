// The payload as a whole, fields between separators, and pairs of key and value.
#include <algorithm>

#include "drivers_common/extraction_formats.h"

namespace ferrule {

namespace {

class TextFormat final : public FieldFormat {
 public:
  Status add(const Place& place) override {
    if (!place.at.empty()) return {Fault::invalid, "a payload of format text is one value: leave `at` out"};
    types_.push_back(place.type);
    return {};
  }
  Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const override {
    for (size_t i = 0; i < types_.size(); ++i) tell_text(i, letters_of(frame), types_[i], sink);
    return {};
  }

 private:
  std::vector<FieldType> types_;
};

// Walks the pieces between separators; a separator of one blank stands for any number of them.
class Pieces {
 public:
  Pieces(std::string_view letters, std::string_view separator) : rest_(letters), separator_(separator) { skip_blanks(); }

  bool next(std::string_view& piece) {
    if (done_) return false;
    const size_t end = rest_.find(separator_);
    piece = rest_.substr(0, end);
    done_ = end == std::string_view::npos;
    if (done_) return !(blank() && piece.empty());
    rest_.remove_prefix(end + separator_.size());
    skip_blanks();
    return true;
  }

 private:
  bool blank() const { return separator_ == " "; }
  void skip_blanks() {
    if (blank()) rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
  }

  std::string_view rest_;
  std::string_view separator_;
  bool done_ = false;
};

class DelimitedFormat final : public FieldFormat {
 public:
  explicit DelimitedFormat(std::string separator) : separator_(std::move(separator)) {}

  Status add(const Place& place) override {
    const auto number = place_number(place.at, 1);
    if (!number) return {Fault::invalid, "'" + place.at + "' is no field: fields are counted from 1, `at: 3`"};
    fields_.push_back({*number, place.type});
    return {};
  }

  Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const override {
    Pieces pieces(letters_of(frame), separator_);
    std::string_view piece;
    for (size_t number = 1; pieces.next(piece); ++number) {
      for (size_t i = 0; i < fields_.size(); ++i) {
        if (fields_[i].number == number) tell_text(i, piece, fields_[i].type, sink);
      }
    }
    return {};
  }

 private:
  struct Field {
    size_t number;
    FieldType type;
  };
  const std::string separator_;
  std::vector<Field> fields_;
};

class PairsFormat final : public FieldFormat {
 public:
  PairsFormat(std::string separator, std::string assign) : separator_(std::move(separator)), assign_(std::move(assign)) {}

  Status add(const Place& place) override {
    if (place.at.empty()) return {Fault::invalid, "write the key: `at: T`"};
    keys_.push_back({place.at, place.type});
    return {};
  }

  // The first of two equal keys counts.
  Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const override {
    std::vector<bool> told(keys_.size());
    Pieces pieces(letters_of(frame), separator_);
    std::string_view piece;
    bool any = false;
    while (pieces.next(piece)) {
      const size_t at = piece.find(assign_);
      if (at == std::string_view::npos) continue;
      any = true;
      const std::string_view key = without_blanks(piece.substr(0, at));
      for (size_t i = 0; i < keys_.size(); ++i) {
        if (keys_[i].key != key || told[i]) continue;
        told[i] = true;
        tell_text(i, piece.substr(at + assign_.size()), keys_[i].type, sink);
      }
    }
    return any ? Status() : Status(Fault::bad_reply, "no pair of key and value in it");
  }

 private:
  struct Key {
    std::string key;
    FieldType type;
  };
  const std::string separator_, assign_;
  std::vector<Key> keys_;
};

}  // namespace

std::unique_ptr<FieldFormat> make_text_format() { return std::make_unique<TextFormat>(); }
std::unique_ptr<FieldFormat> make_delimited_format(std::string separator) {
  return std::make_unique<DelimitedFormat>(std::move(separator));
}
std::unique_ptr<FieldFormat> make_pairs_format(std::string separator, std::string assign) {
  return std::make_unique<PairsFormat>(std::move(separator), std::move(assign));
}

}  // namespace ferrule
