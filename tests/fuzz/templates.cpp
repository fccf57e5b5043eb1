// Texts of every shape as bytes and as templates, filled with values of every kind.
//
// The first byte chooses the value, the eight behind it are its bits, the rest is the text. What is a template is bytes, too;
// without braces both say the same; nothing grows beyond what its pieces can say; the same values give the same message.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "drivers_common/byte_text.h"
#include "drivers_common/message_template.h"

namespace ferrule {

namespace {

Value value_from(uint8_t kind, uint64_t bits) {
  switch (kind % 6) {
    case 0: return {};
    case 1: return (bits & 1) != 0;
    case 2: return static_cast<int64_t>(bits);
    case 3: return bits;
    case 4: return std::bit_cast<double>(bits);
    default: return Value::text(std::string(bits % 20, 'x'));
  }
}

// As one hole of a template says a value: 24 digits, or a text of the value above; and padding.
constexpr size_t kMostOfAHole = 40;

}  // namespace

inline bool template_holds(std::span<const uint8_t> input) {
  if (input.size() < 9) return true;
  uint64_t bits = 0;
  for (size_t i = 1; i < 9; ++i) bits = bits << 8 | input[i];
  const Value value = value_from(input[0], bits);
  const std::string_view text(reinterpret_cast<const char*>(input.data()) + 9, input.size() - 9);
  const auto bytes = parse_bytes(text);
  if (bytes.ok() && (bytes->size() > text.size() || bytes->size() > kMostByteText)) return false;
  const auto made = MessageTemplate::parse(text);
  if (made.ok() != check_template(text).ok()) return false;
  if (!made.ok()) return made.status().fault() == Fault::invalid && !made.status().what().empty();
  if (!bytes.ok()) return false;
  const MessageTemplate::Values values{value, Value::text("sensor-5"), value};
  const auto filled = made->fill(values);
  if (!filled.ok()) return filled.status().fault() == Fault::invalid;
  if (filled->size() > bytes->size() * kMostOfAHole) return false;
  const std::string_view said(reinterpret_cast<const char*>(filled->data()), filled->size());
  if (bytes->find('{') == std::string::npos && said != *bytes) return false;
  const auto again = made->fill(values);
  return again.ok() && *again == *filled;
}

}  // namespace ferrule

#ifdef FERRULE_FUZZ
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (!ferrule::template_holds({bytes, size})) std::abort();
  return 0;
}
#endif
