// A payload taken apart as often as there are tags in it, but read only once; and a value written as a payload. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coap/code.h"
#include "coap/point.h"
#include "coap/senml.h"
#include "core/sample.h"
#include "drivers_common/document.h"

namespace ferrule::coap {

struct Taken {
  Value value;  // empty: see reason
  Reason reason = Reason::none;
  int64_t source_ns = 0;  // the device's own time, where it gave one
};

ContentFormat content_format(Format format);

class Payload {
 public:
  // `bytes` outlives the payload. `said` is what the device says of it; `now` resolves SenML times that count from now.
  Payload(ContentFormat said, std::string_view bytes, WallTime now) : said_(said), bytes_(bytes), now_(now) {}

  // bad_reply: the payload is not of its format, or there is nothing at the place. not_a_number: the type asks for one.
  Taken take(const Place& place);

  // For devices that send unasked: every value at the place, oldest first, because a SenML pack may hold several of one name.
  // Empty: there is nothing at the place.
  std::vector<Taken> take_all(const Place& place);
  // The payload is of the format in which the place is looked for.
  bool readable(const Place& place);

 private:
  using Records = Result<std::vector<SenmlRecord>>;
  const Result<Document>& document(bool cbor);
  const Records& records(bool cbor);
  Format format_of(const Place& place) const;
  const Document::Node* node(const Place& place);
  std::vector<const SenmlRecord*> records_of(const Place& place);  // oldest first

  ContentFormat said_;
  std::string_view bytes_;
  WallTime now_;
  std::optional<Result<Document>> documents_[2];  // JSON, CBOR
  std::optional<Records> records_[2];
};

struct Written {
  ContentFormat format;
  std::string bytes;
};
// The payload of a command: text, or a document that has just this value at the place. invalid: the value does not fit.
Result<Written> write_payload(const Place& place, const Value& value);

}  // namespace ferrule::coap
