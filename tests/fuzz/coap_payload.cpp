// Any payload as text, JSON, CBOR and SenML of both kinds, at places of every kind: no crash; what is taken has a value or a
// reason, and the readings of a pack come oldest first.
//
// The first byte chooses the content format, the rest is the payload. Built as a libFuzzer target with -DFERRULE_FUZZ=ON; the
// unit tests run it over fuzz/corpus.
#include <array>
#include <cmath>
#include <cstdlib>
#include <span>

#include "coap/payload.h"

namespace ferrule::coap {

inline bool sound(const Taken& taken) { return taken.value.empty() != (taken.reason == Reason::none) && taken.source_ns >= 0; }

// False: something does not hold.
inline bool payload_holds(std::span<const uint8_t> input) {
  if (input.empty()) return true;
  constexpr std::array kFormats{ContentFormat::none, ContentFormat::text,       ContentFormat::json,
                                ContentFormat::cbor, ContentFormat::senml_json, ContentFormat::senml_cbor};
  const std::string_view bytes(reinterpret_cast<const char*>(input.data()) + 1, input.size() - 1);
  const auto format = kFormats[input[0] % kFormats.size()];
  Payload payload(format, bytes, WallTime{std::chrono::seconds(1'700'000'000)});
  const std::array<Place, 4> places{Place{}, Place{.format = {}, .pointer = {"0", "t"}, .record = {}, .type = Type::number},
                                    Place{.format = {}, .pointer = {}, .record = "t", .type = Type::text},
                                    Place{.format = {}, .pointer = {}, .record = {}, .type = Type::boolean}};
  for (const Place& place : places) {
    if (!sound(payload.take(place))) return false;
    int64_t before = 0;
    for (const Taken& taken : payload.take_all(place)) {
      if (!sound(taken) || (taken.source_ns != 0 && taken.source_ns < before)) return false;
      before = taken.source_ns;
    }
  }
  return true;
}

}  // namespace ferrule::coap

#ifdef FERRULE_FUZZ
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (!ferrule::coap::payload_holds({bytes, size})) std::abort();
  return 0;
}
#endif
