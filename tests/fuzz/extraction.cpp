// Frames of every shape into every format. The first byte chooses the format, the rest is the frame.
//
// Whatever comes: each place is told at most once, a text is never longer than the frame, and the same frame gives the same.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tests/fakes/payloads.h"

namespace ferrule {

namespace {

struct Bench {
  std::string_view format;
  std::vector<Setting> more;
  std::vector<Place> places;
};

std::vector<Extraction> every_extraction() {
  const std::vector<Bench> benches{
      {"text", {}, {place_at(""), place_at("", "float32")}},
      {"binary",
       {},
       {place_at("0", "uint8"), place_at("1", "int24"), place_at("3.2-6", "int16"), place_at("2", "float64", 0, "CDAB"),
        place_at("4", "string"), place_at("65535", "uint64")}},
      {"delimited", {}, {place_at("1"), place_at("2", "int8"), place_at("40", "bool")}},
      {"delimited", {{"separator", text(" ")}}, {place_at("1"), place_at("3")}},
      {"regex",
       {{"pattern", text("^(S|D) *(?P<w>[-+0-9.]+)? *(\\w*)")}},
       {place_at("w"), place_at("1"), place_at("3", "string")}},
      {"pairs", {{"separator", text(";")}}, {place_at("T"), place_at("H", "uint8")}},
      {"json", {}, {place_at(""), place_at("/t"), place_at("/a/1/b", "int16"), place_at("/a/0", "string")}},
      {"cbor", {}, {place_at(""), place_at("/t"), place_at("/1/1", "int64"), place_at("/-2")}},
      {"messagepack", {}, {place_at(""), place_at("/t"), place_at("/a/0", "bool")}},
      {"nmea", {}, {place_at("MWV.1"), place_at("XDR.TempAir", "float32"), place_at("GLL.2")}},
  };
  std::vector<Extraction> all;
  for (const Bench& bench : benches) {
    std::vector<Setting> settings = bench.more;
    settings.emplace_back("format", text(bench.format));
    const Fields payload = payload_of(settings);
    all.push_back(std::move(*Extraction::compile(&payload, bench.places)));
  }
  return all;
}

struct OnceOnly final : ExtractionSink {
  void found(size_t place, Value value) override {
    tell(place);
    if (value.is_text() && value.as_text().size() > longest) holds = false;
    told += to_text(value) + "\n";
  }
  void wrong(size_t place, std::string_view why) override {
    tell(place);
    told += why;
  }
  void tell(size_t place) {
    holds = holds && place < 64 && (seen >> place & 1) == 0;
    seen |= uint64_t{1} << (place & 63);
  }
  uint64_t seen = 0;
  size_t longest = 0;
  bool holds = true;
  std::string told;
};

}  // namespace

inline bool extraction_holds(std::span<const uint8_t> input) {
  static const std::vector<Extraction> all = every_extraction();
  if (input.empty()) return true;
  const Extraction& extraction = all[input[0] % all.size()];
  const auto frame = input.subspan(1);
  OnceOnly first;
  OnceOnly second;
  // A number as text may be longer than in CBOR; nothing is longer than this.
  first.longest = second.longest = std::max<size_t>(frame.size(), 32);
  const Status status = extraction.read(frame, first);
  if (!status.ok() && (first.seen != 0 || status.fault() != Fault::bad_reply)) return false;
  (void)extraction.read(frame, second).ok();
  return first.holds && first.told == second.told;
}

}  // namespace ferrule

#ifdef FERRULE_FUZZ
// FERRULE_FUZZ_FORMAT=N keeps to one format, in the order above.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const char* const only = std::getenv("FERRULE_FUZZ_FORMAT");
  std::vector<uint8_t> input(bytes, bytes + size);
  if (only != nullptr && size > 0) input[0] = static_cast<uint8_t>(std::atoi(only));
  if (!ferrule::extraction_holds(input)) std::abort();
  return 0;
}
#endif
