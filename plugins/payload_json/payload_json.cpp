// `payload: json`: ferrule's default payload. One record is one object; several are an array of such objects.
#include <algorithm>

#include "payload_json/data_json.h"
#include "payload_json/event_json.h"
#include "sdk/encoder.h"

namespace ferrule {

namespace {

constexpr std::string_view kIntegerWords[] = {"never", "beyond_2_53"};
constexpr FieldSpec kFields[] = {
    {.name = "integers_as_text",
     .kind = FieldKind::choice,
     .help = "Which whole numbers are written as strings, for receivers that read every number as a double.",
     .example = "beyond_2_53",
     .initial = "never",
     .words = kIntegerWords},
};

class JsonEncoder final : public Encoder {
 public:
  JsonEncoder(const EncoderContext& context, bool integers_as_text)
      : gateway_(context.gateway), names_(context.names), data_(context.gateway, context.names, integers_as_text) {}

  Status encode(std::span<const EncoderInput> inputs, size_t max_bytes, std::vector<std::string>& messages) override {
    const size_t before = messages.size();
    Status status = inputs.size() == 1 ? one(inputs.front(), max_bytes, "", messages) : several(inputs, max_bytes, messages);
    if (!status) messages.resize(before);
    return status;
  }

 private:
  // The record as one object, or as several parts; each between the brackets of `frame` ("" or "[]").
  Status one(const EncoderInput& input, size_t max_bytes, std::string_view frame, std::vector<std::string>& messages) {
    out_.assign(frame, 0, 1);
    append(input);
    out_.append(frame.substr(frame.size() / 2));
    if (out_.size() <= max_bytes) {
      messages.push_back(out_);  // a copy of just the size; out_ keeps its capacity
      return {};
    }
    if (!std::holds_alternative<Samples>(input.record->body)) {
      return {Fault::invalid, "the event takes " + std::to_string(out_.size()) + " bytes, more than max_message (" +
                                  std::to_string(max_bytes) + ")"};
    }
    pieces_.clear();
    const size_t room = max_bytes - std::min(max_bytes, frame.size());
    if (Status status = data_.cut(input, room, pieces_); !status) return status;
    for (const DataJson::Piece& piece : pieces_) {
      out_.assign(frame, 0, 1);
      data_.append(out_, input, piece);
      out_.append(frame.substr(frame.size() / 2));
      messages.push_back(out_);
    }
    return {};
  }

  // Arrays, each filled as far as it goes; a record that does not fit by itself goes in parts, each in an array of its own.
  Status several(std::span<const EncoderInput> inputs, size_t max_bytes, std::vector<std::string>& messages) {
    batch_ = "[";
    for (const EncoderInput& input : inputs) {
      out_.clear();
      append(input);
      if (batch_.size() > 1 && batch_.size() + out_.size() + 2 > max_bytes) close(messages);
      if (out_.size() + 2 > max_bytes) {
        if (Status status = one(input, max_bytes, "[]", messages); !status) return status;
        continue;
      }
      if (batch_.size() > 1) batch_ += ',';
      batch_ += out_;
    }
    if (batch_.size() > 1) close(messages);
    return {};
  }

  void close(std::vector<std::string>& messages) {
    batch_ += ']';
    messages.push_back(batch_);
    batch_ = "[";
  }

  void append(const EncoderInput& input) {
    if (const auto* samples = std::get_if<Samples>(&input.record->body)) {
      data_.append(out_, input, {*samples});
    } else {
      append_event(out_, gateway_, names_, input);
    }
  }

  const std::string gateway_;
  const Names& names_;
  DataJson data_;
  std::string out_, batch_;
  std::vector<DataJson::Piece> pieces_;
};

Result<std::unique_ptr<Encoder>> build(const Fields& fields, const EncoderContext& context) {
  // An uplink that says nothing about its payload has Fields without a table.
  const bool as_text = !fields.empty() && fields.text("integers_as_text") == "beyond_2_53";
  return std::unique_ptr<Encoder>(std::make_unique<JsonEncoder>(context, as_text));
}

}  // namespace

extern const EncoderType k_payload_json_encoder;
const EncoderType k_payload_json_encoder{
    .name = "json", .help = "One JSON object a record: values, and what is wrong with them.", .fields = kFields, .build = build};

}  // namespace ferrule
