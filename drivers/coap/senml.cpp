#include "coap/senml.h"

#include <array>
#include <cmath>

namespace ferrule::coap {

namespace {

constexpr int64_t kKnownVersion = 10;        // RFC 8428
constexpr double kAbsoluteFrom = 268435456;  // 2^28 s: what is less counts from now
constexpr double kLatestTime = 9.2e9;        // s since 1970 that still fit int64_t nanoseconds
constexpr size_t kMostName = 1024;

struct Label {
  std::string_view json;
  int64_t cbor;
};
constexpr Label kBaseVersion{"bver", -1}, kBaseName{"bn", -2}, kBaseTime{"bt", -3}, kBaseUnit{"bu", -4}, kBaseValue{"bv", -5},
    kBaseSum{"bs", -6}, kName{"n", 0}, kUnit{"u", 1}, kNumber{"v", 2}, kText{"vs", 3}, kBoolean{"vb", 4}, kSum{"s", 5},
    kTime{"t", 6}, kBytes{"vd", 8};

class PackReader {
 public:
  PackReader(const Document& document, bool cbor, WallTime now)
      : document_(document), cbor_(cbor), now_(static_cast<double>(unix_ms(now)) / 1000) {}

  Result<std::vector<SenmlRecord>> read() {
    const Document::Node& root = document_.root();
    if (root.kind != Document::Kind::array) return fault("it is no list of records");
    std::vector<SenmlRecord> records;
    for (const Document::Node* node = document_.child(root); node != nullptr; node = document_.next(*node)) {
      ++at_;
      if (node->kind != Document::Kind::map) return fault("is no map");
      if (Status status = take_bases(*node); !status) return status;
      SenmlRecord record;
      if (Status status = take_record(*node, record); !status) return status;
      if (!record.value.empty() || record.has_sum) records.push_back(std::move(record));
    }
    return records;
  }

 private:
  Status fault(const std::string& what) const {
    return {Fault::bad_reply, "SenML" + (at_ > 0 ? " record " + std::to_string(at_) : std::string()) + ": " + what};
  }

  // What is no single value is empty, which is neither number nor text nor anything else that is asked for.
  const Value* field(const Document::Node& record, const Label& label) const {
    const Document::Node* node = cbor_ ? document_.entry(record, label.cbor) : document_.entry(record, label.json);
    return node == nullptr ? nullptr : &node->value;
  }

  // False: it is there and no finite number.
  bool number(const Document::Node& record, const Label& label, double& number) const {
    const Value* value = field(record, label);
    if (value == nullptr) return true;
    const auto found = value->is_number() ? value->number() : std::nullopt;
    if (!found || !std::isfinite(*found)) return false;
    number = *found;
    return true;
  }
  bool text(const Document::Node& record, const Label& label, std::string& text) const {
    const Value* value = field(record, label);
    if (value == nullptr) return true;
    if (!value->is_text() || value->as_text().size() > kMostName) return false;
    text = value->as_text();
    return true;
  }

  Status take_bases(const Document::Node& record) {
    double version = kKnownVersion;
    if (!number(record, kBaseVersion, version) || version > kKnownVersion) return fault("has a version that is not known");
    const bool sound = text(record, kBaseName, base_name_) && text(record, kBaseUnit, base_unit_) &&
                       number(record, kBaseTime, base_time_) && number(record, kBaseValue, base_value_) &&
                       number(record, kBaseSum, base_sum_);
    if (!sound) return fault("has a base field of a wrong kind");
    has_base_value_ = has_base_value_ || field(record, kBaseValue) != nullptr;
    has_base_sum_ = has_base_sum_ || field(record, kBaseSum) != nullptr;
    for (const Document::Node* node = document_.child(record); node != nullptr; node = document_.next(*node)) {
      if (node->key.is_text() && node->key.as_text().ends_with('_')) {
        return fault("must be understood whole, and its field '" + std::string(node->key.as_text().substr(0, 40)) + "' is not");
      }
    }
    return {};
  }

  Status take_record(const Document::Node& node, SenmlRecord& record) const {
    std::string name;
    record.unit = base_unit_;
    double time = 0;
    double sum = 0;
    if (!text(node, kName, name) || !text(node, kUnit, record.unit) || !number(node, kTime, time) || !number(node, kSum, sum)) {
      return fault("has a field of a wrong kind");
    }
    record.name = base_name_ + name;
    record.has_sum = has_base_sum_ || field(node, kSum) != nullptr;
    record.sum = base_sum_ + sum;
    record.time = resolved(base_time_ + time);
    return take_value(node, record);
  }

  // A base value or sum counts where the record has none of its own.
  Status take_value(const Document::Node& node, SenmlRecord& record) const {
    if (const Value* found = field(node, kNumber)) return take_number(*found, record);
    if (const Value* found = field(node, kText)) {
      if (!found->is_text()) return fault("has a 'vs' that is no text");
      record.value = *found;
    } else if (const Value* flag = field(node, kBoolean)) {
      if (flag->kind() != Value::Kind::boolean) return fault("has a 'vb' that is neither true nor false");
      record.value = *flag;
    } else if (const Value* data = field(node, kBytes)) {
      return take_bytes(*data, record);
    } else if (has_base_value_ && field(node, kSum) == nullptr) {
      record.value = base_value_;
    }
    return {};
  }

  Status take_number(const Value& found, SenmlRecord& record) const {
    const auto number = found.is_number() ? found.number() : std::nullopt;
    if (!number || !std::isfinite(*number)) return fault("has a 'v' that is no number");
    record.value = base_value_ == 0 ? found : Value(*number + base_value_);
    return {};
  }

  Status take_bytes(const Value& found, SenmlRecord& record) const {
    if (found.kind() == Value::Kind::bytes) {
      record.value = found;
      return {};
    }
    const auto bytes = found.is_text() ? from_base64(found.as_text()) : std::nullopt;
    if (!bytes) return fault("has a 'vd' that is no base64");
    record.value = Value::bytes(*bytes);
    return {};
  }

  double resolved(double time) const {
    if (time == 0) return 0;
    const double absolute = time < kAbsoluteFrom ? now_ + time : time;
    return absolute > 0 && absolute < kLatestTime ? absolute : 0;
  }

  const Document& document_;
  const bool cbor_;
  const double now_;
  size_t at_ = 0;
  std::string base_name_, base_unit_;
  double base_time_ = 0, base_value_ = 0, base_sum_ = 0;
  bool has_base_value_ = false, has_base_sum_ = false;
};

std::array<int8_t, 256> base64_digits() {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (size_t i = 0; i < kLetters.size(); ++i) digits[static_cast<uint8_t>(kLetters[i])] = static_cast<int8_t>(i);
  digits['+'] = 62;
  digits['/'] = 63;
  return digits;
}

}  // namespace

Result<std::vector<SenmlRecord>> read_senml(const Document& document, bool cbor, WallTime now) {
  return PackReader(document, cbor, now).read();
}

std::optional<std::string> from_base64(std::string_view text) {
  static const std::array<int8_t, 256> kDigits = base64_digits();
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char letter : text) {
    const int8_t digit = kDigits[static_cast<uint8_t>(letter)];
    if (digit < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(digit)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

}  // namespace ferrule::coap
