#include "config/document_parser.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <exception>
#include <istream>
#include <unordered_map>

#include "config/paced_text.h"
#include "config/parse_faults.h"
#include "config/text_check.h"

namespace ferrule::config {

// Thrown through yaml-cpp to end the parse; what is wrong has been reported.
struct Enough : std::exception {};

class DocumentBuilder final : public YAML::EventHandler {
 public:
  DocumentBuilder(std::string_view text, PacedText& paced, Document& document, uint16_t file, size_t most_nodes, Report& report)
      : source_(text),
        ascii_(std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; })),
        paced_(paced),
        document_(document),
        most_nodes_(most_nodes),
        report_(report) {
    document_.file_ = file;
    document_.text_.reserve(text.size());  // address space, not memory: what is not used is never touched
    document_.cells_.reserve(text.size() / 4 + 1);
  }

  Mark place(const YAML::Mark& mark) const {
    const auto at = std::min(static_cast<size_t>(std::max(mark.pos, 0)), source_.size());
    const auto bytes = std::min(static_cast<size_t>(std::max(mark.column, 0)), at);
    const size_t column = ascii_ ? bytes + 1 : column_at(source_, at, bytes);
    return {static_cast<uint32_t>(mark.line + 1), static_cast<uint16_t>(std::min<size_t>(column, 65535)), document_.file_};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) fail(place(mark), "a second document ('---') begins here: a file holds one; put it into conf.d/");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Mark at = place(mark);
    if (in_value()) at = {document_.cells_.back().line, document_.cells_.back().column, document_.file_};  // where its key is
    reached(mark);
    add(at, NodeKind::null, "", anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    complain(place(mark), "an alias ('*name') is not allowed: write the value out here");
    OnNull(mark, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    reached(mark);
    last_scalar_ = static_cast<size_t>(std::max(mark.pos, 0));
    const Mark at = place(mark);
    last_scalar_at_ = at;
    const bool is_key = !stack_.empty() && !in_value() && document_.cells_[stack_.back().cell].kind == NodeKind::map;
    if (is_key && value == "<<" && tag != "!") {
      complain(at, "merging with '<<' is not allowed: write the keys out, or use a device profile");
    }
    const uint32_t index = add(at, NodeKind::scalar, tag, anchor);
    Document::Cell& cell = document_.cells_[index];
    cell.text = static_cast<uint32_t>(document_.text_.size());
    cell.size = static_cast<uint32_t>(value.size());
    cell.quoted = tag == "!";
    cell.secret = tag == "!secret";
    document_.text_ += value;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, NodeKind::list, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, NodeKind::map, tag, anchor, style);
  }
  void OnMapEnd() override {
    check_duplicates(stack_.back().cell);
    close();
  }

  std::string_view line_of(const YAML::Mark& mark) const {
    const auto at = std::min(static_cast<size_t>(std::max(mark.pos, 0)), source_.size());
    const size_t newline = at == 0 ? std::string_view::npos : source_.rfind('\n', at - 1);
    const size_t from = newline == std::string_view::npos ? 0 : newline + 1;
    return source_.substr(from, source_.find('\n', from) - from);
  }

  // Where the innermost {...} or [...] begins that the text ends in; nothing outside of one.
  std::string open_bracket() const {
    if (stack_.empty() || !stack_.back().flow) return {};
    return " (it begins in line " + std::to_string(document_.cells_[stack_.back().cell].line) + ")";
  }

  // yaml-cpp takes the rest of a file for the text of a quote that is not closed, without a word. An empty file is an empty map.
  void finish() {
    if (!quote_closed(source_.substr(std::min(last_scalar_, source_.size())))) {
      fail(last_scalar_at_, "the quote that begins here is not closed: the rest of the file would be taken for its text");
    }
    if (document_.cells_.empty()) add({1, 1, document_.file_}, NodeKind::null, "", 0);
  }

  Mark last_place() const {
    if (document_.cells_.empty()) return {1, 1, document_.file_};
    const Document::Cell& cell = document_.cells_.back();
    return {cell.line, cell.column, document_.file_};
  }

  [[noreturn]] void fail(Mark at, std::string what) {
    report_.add(at, std::move(what));
    throw Enough();
  }

 private:
  struct Open {
    uint32_t cell;
    bool flow = false;        // {...} or [...]
    bool value_next = false;  // in a map: a key has been read
  };

  bool in_value() const { return !stack_.empty() && stack_.back().value_next; }

  // What the parser makes of a text that was cut off means nothing.
  void reached(const YAML::Mark& mark) {
    if (paced_.ran_ahead()) throw Enough();
    paced_.event_at(static_cast<size_t>(std::max(mark.pos, 0)));
  }

  void complain(Mark at, std::string what) {
    report_.add(at, std::move(what));
    if (report_.full()) throw Enough();
  }

  void open(const YAML::Mark& mark, NodeKind kind, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    reached(mark);
    const Mark at = place(mark);
    const uint32_t cell = add(at, kind, tag, anchor);
    if (stack_.size() == kMostDepth) {
      fail(at, "nested more than " + std::to_string(kMostDepth) + " levels deep: a configuration needs no more than 10");
    }
    stack_.push_back({cell, style == YAML::EmitterStyle::Flow});
  }

  void close() {
    document_.cells_[stack_.back().cell].next = static_cast<uint32_t>(document_.cells_.size());
    stack_.pop_back();
  }

  uint32_t add(Mark at, NodeKind kind, const std::string& tag, YAML::anchor_t anchor) {
    if (document_.cells_.size() >= most_nodes_) {
      fail(at, "more than " + std::to_string(kMostNodes) + " values: use `count` for rows of tags, and profiles");
    }
    if (anchor != 0) complain(at, "an anchor ('&name') is not allowed: remove it, and write the value out where it is used");
    if (!tag.empty() && tag != "?" && tag != "!" && tag != "!secret") {
      complain(at, "the tag " + cited(tag) + " is not allowed: remove it (only !secret is known)");
    }
    count_in_parent(at, kind);
    const auto index = static_cast<uint32_t>(document_.cells_.size());
    Document::Cell cell;
    cell.line = at.line;
    cell.column = at.column;
    cell.kind = kind;
    cell.next = index + 1;
    document_.cells_.push_back(cell);
    return index;
  }

  void count_in_parent(Mark at, NodeKind kind) {
    if (stack_.empty()) return;
    Open& parent = stack_.back();
    Document::Cell& cell = document_.cells_[parent.cell];
    if (cell.kind == NodeKind::list) {
      ++cell.size;
      return;
    }
    if (parent.value_next) ++cell.size;
    if (!parent.value_next && kind != NodeKind::scalar) fail(at, "a key must be a word or a number: write `key: value`");
    parent.value_next = !parent.value_next;
  }

  // The first place is remembered for maps of any size; most have fewer than ten keys, for which comparing is cheapest.
  void check_duplicates(uint32_t map) {
    document_.cells_[map].next = static_cast<uint32_t>(document_.cells_.size());
    const Node node(document_, map);
    if (node.size() > 16) return check_duplicates_of_many(node);
    std::array<std::string_view, 16> keys;
    size_t count = 0;
    for (const MapEntry entry : node.entries()) {
      const std::string_view key = entry.key.text();
      const auto* known = std::find(keys.begin(), keys.begin() + count, key);
      if (known != keys.begin() + count) complain_twice(entry.key, first_line(node, key));
      keys[count++] = key;
    }
  }

  void check_duplicates_of_many(const Node& node) {
    std::unordered_map<std::string_view, uint32_t> lines;
    lines.reserve(node.size());
    for (const MapEntry entry : node.entries()) {
      const auto [known, fresh] = lines.emplace(entry.key.text(), entry.key.mark().line);
      if (!fresh) complain_twice(entry.key, known->second);
    }
  }

  static uint32_t first_line(const Node& map, std::string_view key) {
    for (const MapEntry entry : map.entries()) {
      if (entry.key.text() == key) return entry.key.mark().line;
    }
    return 0;
  }

  void complain_twice(const Node& key, uint32_t first) {
    complain(key.mark(), "the key " + cited(key.text()) + " stands here twice (first in line " + std::to_string(first) +
                             "): remove one of them");
  }

  std::string_view source_;
  bool ascii_;
  PacedText& paced_;
  Document& document_;
  size_t most_nodes_;
  Report& report_;
  size_t documents_ = 0;
  size_t last_scalar_ = 0;  // where it begins in the text
  Mark last_scalar_at_;
  std::vector<Open> stack_;
};

