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
  if (node.kind == Document::Kind::other) {
    out += "other";
    return;
  }
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

struct TaggedNumber {
  const char* name;
  std::string bytes;
  std::string shape;
};

class CborNumbers : public testing::TestWithParam<TaggedNumber> {};

TEST_P(CborNumbers, read_as_what_their_tag_makes_of_them) {
  EXPECT_EQ(shape(Document::cbor(bytes_of(GetParam().bytes))), GetParam().shape);
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    Tags, CborNumbers,
    testing::Values(TaggedNumber{"decimal", "\xc4\x82\x21\x19\x6a\xb3"s, "273.15"},
                    TaggedNumber{"decimal_below_zero", "\xc4\x82\x20\x38\xd6"s, "-21.5"},
                    TaggedNumber{"decimal_of_a_big_number", "\xc4\x82\x20\xc2\x42\x01\x00"s, "25.6"},
                    TaggedNumber{"decimal_without_a_length", "\x81\xc4\x9f\x20\x0f\xff"s, "[1.5,]"},
                    TaggedNumber{"decimal_in_other_tags", "\xd9\xd9\xf7\xc4\x82\x20\x0f"s, "1.5"},
                    TaggedNumber{"bigfloat", "\xc5\x82\x20\x03"s, "1.5"},
                    TaggedNumber{"big_number", "\xc2\x48\xff\xff\xff\xff\xff\xff\xff\xff"s, "18446744073709551615"},
                    TaggedNumber{"big_number_with_zeros", "\xc2\x4a\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00"s, "256"},
                    TaggedNumber{"big_number_below_zero", "\xc3\x41\x09"s, "-10"},
                    TaggedNumber{"big_number_in_chunks", "\xc2\x5f\x41\x01\x41\x00\xff"s, "256"},
                    TaggedNumber{"big_number_as_key", "\xa1\xc2\x41\x07\x01"s, "{7:1,]"},
                    TaggedNumber{"beyond_64_bits", "\x82\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01"s, "[other,1,]"},
                    TaggedNumber{"beyond_a_double", "\x82\xc4\x82\x19\x01\x90\x01\x01"s, "[other,1,]"},
                    TaggedNumber{"bigfloat_beyond_a_double", "\x82\xc5\x82\x19\x04\x00\x01\x01"s, "[other,1,]"},
                    TaggedNumber{"exponent_without_end", "\x82\xc4\x82\x3b\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x01"s,
                                 "[other,1,]"},
                    TaggedNumber{"other_tags_are_passed_over", "\xc1\x1a\x65\x53\xf1\x00"s, "1700000000"},
                    TaggedNumber{"simple_values", "\x83\xe0\xf8\xff\x01"s, "[other,other,1,]"},
                    TaggedNumber{"simple_value_in_a_map",
                                 "\xa2\x61"
                                 "a\xf8\x20\x61"
                                 "b\x01"s,
                                 "{a:other,b:1,]"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Document, a_number_of_cbor_that_is_none_is_refused) {
  for (const std::string& bytes :
       {"\xc4\x05"s, "\xc2\x61\x31"s, "\xc4\x81\x01"s, "\xc4\x83\x01\x02\x03"s, "\xc4\x82\x01\x61\x31"s,
        "\xc4\x9f\x01\x02\x03\xff"s, "\xc4\x82\x01\xc4\x82\x01\x02"s, "\xc4\xc1\x82\x01\x02"s, "\xf8\x14"s, "\xc4\x82\x01"s}) {
    EXPECT_FALSE(Document::cbor(bytes_of(bytes)).ok()) << testing::PrintToString(bytes);
  }
}

}  // namespace

}  // namespace ferrule
