// Values of JSON, CBOR and MessagePack by their path.
#include "drivers_common/document.h"
#include "drivers_common/extraction_formats.h"

namespace ferrule {

namespace {

class DocumentFormat final : public FieldFormat {
 public:
  explicit DocumentFormat(PayloadFormat format) : format_(format) {}

  Status add(const Place& place) override {
    auto path = parse_pointer(place.at);
    if (!path) return path.status();
    paths_.push_back({std::move(*path), place.type});
    return {};
  }

  Status read(std::span<const uint8_t> frame, ExtractionSink& sink) const override {
    const auto document = parse(frame);
    if (!document) return document.status();
    for (size_t i = 0; i < paths_.size(); ++i) {
      const Document::Node* node = document->find(paths_[i].path);
      if (node == nullptr) continue;
      auto value = node->kind == Document::Kind::value ? value_as(node->value, paths_[i].type) : std::nullopt;
      if (value) {
        sink.found(i, std::move(*value));
      } else {
        sink.wrong(i, node->value.empty() ? "null, or no single value" : "not of its type");
      }
    }
    return {};
  }

 private:
  struct Path {
    std::vector<std::string> path;
    FieldType type;
  };
  Result<Document> parse(std::span<const uint8_t> frame) const {
    if (format_ == PayloadFormat::json) return Document::json(frame);
    return format_ == PayloadFormat::cbor ? Document::cbor(frame) : Document::messagepack(frame);
  }

  const PayloadFormat format_;
  std::vector<Path> paths_;
};

}  // namespace

std::unique_ptr<FieldFormat> make_document_format(PayloadFormat format) { return std::make_unique<DocumentFormat>(format); }

}  // namespace ferrule
