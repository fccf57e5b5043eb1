#include "payload_json/data_json.h"

#include <cmath>
#include <cstdlib>

#include "core/json_text.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;

constexpr int64_t kExact = int64_t{1} << 53;  // up to here a double holds every whole number

std::string head_of(const std::string& gateway) {
  std::string head = R"({"gateway":)";
  json::append_quoted(head, gateway);
  head += R"(,"device":)";
  return head;
}

bool not_a_number(const Value& value) {
  if (value.kind() == Value::Kind::float64) return !std::isfinite(value.as_double());
  return value.kind() == Value::Kind::float32 && !std::isfinite(value.as_float());
}

// What the payload says of a sample, which differs from the sample only for a good or uncertain NaN.
Quality shown_quality(const Sample& sample) { return not_a_number(sample.value) ? Quality::bad : sample.quality; }
Reason shown_reason(const Sample& sample) {
  return sample.quality != Quality::bad && not_a_number(sample.value) ? Reason::not_a_number : sample.reason;
}

bool has_value(const Sample& sample) { return !sample.value.empty() && shown_quality(sample) != Quality::bad; }

bool apart(const Sample& sample, MonoTime read_at) {
  const Duration offset = sample.read_at - read_at;
  return offset > 1ms || offset < -1ms;
}

// Entries were written as `,"a":1,"b":2`: turns the first comma into the brace.
void close_object(std::string& out, size_t start) {
  if (out.size() == start) {
    out += "{}";
  } else {
    out[start] = '{';
    out += '}';
  }
}

}  // namespace

DataJson::DataJson(const std::string& gateway, const Names& names, bool integers_as_text)
    : head_(head_of(gateway)), names_(names), integers_as_text_(integers_as_text), keys_(names) {}

void DataJson::append(std::string& out, const EncoderInput& input, const Piece& piece) {
  append_head(out, input);
  append_values(out, piece.samples);
  const MonoTime read_at = input.record->read_at;
  bool bad = false;
  bool uncertain = false;
  bool times = false;
  for (const Sample& sample : piece.samples) {
    const Quality quality = shown_quality(sample);
    bad |= quality == Quality::bad;
    uncertain |= quality == Quality::uncertain;
    times |= apart(sample, read_at);
  }
  if (bad) append_reasons(out, R"(,"bad":)", piece.samples, Quality::bad);
  if (uncertain) append_reasons(out, R"(,"uncertain":)", piece.samples, Quality::uncertain);
  if (times) append_times(out, piece.samples, read_at);
  if (input.historical) out += R"(,"historical":true)";
  if (input.clock_unknown()) out += R"(,"clock":"unknown")";
  if (piece.parts > 1) {
    out += R"(,"part":)";
    json::append_number(out, uint64_t{piece.part});
    out += R"(,"parts":)";
    json::append_number(out, uint64_t{piece.parts});
  }
  out += '}';
}

void DataJson::append_head(std::string& out, const EncoderInput& input) const {
  out += head_;
  json::append_quoted(out, names_.name(input.record->device));
  out += R"(,"boot":)";
  json::append_number(out, input.boot);
  out += R"(,"seq":)";
  json::append_number(out, input.seq);
  out += R"(,"timestamp":)";
  json::append_number(out, unix_ms(input.timestamp()));
}

void DataJson::append_values(std::string& out, std::span<const Sample> samples) {
  out += R"(,"values":)";
  const size_t start = out.size();
  for (const Sample& sample : samples) {
    if (!has_value(sample)) continue;
    out += ',';
    out += keys_[sample.tag];
    append_value(out, sample.value);
  }
  close_object(out, start);
}

void DataJson::append_value(std::string& out, const Value& value) const {
  const bool beyond = (value.kind() == Value::Kind::integer && (value.as_int() > kExact || value.as_int() < -kExact)) ||
                      (value.kind() == Value::Kind::unsigned_integer && value.as_uint() > kExact);
  const bool quoted = integers_as_text_ && beyond;
  if (quoted) out += '"';
  json::append_value(out, value);
  if (quoted) out += '"';
}

void DataJson::append_reasons(std::string& out, std::string_view name, std::span<const Sample> samples, Quality quality) {
  out += name;
  const size_t start = out.size();
  for (const Sample& sample : samples) {
    if (shown_quality(sample) != quality) continue;
    out += ',';
    out += keys_[sample.tag];
    out += '"';
    out += to_text(shown_reason(sample));  // our own words: nothing to escape
    out += '"';
  }
  close_object(out, start);
}

void DataJson::append_times(std::string& out, std::span<const Sample> samples, MonoTime read_at) {
  out += R"(,"times":)";
  const size_t start = out.size();
  for (const Sample& sample : samples) {
    if (!apart(sample, read_at)) continue;
    out += ',';
    out += keys_[sample.tag];
    json::append_number(out, int64_t{std::chrono::round<std::chrono::milliseconds>(sample.read_at - read_at).count()});
  }
  close_object(out, start);
}

size_t DataJson::size_of(const Sample& sample) {
  constexpr size_t kReason = 24;  // comma, quotes and the longest reason
  constexpr size_t kTime = 21;    // comma and the longest offset
  const size_t key = keys_[sample.tag].size();
  scratch_.clear();
  append_value(scratch_, sample.value);
  return (key + scratch_.size() + 1) + (key + kReason) + (key + kTime);
}

Status DataJson::cut(const EncoderInput& input, size_t max_bytes, std::vector<Piece>& pieces) {
  constexpr size_t kFrame = 140;  // every further member with its braces, two part numbers included
  const auto& samples = std::get<Samples>(input.record->body);
  scratch_.clear();
  append_head(scratch_, input);
  const size_t overhead = scratch_.size() + kFrame;
  const size_t first_piece = pieces.size();
  size_t begin = 0;
  size_t bytes = overhead;
  for (size_t i = 0; i < samples.size(); ++i) {
    const size_t more = size_of(samples[i]);
    if (overhead + more > max_bytes) {
      return {Fault::invalid, names_.full_name(samples[i].tag) + " alone takes " + std::to_string(overhead + more) +
                                  " bytes, more than max_message (" + std::to_string(max_bytes) + ")"};
    }
    if (bytes + more > max_bytes) {
      pieces.push_back({std::span(samples).subspan(begin, i - begin)});
      begin = i;
      bytes = overhead;
    }
    bytes += more;
  }
  pieces.push_back({std::span(samples).subspan(begin)});
  for (size_t i = first_piece; i < pieces.size(); ++i) {
    pieces[i].part = static_cast<uint32_t>(i - first_piece + 1);
    pieces[i].parts = static_cast<uint32_t>(pieces.size() - first_piece);
  }
  return {};
}

}  // namespace ferrule
