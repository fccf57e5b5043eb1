// Whatever the tables of frame, checksum, payload and place admit, into a frame rule and an extraction; and what is accepted
// runs.
//
// The input is read as a script: for each field of a table a byte says whether it is written, the next ones what. A field's own
// check (FieldSpec::check) has the last word, as it has in the loader. What is left of the input is the stream.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "drivers_common/extraction.h"
#include "drivers_common/frame_build.h"
#include "drivers_common/framer.h"
#include "tests/fakes/frame_catcher.h"

namespace ferrule {

namespace {

class Script {
 public:
  explicit Script(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint8_t byte() {
    if (bytes_.empty()) return 0;
    const uint8_t first = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::string letters() {
    const size_t wanted = byte() % 48;
    const size_t count = std::min(wanted, bytes_.size());
    std::string text(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
    bytes_ = bytes_.subspan(count);
    return text;
  }
  // Small ones, and the ends of the range.
  double number(const FieldSpec& spec) {
    const uint8_t kind = byte();
    const double least = std::isfinite(spec.least) ? spec.least : 0;
    const double most = std::isfinite(spec.most) ? spec.most : 1e6;
    if (kind == 255) return most;
    if (kind == 254) return least;
    return std::clamp<double>(kind >= 128 ? kind - 128.0 - 16.0 : byte(), least, most);
  }
  std::span<const uint8_t> rest() const { return bytes_; }

 private:
  std::span<const uint8_t> bytes_;
};

Fields fields_from(std::span<const FieldSpec> table, Script& script);

void set_from(const FieldSpec& spec, Fields& fields, Script& script) {
  switch (spec.kind) {
    case FieldKind::boolean: return fields.set(spec.name, (script.byte() & 1) != 0);
    case FieldKind::integer:
    case FieldKind::size: return fields.set(spec.name, static_cast<int64_t>(script.number(spec)));
    case FieldKind::duration:
      return fields.set(spec.name, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(script.number(spec))));
    case FieldKind::choice: return fields.set(spec.name, std::string(spec.words[script.byte() % spec.words.size()]));
    case FieldKind::object: return fields.set(spec.name, std::vector<Fields>{fields_from(spec.fields, script)});
    default: break;
  }
  std::string text = script.letters();
  if (spec.check == nullptr || spec.check(text).ok()) fields.set(spec.name, std::move(text));
}

Fields fields_from(std::span<const FieldSpec> table, Script& script) {
  Fields fields(table, Mark{1, 1, 0});
  for (const FieldSpec& spec : table) {
    if (spec.required || (script.byte() & 1) != 0) set_from(spec, fields, script);
  }
  return fields;
}

struct Ignore final : ExtractionSink {
  void found(size_t, Value) override {}
  void wrong(size_t, std::string_view) override {}
};

struct Limited final : FrameSink {
  Limited(const FrameRule& frame_rule, const Extraction* from) : rule(frame_rule), extraction(from) {}
  void frame(const Frame& one) override {
    holds = holds && one.content.size() <= rule.max_length;
    if (extraction == nullptr) return;
    Ignore ignore;
    (void)extraction->read(one.content, ignore).ok();
  }
  void dropped(FrameDrop, size_t) override {}
  const FrameRule& rule;
  const Extraction* extraction;
  bool holds = true;
};

}  // namespace

inline bool settings_hold(std::span<const uint8_t> input) {
  Script script(input);
  const Fields frame = fields_from(kFrameFieldTable, script);
  const Fields payload = fields_from(kPayloadFieldTable, script);
  std::vector<Place> places;
  for (size_t count = 1 + script.byte() % 3; count > 0; --count)
    places.push_back(place_of(&payload, fields_from(kPlaceFieldTable, script)));
  const auto extraction = Extraction::compile(&payload, places);
  if (!extraction.ok() && (extraction.status().fault() != Fault::invalid || extraction.status().what().empty())) return false;
  const auto rule = frame_rule(frame);
  if (!rule.ok()) return rule.status().fault() == Fault::invalid && !rule.status().what().empty();
  const auto stream = script.rest();
  Limited limited(*rule, extraction.ok() ? &*extraction : nullptr);
  const MonoTime now{std::chrono::hours(1)};
  Framer framer(*rule);
  if (rule->kind == FrameKind::whole) {
    framer.take_datagram(stream, now, limited);
  } else {
    for (size_t at = 0; at < stream.size(); at += 7)
      framer.take(stream.subspan(at, std::min<size_t>(7, stream.size() - at)), now, limited);
  }
  framer.tick(now + std::chrono::hours(2), limited);
  const auto built = build_frame(*rule, stream);
  return limited.holds && (built.ok() || built.status().fault() == Fault::invalid);
}

}  // namespace ferrule

#ifdef FERRULE_FUZZ
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (!ferrule::settings_hold({bytes, size})) std::abort();
  return 0;
}
#endif
