#include "rest/write_body.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/nearest.h"
#include "core/units.h"

namespace ferrule {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> kKeys = {"value", "id", "expires_in"};
constexpr size_t kLongestId = 64;

bool fit_for_id(char c) {
  constexpr std::string_view kOthers = "_-.:";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kOthers.find(c) != std::string_view::npos;
}

// Each event returns false to stop; `wrong_` then says why.
class Body final : public nlohmann::json_sax<Json> {
 public:
  explicit Body(WriteRequest& request) : request_(request) {}

  bool null() override { return give({}); }
  bool boolean(bool value) override { return give(Value(value)); }
  bool number_integer(number_integer_t value) override { return give(Value(static_cast<int64_t>(value))); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return give(Value(static_cast<int64_t>(value)));
    return give(Value(static_cast<uint64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t&) override { return give(Value(static_cast<double>(value))); }
  bool string(string_t& value) override { return give(Value::text(value)); }
  bool binary(binary_t&) override { return stop("the body is text"); }
  bool start_object(std::size_t) override {
    if (open_) return stop("the value is a number, a text or true/false, nothing nested");
    return open_ = true;
  }
  bool key(string_t& name) override;
  bool end_object() override { return true; }
  bool start_array(std::size_t) override {
    return stop(open_ ? "the value is a single one, not a list" : "the body is an object");
  }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return stop("the body is not JSON, from byte " + std::to_string(position) + " on");
  }

  bool seen(std::string_view key) const { return seen_[position(key)]; }
  const std::string& wrong() const { return wrong_; }

 private:
  static size_t position(std::string_view key) { return static_cast<size_t>(std::ranges::find(kKeys, key) - kKeys.begin()); }

  bool give(Value value) {
    if (!open_) return stop("the body is an object");
    if (key_ == "value") return take_value(std::move(value));
    return value.is_text() ? take_text(value.as_text()) : stop("\"" + key_ + "\" is a text");
  }
  bool take_value(Value value) {
    if (value.empty()) return stop("\"value\" is null: there is nothing to write");
    request_.value = std::move(value);
    return true;
  }
  bool take_text(std::string_view text);
  bool stop(std::string why) {
    wrong_ = std::move(why);
    return false;
  }

  WriteRequest& request_;
  bool open_ = false;
  std::array<bool, kKeys.size()> seen_{};
  std::string key_, wrong_;
};

bool Body::key(string_t& name) {
  const size_t at = position(name);
  if (at == kKeys.size()) {
    return stop("there is no key \"" + name.substr(0, kLongestId) + "\" in a write" + did_you_mean(name, kKeys));
  }
  if (seen_[at]) return stop("\"" + name + "\" stands twice");
  seen_[at] = true;
  key_ = name;
  return true;
}

bool Body::take_text(std::string_view text) {
  if (key_ == "id") {
    if (text.empty() || text.size() > kLongestId || !std::ranges::all_of(text, fit_for_id)) {
      return stop("\"id\" is 1 to 64 letters, digits and _ - . :");
    }
    request_.id = text;
    return true;
  }
  const Result<Duration> duration = parse_duration(text);
  if (!duration.ok()) return stop("\"expires_in\": " + duration.status().what());
  if (*duration <= Duration::zero() || *duration > kLongestWrite) return stop("\"expires_in\" is more than 0 and at most 60s");
  request_.expires_in = *duration;
  return true;
}

}  // namespace

Result<WriteRequest> parse_write(std::string_view tag, std::string_view body) {
  WriteRequest request;
  request.tag = tag;
  Body events(request);
  if (body.find('\0') != std::string_view::npos) return {Fault::invalid, "the body has a NUL byte"};
  try {
    if (!Json::sax_parse(body.begin(), body.end(), &events)) {
      return {Fault::invalid, events.wrong() + "; send {\"value\": 65} or {\"value\": 65, \"expires_in\": \"10s\"}"};
    }
  } catch (const std::exception& error) {
    return {Fault::invalid, std::string("the body cannot be read: ") + error.what()};
  }
  if (!events.seen("value")) return {Fault::invalid, "the body has no \"value\""};
  return request;
}

}  // namespace ferrule
