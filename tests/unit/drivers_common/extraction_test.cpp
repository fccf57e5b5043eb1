// Frames with the values in them, format by format.
#include "drivers_common/extraction.h"

#include <gmock/gmock.h>

#include "tests/fakes/payloads.h"

namespace ferrule {

namespace {

struct Case {
  std::string_view name;
  std::vector<Setting> payload;
  Place place;
  std::string frame;
  std::string wanted;  // "!why": there, and cannot be read; "": left out; "#": the whole frame is refused
};

std::vector<Setting> format(std::string_view word) { return {{"format", text(word)}}; }
std::vector<Setting> pattern(std::string_view words) { return {{"format", text("regex")}, {"pattern", text(words)}}; }

const std::vector<Setting> kScale = pattern("^S S +(?P<weight>[-0-9.]+) (\\w+)$");
const std::string kBinary{"\x01\xff\x00\x2a\xfe\x42\xf6\xe6\x66\x80\x00\x01pump\0x", 18};
const std::string kJson = R"({"t":21.5,"ok":true,"n":7,"a":[{"b":1},{"b":"x"}],"none":null,"big":18446744073709551615,"a/b":3})";
const std::string kCbor{
    "\xa4\x61t\xf9\x4d\x60\x21\x64plug\x01\x82\x18\x2a\x38\x63\x62"
    "ab\xc1\x1a\x5f\x00\x00\x00",
    27};
const std::string kMessagePack{
    "\x83\xa1t\xca\x41\xac\x00\x00\xa1"
    "a\x92\xd1\xff\x00\xc3\xa1n\xc0",
    18};
const std::string kWind = "$WIMWV,214.8,R,0.1,K,A*28";
const std::string kTransducers = "$WIXDR,C,19.5,C,TempAir,P,1.0,B,Barometer*5D";

const Case kCases[] = {
    {"text is one value", format("text"), place_at(""), " 21.5 \r", "21.5"},
    {"text that is no number", format("text"), place_at(""), "open", "open"},
    {"text of a type", format("text"), place_at("", "int16"), "40000", "!not of its type"},
    {"a field", format("delimited"), place_at("2"), "a,-3.25,c", "-3.25"},
    {"the last field", format("delimited"), place_at("3"), "a,b,c", "c"},
    {"no such field", format("delimited"), place_at("4"), "a,b,c", ""},
    {"an empty field", format("delimited"), place_at("2"), "a,,c", "!empty"},
    {"blanks count once", {{"format", text("delimited")}, {"separator", text(" ")}}, place_at("2"), "  S   12.5  g", "12.5"},
    {"a separator of a control byte",
     {{"format", text("delimited")}, {"separator", text("\\t")}},
     place_at("2", "uint8"),
     "a\t7",
     "7"},
    {"a pair", {{"format", text("pairs")}, {"separator", text(";")}}, place_at("H"), "T=21.5; H = 40 ;x", "40"},
    {"no such pair", format("pairs"), place_at("Q"), "T=21.5", ""},
    {"the first of two", format("pairs"), place_at("T"), "T=1,T=2", "1"},
    {"no pairs at all", format("pairs"), place_at("T"), "garbage", "#"},
    {"a named group", kScale, place_at("weight"), "S S     100.52 g", "100.52"},
    {"a numbered group", kScale, place_at("2"), "S S     100.52 g", "g"},
    {"a pattern that does not match", kScale, place_at("weight"), "S D     100.52 g", "#"},
    {"a group that took no part", pattern("(a)|(b)"), place_at("1"), "b", ""},
    {"letters that are not UTF-8", pattern("x(.)y"), place_at("1"), "x\xb0y", "\xb0"},
    {"a byte", format("binary"), place_at("0", "uint8"), kBinary, "1"},
    {"a signed byte", format("binary"), place_at("1", "int8"), kBinary, "-1"},
    {"two bytes", format("binary"), place_at("2", "uint16"), kBinary, "42"},
    {"two bytes, low first", format("binary"), place_at("2", "int16", 0, "DCBA"), kBinary, "10752"},
    {"a float", format("binary"), place_at("5", "float32"), kBinary, "123.45"},
    {"three bytes", format("binary"), place_at("9", "int24"), kBinary, "-8388607"},
    {"three bytes, low first", format("binary"), place_at("9", "uint24", 0, "DCBA"), kBinary, "65664"},
    {"one bit", format("binary"), place_at("3.3", "uint8"), kBinary, "true"},
    {"some bits", format("binary"), place_at("3.1-3", "uint8"), kBinary, "5"},
    {"some bits with a sign", format("binary"), place_at("4.1-3", "int8"), kBinary, "-1"},
    {"bits of a word", format("binary"), place_at("1.8-15", "uint16"), kBinary, "255"},
    {"a string", format("binary"), place_at("12", "string", 6), kBinary, "pump"},
    {"a string to the end", format("binary"), place_at("12", "string"), kBinary, "pump"},
    {"a boolean", format("binary"), place_at("2", "bool"), kBinary, "false"},
    {"beyond the end", format("binary"), place_at("16", "uint32"), kBinary, "!the frame ends before it"},
    {"json", format("json"), place_at("/t"), kJson, "21.5"},
    {"json in an array", format("json"), place_at("/a/1/b"), kJson, "x"},
    {"json true as a number", format("json"), place_at("/ok", "uint8"), kJson, "1"},
    {"json beyond int64", format("json"), place_at("/big"), kJson, "18446744073709551615"},
    {"json with a slash in its name", format("json"), place_at("/a~1b"), kJson, "3"},
    {"json null", format("json"), place_at("/none"), kJson, "!null, or no single value"},
    {"json that is no value", format("json"), place_at("/a"), kJson, "!null, or no single value"},
    {"json that is not there", format("json"), place_at("/a/2/b"), kJson, ""},
    {"json cut short", format("json"), place_at("/t"), kJson.substr(0, 30), "#"},
    {"json with more behind", format("json"), place_at("/t"), kJson + "{}", "#"},
    {"cbor", format("cbor"), place_at("/t"), kCbor, "21.5"},
    {"cbor by a negative key", format("cbor"), place_at("/-2"), kCbor, "plug"},
    {"cbor by key and index", format("cbor"), place_at("/1/1"), kCbor, "-100"},
    {"cbor within a tag", format("cbor"), place_at("/ab"), kCbor, "1593835520"},
    {"cbor cut short", format("cbor"), place_at("/t"), kCbor.substr(0, 26), "#"},
    {"messagepack", format("messagepack"), place_at("/t"), kMessagePack, "21.5"},
    {"messagepack in an array", format("messagepack"), place_at("/a/0"), kMessagePack, "-256"},
    {"messagepack null", format("messagepack"), place_at("/n"), kMessagePack, "!null, or no single value"},
    {"nmea", format("nmea"), place_at("MWV.1"), kWind, "214.8"},
    {"nmea of another sentence", format("nmea"), place_at("GLL.1"), kWind, ""},
    {"nmea of the wanted kind", format("nmea"), place_at("MWV[2=R,4=K,5?A].3"), kWind, "0.1"},
    {"nmea of another kind", format("nmea"), place_at("MWV[2=T].3"), kWind, ""},
    {"nmea that says that it is not valid", format("nmea"), place_at("MWV[2=R,5?A].1"), "$WIMWV,359.9,R,0.0,M,V*31",
     "!the device says that it is not valid"},
    {"nmea of another kind, and not valid", format("nmea"), place_at("MWV[2=T,5?A].1"), "$WIMWV,359.9,R,0.0,M,V*31", ""},
    {"nmea transducer by name", format("nmea"), place_at("XDR.Barometer"), kTransducers, "1"},
    {"nmea with a wrong sum", format("nmea"), place_at("MWV.1"), "$WIMWV,214.8,R,0.1,K,A*29", "#"},
    {"nmea without a sum", format("nmea"), place_at("MWV.1"), "$WIMWV,214.8,R,0.1,K,A", "#"},
    {"nmea without a sum where it may",
     {{"format", text("nmea")}, {"checksum_required", FieldValue(false)}},
     place_at("MWV.3"),
     "$WIMWV,214.8,R,0.1,K,A",
     "0.1"},
    {"behind a length", {{"format", text("json")}, {"skip", whole(2)}}, place_at("/t"), R"(.9{"t":21.5})", "21.5"},
    {"shorter than what is skipped", {{"format", text("text")}, {"skip", whole(4)}}, place_at(""), "123", "#"},
    {"no sentence", format("nmea"), place_at("MWV.1"), "MWV,1", "#"},
};

std::string outcome(const Case& one) {
  const Fields payload = payload_of(one.payload);
  const auto extraction = Extraction::compile(&payload, {&one.place, 1});
  if (!extraction.ok()) return "cannot compile: " + extraction.status().what();
  ValueCatcher caught;
  const Status status = extraction->read(bytes_of(one.frame), caught);
  if (!status.ok()) return caught.said.empty() ? "#" : "refused, but told something";
  return caught.said.empty() ? "" : caught.said[0];
}

TEST(Extraction, frames_give_their_values) {
  for (const Case& one : kCases) EXPECT_EQ(outcome(one), one.wanted) << one.name;
}

TEST(Extraction, several_places_of_one_frame_are_told_by_their_number) {
  const Fields payload = payload_of({{"format", text("delimited")}});
  const std::vector<Place> places{place_at("3"), place_at("9"), place_at("1")};
  const auto extraction = Extraction::compile(&payload, places);
  ValueCatcher caught;
  ASSERT_TRUE(extraction->read(bytes_of("1,2,3"), caught).ok());
  EXPECT_EQ(caught.said, (std::map<size_t, std::string>{{0, "3"}, {2, "1"}}));
}

struct Refused {
  std::vector<Setting> payload;
  Place place;
  std::string_view words;
};

TEST(Extraction, places_that_cannot_be_are_named_with_their_remedy) {
  const Refused refused[] = {
      {format("binary"), place_at("4"), "needs its type"},
      {format("binary"), place_at("x", "uint8"), "counted from 0"},
      {format("binary"), place_at("4.8", "uint8"), "no bits"},
      {format("binary"), place_at("4.3-1", "uint8"), "no bits"},
      {format("binary"), place_at("4.3", "float32"), "no bits"},
      {format("binary"), place_at("4", "int24", 0, "CDAB"), "ABCD or DCBA"},
      {format("delimited"), place_at("0"), "counted from 1"},
      {format("text"), place_at("1"), "leave `at` out"},
      {format("pairs"), place_at(""), "the key"},
      {format("json"), place_at("t"), "begins with a slash"},
      {format("nmea"), place_at("MWV"), "MWV.3"},
      {format("nmea"), place_at("MWV.x"), "counted from 1"},
      {format("nmea"), place_at("MWV[2=R"), "MWV[2=R,5?A].3"},
      {format("nmea"), place_at("MWV[2=R]3.1"), "MWV[2=R,5?A].3"},
      {format("nmea"), place_at("MWV[R].3"), "in brackets"},
      {format("nmea"), place_at("MWV[2=R,].3"), "in brackets"},
      {format("regex"), place_at("1"), "needs a pattern"},
      {pattern("(a"), place_at("1"), "no regular expression"},
      {pattern("(a)"), place_at("2"), "no group '2'"},
      {pattern("(a)"), place_at("weight"), "(?P<weight>"},
  };
  for (const Refused& one : refused) {
    const Fields payload = payload_of(one.payload);
    const auto extraction = Extraction::compile(&payload, {&one.place, 1});
    EXPECT_FALSE(extraction.ok()) << one.words;
    EXPECT_THAT(extraction.status().what(), testing::HasSubstr(one.words));
  }
}

// An expression that takes a backtracking engine for ever.
TEST(Extraction, a_nasty_expression_costs_no_more_than_the_frame_is_long) {
  const Fields payload = payload_of(pattern("^(([a-z])+.)+[A-Z]([a-z])+$"));
  const Place place = place_at("1");
  const auto extraction = Extraction::compile(&payload, {&place, 1});
  ASSERT_TRUE(extraction.ok());
  ValueCatcher caught;
  EXPECT_FALSE(extraction->read(bytes_of(std::string(60'000, 'a')), caught).ok());
}

}  // namespace

}  // namespace ferrule
