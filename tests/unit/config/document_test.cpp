#include "config/document.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "config/document_parser.h"

namespace ferrule {

using namespace config;

namespace {

struct Parsed {
  explicit Parsed(std::string_view text, size_t most_nodes = kMostNodes) : parsed(parse_document(text, 0, most_nodes, report)) {
    complaints = report.take();
  }
  // "line:column: what" of the first.
  std::string first() const {
    if (complaints.empty()) return "";
    const Mark mark = complaints.front().mark;
    return std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": " + complaints.front().what;
  }
  Report report;
  ParsedDocument parsed;
  Complaints complaints;
};

std::string repeated(std::string_view piece, size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(Document, keeps_order_text_and_nesting) {
  const Parsed parsed("a: [1, two, {b: 3}]\nc: ~\n\"d\": 'x'\n");
  ASSERT_TRUE(parsed.parsed.usable);
  const Node root = parsed.parsed.document.root();
  ASSERT_EQ(root.size(), 3u);
  const Node list = root.find("a");
  ASSERT_EQ(list.size(), 3u);
  std::vector<std::string> items;
  for (const Node item : list.items()) items.emplace_back(item.is_scalar() ? item.text() : item.find("b").text());
  EXPECT_EQ(items, (std::vector<std::string>{"1", "two", "3"}));
  EXPECT_TRUE(root.find("c").is_null());
  EXPECT_TRUE(root.find("d").quoted());
  EXPECT_FALSE(list.quoted());
  EXPECT_FALSE(root.find("nothing"));
}

TEST(Document, marks_count_lines_and_letters_from_one) {
  const Parsed parsed("a: 1\nbb: { units: \"°C\", x: 2 }\nempty:\n");
  const Node root = parsed.parsed.document.root();
  EXPECT_EQ(root.find("a").mark(), (Mark{1, 4, 0}));
  EXPECT_EQ(root.find("bb").find("x").mark(), (Mark{2, 23, 0})) << "° is one letter, though two bytes";
  EXPECT_EQ(root.find("empty").mark(), (Mark{3, 1, 0})) << "nothing stands where its key stands";
}

TEST(Document, an_empty_file_is_an_empty_map) {
  for (const std::string text : {"", "\n", "# nothing\n", "---\n", "\xef\xbb\xbf"}) {
    const Parsed parsed(text);
    EXPECT_TRUE(parsed.parsed.usable) << text << parsed.first();
    EXPECT_TRUE(parsed.parsed.document.root().is_null());
    EXPECT_TRUE(parsed.parsed.document.root());
  }
}

TEST(Document, refuses_what_yaml_offers_for_attacks) {
  const struct {
    std::string text, complaint;
  } kCases[] = {
      {"a: &x 1\n", "1:4: an anchor"},
      {"a: *x\n", "1:4: not valid YAML: the referenced anchor is not defined"},
      {"<<: {a: 1}\n", "1:1: merging"},
      {"a: !!binary aGk=\n", "1:4: the tag 'tag:yaml.org,2002:binary'"},
      {"a: !x {b: 1}\n", "1:4: the tag '!x'"},
      {"a: 1\na: 2\n", "2:1: the key 'a' stands here twice (first in line 1)"},
      {"{ a: 1, \"a\": 2 }\n", "1:9: the key 'a' stands here twice"},
      {"? [1]\n: 2\n", "1:3: a key must be a word"},
      {"a: 1\n---\nb: 1\n", "2:1: a second document"},
      {"a: 1\n...\nb: 1\n", "3:1: a second document"},
      {"a: \"b\nc: 1\n", "1:4: the quote that begins here is not closed"},
      {"a: 'it''s\nc: 1\n", "1:4: the quote that begins here is not closed"},
      {"a: !secret \"b\n", "1:4: the quote that begins here is not closed"},
      {"a: \"b\\\"\n", "1:4: the quote that begins here is not closed"},
      {"a: b\xff\n", "1:5: not UTF-8 (byte 0xff)"},
      {"a: \xed\xa0\x80\n", "1:4: not UTF-8"},
      {"a: \xc0\xaf\n", "1:4: not UTF-8"},
      {std::string("a: 1\n\0b: 2\n", 11), "2:1: a control character (0x00)"},
      {"a: \x1b[31m\n", "1:4: a control character (0x1b)"},
      {"\xfe\xff\0a", "1:1: the file is UTF-16"},
  };
  for (const auto& test : kCases) {
    const Parsed parsed(test.text);
    EXPECT_TRUE(parsed.first().starts_with(test.complaint)) << test.text << " gave " << parsed.first();
  }
}

TEST(Document, quotes_that_are_closed_are_fine) {
  for (const std::string text :
       {"a: 'it''s'\n", "a: \"say \\\"x\\\"\"\n", "a: \"\"", "a: ''\n", "\"a\": 1 # \"\n", "a: !secret 'x'\n", "a: it's\n",
        "a: |\n  \"open\n", "a: \"two\n  lines\"\n", "- \"x\"\r\n- 'y'\r\n"}) {
    const Parsed parsed(text);
    EXPECT_TRUE(parsed.parsed.usable) << text << parsed.first();
    EXPECT_TRUE(parsed.complaints.empty()) << text;
  }
}

TEST(Document, duplicate_keys_of_large_maps_are_found) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  EXPECT_TRUE(Parsed(text).complaints.empty());
  EXPECT_EQ(Parsed(text + "k7: 2\n").first(), "1001:1: the key 'k7' stands here twice (first in line 8): remove one of them");
}

TEST(Document, depth_is_limited_to_32) {
  EXPECT_TRUE(Parsed(repeated("[", 32) + repeated("]", 32)).parsed.usable);
  EXPECT_TRUE(Parsed(repeated("[", 33) + repeated("]", 33)).first().starts_with("1:33: nested more than 32 levels"));
}

TEST(Document, nodes_are_limited) {
  EXPECT_TRUE(Parsed("[1, 2, 3]", 4).parsed.usable);
  EXPECT_TRUE(Parsed("[1, 2, 3]", 3).first().starts_with("1:8: more than"));
}

// At 16 MiB each takes yaml-cpp alone seconds or gigabytes. Few nodes made means that little was scanned.
TEST(Document, pieces_that_yaml_cpp_would_hold_in_memory_are_refused) {
  constexpr size_t kSize = 2u << 20;
  for (const std::string& text :
       {repeated("[", kSize), repeated("[\n", kSize / 2), repeated("{a: ", kSize / 4), "[" + repeated("x,\n", kSize / 3) + "]",
        "a: \"" + repeated("x\n", kSize / 2) + "\"", "a: " + repeated("x", kSize), repeated("# c\n", kSize / 4),
        "a: |\n" + repeated("  x\n", kSize / 4), repeated("? ", kSize / 2), repeated("- ", kSize / 2)}) {
    const Parsed parsed(text);
    EXPECT_FALSE(parsed.parsed.usable) << text.substr(0, 20);
    EXPECT_EQ(parsed.complaints.size(), 1u) << text.substr(0, 20);
    EXPECT_LT(parsed.parsed.document.size(), 100'000u);
  }
}

TEST(Document, a_piece_below_the_limit_is_taken) {
  EXPECT_TRUE(Parsed("a: [" + repeated("x,", 30'000) + "]\n").parsed.usable);
  EXPECT_TRUE(Parsed(repeated("# a long explanation of what follows\n", 2000) + "a: 1\n").parsed.usable);
}

TEST(Document, complaints_are_limited_to_a_hundred) {
  EXPECT_EQ(Parsed(repeated("- &a x\n", 100'000)).complaints.size(), Report::kMost);
}

}  // namespace

}  // namespace ferrule
