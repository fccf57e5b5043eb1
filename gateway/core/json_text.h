// Appends JSON to a string, for the paths where building a document per message would cost more than the message.
// Numbers are shortest-exact; NaN and infinity become null; text that is not UTF-8 has its bad bytes replaced by U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/value.h"

namespace ferrule::json {

void append_quoted(std::string& out, std::string_view text);  // with quotes and escapes
void append_number(std::string& out, int64_t number);
void append_number(std::string& out, uint64_t number);
void append_number(std::string& out, float number);
void append_number(std::string& out, double number);
// none becomes null; bytes become a base64 string.
void append_value(std::string& out, const Value& value);

// Commas where they belong: Object o(out); o.key("a"); append_number(out, 1); o.close();
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  void key(std::string_view name);
  void text(std::string_view name, std::string_view value) { key(name), append_quoted(out_, value); }
  template <class Number>
  void number(std::string_view name, Number value) {
    key(name), append_number(out_, value);
  }
  void boolean(std::string_view name, bool value) { key(name), out_ += value ? "true" : "false"; }
  void value(std::string_view name, const Value& value) { key(name), append_value(out_, value); }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

class Array {
 public:
  explicit Array(std::string& out) : out_(out) { out_ += '['; }
  void next() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void close() { out_ += ']'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace ferrule::json
