// JSON by nlohmann's parser, which keeps its own stack on the heap; our builder ends it at the limits.
#include <nlohmann/json.hpp>

#include "drivers_common/document.h"

namespace ferrule {

namespace {

class Handler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return builder.add(Value()); }
  bool boolean(bool value) override { return builder.add(value); }
  bool number_integer(number_integer_t value) override { return builder.add(static_cast<int64_t>(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    return value <= INT64_MAX ? builder.add(static_cast<int64_t>(value)) : builder.add(static_cast<uint64_t>(value));
  }
  bool number_float(number_float_t value, const string_t& /*written*/) override { return builder.add(value); }
  bool string(string_t& value) override { return builder.add(Value::text(value)); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*elements*/) override { return builder.open(Document::Kind::map); }
  bool key(string_t& value) override { return builder.key(Value::text(value)); }
  bool end_object() override { return builder.close(); }
  bool start_array(std::size_t /*elements*/) override { return builder.open(Document::Kind::array); }
  bool end_array() override { return builder.close(); }
  bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::detail::exception& /*error*/) override {
    at = position;
    return false;
  }

  DocumentBuilder builder;
  std::size_t at = 0;
};

}  // namespace

Result<Document> Document::json(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMostBytes) return {Fault::bad_reply, "more than " + std::to_string(kMostBytes) + " bytes of JSON"};
  Handler handler;
  bool right = false;
  try {
    right = nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &handler);
  } catch (const std::exception& error) {
    return {Fault::bad_reply, std::string("not JSON: ") + error.what()};
  }
  if (!handler.builder.trouble().empty()) return {Fault::bad_reply, "JSON: " + handler.builder.trouble()};
  if (!right || !handler.builder.complete()) return {Fault::bad_reply, "not JSON from byte " + std::to_string(handler.at)};
  return handler.builder.take();
}

}  // namespace ferrule
