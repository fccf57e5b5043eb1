// The limits of structured payloads, and their readers against each other.
#include "drivers_common/document.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/fakes/frame_catcher.h"

namespace ferrule {

namespace {

std::string repeated(std::string_view piece, size_t times) {
  std::string all;
  while (times-- > 0) all += piece;
  return all;
}

TEST(Document, nesting_ends_at_its_limit_whatever_the_format) {
  EXPECT_TRUE(Document::json(bytes_of(repeated("[", 32) + repeated("]", 32))).ok());
  EXPECT_THAT(Document::json(bytes_of(repeated("[", 100'000))).status().what(), testing::HasSubstr("deeper than 32"));
  EXPECT_THAT(Document::cbor(bytes_of(repeated("\x81", 100'000))).status().what(), testing::HasSubstr("deeper than 32"));
  EXPECT_THAT(Document::cbor(bytes_of(repeated("\x9f", 100'000))).status().what(), testing::HasSubstr("deeper than 32"));
  EXPECT_THAT(Document::messagepack(bytes_of(repeated("\x91", 100'000))).status().what(), testing::HasSubstr("deeper than 32"));
}

TEST(Document, tags_and_chunks_do_not_nest) {
  EXPECT_FALSE(Document::cbor(bytes_of(repeated("\xc6", 100'000))).ok());
  EXPECT_FALSE(Document::cbor(bytes_of(repeated("\x7f", 100'000))).ok());
  const auto chunks =
      Document::cbor(bytes_of("\x7f\x61"
                              "a\x61"
                              "b\xff"));
  ASSERT_TRUE(chunks.ok()) << chunks.status().what();
  EXPECT_EQ(to_text(chunks->root().value), "ab");
}

TEST(Document, a_length_that_is_not_there_costs_nothing) {
  for (const std::string_view huge : {std::string_view("\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", 9),
                                      std::string_view("\x7b\xff\xff\xff\xff\xff\xff\xff\xff", 9)}) {
    EXPECT_FALSE(Document::cbor(bytes_of(huge)).ok());
  }
  EXPECT_FALSE(Document::messagepack(bytes_of(std::string_view("\xdd\xff\xff\xff\xff", 5))).ok());
  EXPECT_FALSE(Document::messagepack(bytes_of(std::string_view("\xdb\xff\xff\xff\xff", 5))).ok());
}

TEST(Document, many_values_end_at_their_limit) {
  EXPECT_FALSE(Document::json(bytes_of("[" + repeated("0,", 20'000) + "0]")).ok());
  EXPECT_FALSE(Document::messagepack(bytes_of(std::string("\xdc\x4e\x20", 3) + std::string(20'000, '\x01'))).ok());
}

TEST(Document, an_empty_payload_is_none) {
  EXPECT_FALSE(Document::json({}).ok());
  EXPECT_FALSE(Document::cbor({}).ok());
  EXPECT_FALSE(Document::messagepack({}).ok());
}

void append(std::string& out, const Document& document, const Document::Node& node) {
  if (node.kind == Document::Kind::value) {
    out += node.value.empty() ? "null" : to_text(node.value);
    return;
  }
  out += node.kind == Document::Kind::map ? "{" : "[";
  for (const Document::Node* child = document.child(node); child != nullptr; child = document.next(*child)) {
    if (node.kind == Document::Kind::map) out += to_text(child->key) + ":";
    append(out, document, *child);
    out += ",";
  }
  out += "]";
}

std::string shape(const Result<Document>& document) {
  if (!document.ok()) return document.status().what();
  std::string out;
  append(out, *document, document->root());
  return out;
}

// nlohmann writes CBOR and MessagePack; we must read the same out of both as out of the JSON.
TEST(Document, three_notations_of_one_document_read_the_same) {
  for (const std::string_view written :
       {R"({"a":1,"b":[true,false,null,-1,-129,-40000,70000,5000000000,"text"],"c":{"d":{"e":[]}},"f":1.5})", R"([])", R"(7)",
        R"({"long":"0123456789012345678901234567890123456789","n":[0,23,24,255,256,65535,65536,-24,-25,-256,-257]})"}) {
    const auto json = nlohmann::json::parse(written);
    const std::string wanted = shape(Document::json(bytes_of(written)));
    EXPECT_EQ(shape(Document::cbor(nlohmann::json::to_cbor(json))), wanted);
    EXPECT_EQ(shape(Document::messagepack(nlohmann::json::to_msgpack(json))), wanted);
  }
}

}  // namespace

}  // namespace ferrule