namespace {

// True: the whole text has been read.
bool run(YAML::Parser& parser, DocumentBuilder& builder, const PacedText& paced, Report& report) {
  try {
    while (parser.HandleNextDocument(builder) && !paced.ran_ahead()) {
    }
    if (paced.ran_ahead()) return false;
    builder.finish();
    return true;
  } catch (const Enough&) {
    return false;
  } catch (const YAML::Exception& error) {
    if (!paced.ran_ahead())
      report.add(builder.place(error.mark), explained(error.msg, builder.line_of(error.mark)) + builder.open_bracket());
    return false;
  }
}

}  // namespace

ParsedDocument parse_document(std::string_view text, uint16_t file, size_t most_nodes, Report& report) {
  ParsedDocument parsed;
  if (!check_text(text, file, report)) return parsed;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  try {
    PacedText paced(text);
    DocumentBuilder builder(text, paced, parsed.document, file, most_nodes, report);
    std::istream stream(&paced);
    YAML::Parser parser(stream);
    parsed.usable = run(parser, builder, paced, report);
    if (paced.ran_ahead()) {
      report.add(builder.last_place(),
                 "more than 128 KiB in one piece after this: write a long {...} or [...] as lines of `key: value` and `- item`, "
                 "and break up a long text or run of comments");
    }
  } catch (const std::exception& error) {  // memory, or a fault of yaml-cpp's
    parsed.usable = false;
    report.add({1, 1, file}, std::string("cannot be parsed: ") + error.what());
  }
  return parsed;
}

}  // namespace ferrule::config
