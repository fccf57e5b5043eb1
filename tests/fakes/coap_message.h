// CoAP messages as a test's own device reads and writes them; not the driver's code.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace ferrule {

struct CoapMessage {
  enum Type : uint8_t { con, non, ack, rst };
  Type type = con;
  uint8_t code = 0;  // 0x01 GET, 0x02 POST, 0x03 PUT; 0x45 is 2.05
  uint16_t id = 0;
  std::string token;
  std::multimap<int, std::string> options;
  std::string payload;

  std::string path() const {
    std::string path;
    for (auto [at, end] = options.equal_range(11); at != end; ++at) path += "/" + at->second;
    return path;
  }
  std::optional<uint32_t> number(int option) const {
    const auto found = options.find(option);
    if (found == options.end()) return std::nullopt;
    uint32_t number = 0;
    for (const char byte : found->second) number = number << 8 | static_cast<uint8_t>(byte);
    return number;
  }
  CoapMessage& with(int option, uint32_t number) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
      if (number >> shift != 0) bytes += static_cast<char>(number >> shift);
    }
    options.emplace(option, bytes);
    return *this;
  }
  CoapMessage& with_text(int option, const std::string& text) {
    options.emplace(option, text);
    return *this;
  }

  std::string encode() const {
    std::string out;
    out += static_cast<char>(0x40 | type << 4 | token.size());
    out += static_cast<char>(code);
    out += static_cast<char>(id >> 8);
    out += static_cast<char>(id & 0xff);
    out += token;
    int last = 0;
    for (const auto& [number, value] : options) {
      const auto [delta, delta_more] = extended(number - last);
      const auto [length, length_more] = extended(static_cast<int>(value.size()));
      out += static_cast<char>(delta << 4 | length);
      out += delta_more + length_more + value;
      last = number;
    }
    if (!payload.empty()) out += '\xff' + payload;
    return out;
  }

  static CoapMessage decode(const std::string& bytes) {
    CoapMessage message;
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(bytes.at(at)); };
    message.type = static_cast<Type>(byte(0) >> 4 & 3);
    message.code = byte(1);
    message.id = static_cast<uint16_t>(byte(2) << 8 | byte(3));
    message.token = bytes.substr(4, byte(0) & 15);
    size_t at = 4 + message.token.size();
    int number = 0;
    while (at < bytes.size() && byte(at) != 0xff) {
      int delta = byte(at) >> 4;
      int length = byte(at) & 15;
      ++at;
      for (int* part : {&delta, &length}) {
        if (*part == 13) *part = 13 + byte(at++);
        if (*part == 14) *part = 269 + (byte(at) << 8 | byte(at + 1)), at += 2;
      }
      number += delta;
      message.options.emplace(number, bytes.substr(at, static_cast<size_t>(length)));
      at += static_cast<size_t>(length);
    }
    if (at < bytes.size()) message.payload = bytes.substr(at + 1);
    return message;
  }

 private:
  static std::pair<int, std::string> extended(int number) {
    if (number < 13) return {number, {}};
    if (number < 269) return {13, std::string(1, static_cast<char>(number - 13))};
    const int rest = number - 269;
    return {14, {static_cast<char>(rest >> 8), static_cast<char>(rest & 0xff)}};
  }
};

}  // namespace ferrule
