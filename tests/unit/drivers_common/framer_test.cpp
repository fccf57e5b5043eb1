// Streams with their frames, kind by kind.
#include "drivers_common/framer.h"

#include <gmock/gmock.h>

#include "drivers_common/frame_build.h"
#include "drivers_common/tagged_frame.h"
#include "tests/fakes/frame_catcher.h"
#include "tests/fakes/frame_rules.h"

namespace ferrule {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

constexpr MonoTime kStart{1h};

struct Stream {
  std::string_view name;
  std::vector<Setting> rule;
  std::string bytes;
  Texts frames;
  Texts drops;
};

FieldValue sum(const std::vector<Setting>& settings) { return object(sum_of(settings)); }

const std::vector<Setting> kStx{
    {"kind", text("between")}, {"start", text("\\x02")}, {"end", text("\\x03")}, {"max_length", whole(8)}};
const std::vector<Setting> kCrLf{{"kind", text("delimiter")}, {"end", text("\\r\\n")}, {"max_length", whole(8)}};
const std::vector<Setting> kSized{{"kind", text("length")},
                                  {"start", text("A")},
                                  {"length_at", whole(1)},
                                  {"length_width", whole(1)},
                                  {"max_length", whole(9)}};
const std::vector<Setting> kNmea{
    {"checksum", sum({{"kind", text("xor")}, {"from", whole(1)}, {"separator", text("*")}, {"as", text("hex")}})}};
const std::vector<Setting> kTagged{{"kind", text("tagged")}, {"start", text("FE")}, {"max_length", whole(40)}};

const Stream kStreams[] = {
    {"lines end at CR, LF or both", {}, "one\r\ntwo\nthree\r\r\n\nfour\n", {"one", "two", "three", "four"}, {}},
    {"a line without its end is none yet", {}, "one\ntw", {"one"}, {}},
    {"a line that is too long is lost, the next is found",
     {{"max_length", whole(3)}},
     "abcd\nabc\nabcdefgh\nx\n",
     {"abc", "x"},
     {"too_long", "too_long"}},
    {"half a delimiter is content", kCrLf, "a\rb\r\nc\nd\r\n", {"a\rb", "c\nd"}, {}},
    {"the longest frame of two letters' delimiter", kCrLf, "12345678\r\n123456789\r\nok\r\n", {"12345678", "ok"}, {"too_long"}},
    {"nmea with its sum",
     kNmea,
     "$GPGLL,5057.970,N,00146.110,E,142451,A*27\r\n$GPGLL,1*00\r\n",
     {"$GPGLL,5057.970,N,00146.110,E,142451,A"},
     {"bad_checksum"}},
    {"a sum that may be missing must be right where it is begun",
     {{"checksum", sum({{"kind", text("xor")}, {"separator", text("*")}, {"as", text("hex")}, {"required", FieldValue(false)}})}},
     "ab*03\nab\nab*0\nab*\n",
     {"ab", "ab"},
     {"bad_checksum", "bad_checksum"}},
    {"a sum behind the end covers it",
     {{"kind", text("between")},
      {"start", text("\\x02")},
      {"end", text("\\x03")},
      {"checksum", sum({{"kind", text("xor")}, {"behind_end", FieldValue(true)}, {"covers", text("with_end")}})}},
     std::string("\x02"
                 "ab\x03\x00\x02"
                 "a`\x03\x02\x02"  // its sum is a start
                 "ab\x03\x01\x02"
                 "cb\x03\x02",
                 20),
     {"ab", "a`", "cb"},
     {"bad_checksum"}},
    {"between start and end",
     kStx,
     "\x02"
     "abc"
     "\x03"
     "noise"
     "\x02"
     "d"
     "\x03",
     {"abc", "d"},
     {"noise"}},
    {"a new start begins anew",
     kStx,
     "\x02"
     "ab"
     "\x02"
     "cd"
     "\x03",
     {"cd"},
     {"unfinished"}},
    {"no end within the limit",
     kStx,
     "\x02"
     "123456789012345"
     "\x03\x02"
     "ok"
     "\x03",
     {"ok"},
     {"too_long"}},
    {"length of what follows it",
     kSized,
     std::string("A\x03"
                 "abcA\x00"
                 "A\x01"
                 "z",
                 10),
     {"A\x03"
      "abc",
      std::string("A\0", 2),
      "A\x01"
      "z"},
     {}},
    {"a length beyond the limit is out of step",
     kSized,
     "A\x7f"
     "A\x01"
     "z",
     {"A\x01"
      "z"},
     {"too_long"}},
    {"fixed", {{"kind", text("fixed")}, {"length", whole(3)}}, "abcdefgh", {"abc", "def"}, {}},
    {"tagged",
     kTagged,
     std::string("FE\x01\x01\x00\x02hi"
                 "xx"
                 "FE\x01\x02\x00\x00"
                 "FE\x02\x01\x00\x01z"
                 "FE\x01\x01\x00\x01k",
                 30),
     {"hi", "", "k"},
     {"noise", "wrong_version"}},
};

TEST(Framer, streams_give_their_frames) {
  for (const Stream& stream : kStreams) {
    const auto rule = rule_of(stream.rule);
    ASSERT_TRUE(rule.ok()) << stream.name << ": " << rule.status().what();
    Framer framer(*rule);
    FrameCatcher caught;
    framer.take(bytes_of(stream.bytes), kStart, caught);
    EXPECT_EQ(caught.frames, stream.frames) << stream.name;
    EXPECT_EQ(caught.drops, stream.drops) << stream.name;
  }
}

TEST(Framer, escapes_are_undone) {
  const auto rule = rule_of(
      {{"kind", text("between")}, {"start", text("~")}, {"end", text("~")}, {"escape", text("}")}, {"escape_xor", whole(0x20)}});
  Framer framer(*rule);
  FrameCatcher caught;
  framer.take(bytes_of("~ab}^c}]~~d~"), kStart, caught);
  EXPECT_THAT(caught.frames, ElementsAre("ab~c}", "d"));
}

TEST(Framer, a_tagged_frame_carries_its_type) {
  const auto rule = *rule_of(kTagged);
  FrameCatcher caught;
  Framer other(rule);
  other.take(*build_frame(rule, bytes_of("12x"), kTaggedData | kWantsAcknowledgement), kStart, caught);
  ASSERT_THAT(caught.types, ElementsAre(0x81));
  const auto numbered = numbered_payload(bytes_of(caught.frames[0]));
  ASSERT_TRUE(numbered);
  EXPECT_EQ(numbered->number, ('1' << 8) + '2');
  EXPECT_EQ(numbered->rest.size(), 1u);
  EXPECT_FALSE(numbered_payload(bytes_of("1")));
}

TEST(Framer, silence_ends_a_frame_of_kind_gap) {
  const auto rule = *rule_of({{"kind", text("gap")}, {"gap", FieldValue(Duration(50ms))}, {"max_length", whole(8)}});
  Framer framer(rule);
  FrameCatcher caught;
  framer.take(bytes_of("ab"), kStart, caught);
  framer.take(bytes_of("cd"), kStart + 49ms, caught);
  EXPECT_THAT(caught.frames, IsEmpty());
  EXPECT_EQ(framer.wake_at(), kStart + 99ms);
  framer.tick(kStart + 98ms, caught);
  EXPECT_THAT(caught.frames, IsEmpty());
  framer.tick(kStart + 99ms, caught);
  EXPECT_THAT(caught.frames, ElementsAre("abcd"));
  framer.take(bytes_of("123456789"), kStart + 200ms, caught);
  framer.take(bytes_of("more"), kStart + 210ms, caught);
  framer.tick(kStart + 260ms, caught);
  framer.take(bytes_of("ok"), kStart + 300ms, caught);
  framer.tick(kStart + 400ms, caught);
  EXPECT_THAT(caught.frames, ElementsAre("abcd", "ok"));
  EXPECT_THAT(caught.drops, ElementsAre("too_long"));
}

TEST(Framer, a_frame_that_never_ends_is_dropped_after_the_timeout) {
  const auto rule = *rule_of({{"timeout", FieldValue(Duration(2s))}});
  Framer framer(rule);
  FrameCatcher caught;
  for (int second = 0; second < 4; ++second) framer.take(bytes_of("x"), kStart + second * 600ms, caught);
  EXPECT_EQ(framer.wake_at(), kStart + 2s);
  framer.tick(kStart + 1999ms, caught);
  EXPECT_TRUE(framer.begun());
  framer.tick(kStart + 2s, caught);
  EXPECT_FALSE(framer.begun());
  EXPECT_THAT(caught.drops, ElementsAre("unfinished"));
  EXPECT_EQ(framer.wake_at(), MonoTime::max());
}

struct Pause {
  std::string_view name;
  std::vector<Setting> rule;
  std::string before, after;  // a pause longer than the timeout
  Texts frames;
  Texts drops;
};

// The device sent 12345.0, in two parts: 45.0 is no value of it.
TEST(Framer, the_rest_of_a_frame_that_timed_out_is_no_frame) {
  const std::vector<Setting> flags{
      {"kind", text("delimiter")}, {"end", text("~")}, {"escape", text("}")}, {"escape_xor", whole(0)}};
  const Pause pauses[] = {
      {"lines", {}, "1\n123", "45.0\r\n2\r\n", {"1", "2"}, {"unfinished"}},
      {"half an end", kCrLf, "123\r", "\n2\r\n", {"2"}, {"unfinished"}},
      {"half an escape", flags, "12}", "~3~4~", {"4"}, {"unfinished"}},
      {"between",
       kStx,
       "\x02"
       "12",
       "3\x03\x02"
       "4\x03",
       {"4"},
       {"unfinished"}},
      {"length", kSized, "A\x04zz", "zzA\x01y", {"A\x01y"}, {"unfinished"}},
  };
  for (const Pause& pause : pauses) {
    auto settings = pause.rule;
    settings.emplace_back("timeout", FieldValue(Duration(1s)));
    const auto rule = *rule_of(settings);
    Framer framer(rule);
    FrameCatcher caught;
    framer.take(bytes_of(pause.before), kStart, caught);
    framer.tick(kStart + 1s, caught);
    EXPECT_EQ(framer.wake_at(), MonoTime::max()) << pause.name;
    framer.take(bytes_of(pause.after), kStart + 2s, caught);
    EXPECT_EQ(caught.frames, pause.frames) << pause.name;
    EXPECT_EQ(caught.drops, pause.drops) << pause.name;
  }
}

TEST(Framer, a_burst_without_end_is_told_once_and_its_rest_is_no_frame) {
  const auto rule = *rule_of({{"kind", text("gap")}, {"gap", FieldValue(Duration(50ms))}, {"timeout", FieldValue(Duration(1s))}});
  Framer framer(rule);
  FrameCatcher caught;
  MonoTime now = kStart;
  for (; now < kStart + 3s; now += 20ms) {
    framer.tick(now, caught);
    framer.take(bytes_of("x"), now, caught);
  }
  framer.tick(now + 50ms, caught);
  EXPECT_THAT(caught.frames, IsEmpty());
  EXPECT_THAT(caught.drops, ElementsAre("unfinished"));
  framer.take(bytes_of("ok"), now + 60ms, caught);
  framer.tick(framer.wake_at(), caught);
  EXPECT_THAT(caught.frames, ElementsAre("ok"));
}

TEST(Framer, a_stream_that_is_entered_midway_begins_at_the_next_frame) {
  const Pause streams[] = {
      {"lines", {}, "", "345.0\r\n2\r\n", {"2"}, {}},
      {"delimiter", kCrLf, "", "345\r\n2\r\n", {"2"}, {}},
      {"between", kStx, "", "345\x03\x02z\x03", {"z"}, {}},
      {"length", kSized, "", "zzA\x01y", {"A\x01y"}, {}},
  };
  for (const Pause& one : streams) {
    const auto rule = *rule_of(one.rule);
    Framer framer(rule);
    FrameCatcher caught;
    framer.join(kStart);
    EXPECT_EQ(framer.wake_at(), MonoTime::max()) << one.name;
    framer.take(bytes_of(one.after), kStart, caught);
    EXPECT_EQ(caught.frames, one.frames) << one.name;
    EXPECT_EQ(caught.drops, one.drops) << one.name;
  }
}

// A scanner's first line, long after its port was opened.
TEST(Framer, a_stream_that_was_silent_when_it_was_entered_is_in_step) {
  const auto rule = *rule_of({{"timeout", FieldValue(Duration(2s))}});
  for (const auto& [pause, frames] : {std::pair(1999ms, Texts{"2"}), std::pair(2000ms, Texts{"1", "2"})}) {
    Framer framer(rule);
    FrameCatcher caught;
    framer.join(kStart);
    framer.take(bytes_of("1\n2\n"), kStart + pause, caught);
    EXPECT_EQ(caught.frames, frames);
  }
  Framer framer(rule);
  FrameCatcher caught;
  framer.join(kStart);
  framer.take(bytes_of("34"), kStart + 1s, caught);
  framer.take(bytes_of("5\n6\n"), kStart + 2500ms, caught);
  EXPECT_THAT(caught.frames, ElementsAre("6"));
}

TEST(Framer, bursts_are_frames_once_there_was_a_silence) {
  const auto rule = *rule_of({{"kind", text("gap")}, {"gap", FieldValue(Duration(50ms))}});
  Framer framer(rule);
  FrameCatcher caught;
  framer.join(kStart);
  framer.take(bytes_of("tail"), kStart + 20ms, caught);
  EXPECT_EQ(framer.wake_at(), kStart + 70ms);
  framer.tick(kStart + 70ms, caught);
  framer.take(bytes_of("ok"), kStart + 90ms, caught);
  framer.tick(kStart + 140ms, caught);
  EXPECT_THAT(caught.frames, ElementsAre("ok"));
  EXPECT_THAT(caught.drops, IsEmpty());
}

// One false header claims 896 bytes; it must not cost the frames behind it.
TEST(Framer, frames_behind_a_false_header_are_found_at_its_timeout) {
  const auto rule = *rule_of({{"kind", text("tagged")},
                              {"start", text("FE")},
                              {"timeout", FieldValue(Duration(1s))},
                              {"checksum", sum({{"kind", text("crc16_ccitt")}})}});
  for (const bool goes_on : {false, true}) {
    Framer framer(rule);
    FrameCatcher caught;
    std::string stream = std::string("FE\x01\x01\x03\x80", 6);
    for (const std::string_view content : {"one", "two", "three"}) {
      const auto frame = *build_frame(rule, bytes_of(content));
      stream.append(frame.begin(), frame.end());
    }
    const auto last = *build_frame(rule, bytes_of("four"));
    framer.take(bytes_of(stream), kStart, caught);
    if (goes_on) framer.take(std::span(last).first(7), kStart + 900ms, caught);
    EXPECT_THAT(caught.frames, IsEmpty());
    framer.tick(kStart + 1s, caught);
    EXPECT_THAT(caught.frames, ElementsAre("one", "two", "three"));
    EXPECT_EQ(framer.begun(), goes_on);
    framer.take(goes_on ? std::span(last).subspan(7) : std::span(last), kStart + 1100ms, caught);
    EXPECT_THAT(caught.frames, ElementsAre("one", "two", "three", "four"));
    EXPECT_THAT(caught.drops, ElementsAre("unfinished"));
  }
}

TEST(Framer, frames_behind_a_false_header_in_a_datagram_are_found) {
  const auto rule = *rule_of(kTagged);
  Framer framer(rule);
  FrameCatcher caught;
  const auto good = *build_frame(rule, bytes_of("one"));
  std::string datagram("FE\x01\x01\x00\x1f", 6);
  datagram.append(good.begin(), good.end());
  framer.take_datagram(bytes_of(datagram), kStart, caught);
  EXPECT_THAT(caught.frames, ElementsAre("one"));
  EXPECT_THAT(caught.drops, ElementsAre("unfinished"));
  EXPECT_FALSE(framer.begun());
}

TEST(Framer, a_false_magic_of_another_version_costs_no_frame) {
  const auto rule = *rule_of(kTagged);
  Framer framer(rule);
  FrameCatcher caught;
  std::string stream("FE\x77\x01\x00\x18", 6);
  for (const std::string_view content : {"one", "two"}) {
    const auto frame = *build_frame(rule, bytes_of(content));
    stream.append(frame.begin(), frame.end());
  }
  framer.take(bytes_of(stream), kStart, caught);
  EXPECT_THAT(caught.frames, ElementsAre("one", "two"));
  EXPECT_THAT(caught.drops, ElementsAre("wrong_version"));
}

// Each byte of it begins a frame of 61,682 bytes, whose sum would have to be taken.
TEST(Framer, the_work_on_a_stream_of_false_headers_is_bounded) {
  const auto rule = *rule_of(
      {{"kind", text("length")}, {"max_length", FieldValue(int64_t{65536})}, {"checksum", sum({{"kind", text("crc16_arc")}})}});
  const std::vector<uint8_t> stream(4 * 65536, 0xf0);
  FrameSearch search;
  std::vector<uint8_t> scratch;
  size_t at = 0, sums = 0;
  for (auto cut = cut_front(rule, stream, search, scratch); cut.what != FrameCut::What::more;
       cut = cut_front(rule, std::span(stream).subspan(at), search, scratch)) {
    at += cut.used;
    ++sums;
  }
  EXPECT_LE(sums, 80u);
}

// Where frames are short, noise costs no frame however long it lasts.
TEST(Framer, the_bound_on_work_does_not_touch_short_frames) {
  const auto rule = *rule_of({{"kind", text("length")},
                              {"length_width", whole(1)},
                              {"max_length", whole(60)},
                              {"checksum", sum({{"kind", text("crc16_arc")}})}});
  Framer framer(rule);
  FrameCatcher caught;
  std::string stream(50'000, ' ');
  const auto good = *build_frame(rule, bytes_of(" ok"));
  stream.append(good.begin(), good.end());
  stream.append(100, ' ');
  framer.take(bytes_of(stream), kStart, caught);
  EXPECT_EQ(caught.frames.size(), 1u);
}

TEST(Framer, bytes_that_were_read_too_late_to_know_their_silence_are_dropped) {
  const auto rule = *rule_of({{"kind", text("gap")}, {"gap", FieldValue(Duration(50ms))}});
  Framer framer(rule);
  FrameCatcher caught;
  framer.take(bytes_of("12"), kStart, caught);
  framer.lose_track(kStart + 80ms, caught);
  framer.take(bytes_of("34"), kStart + 80ms, caught);
  framer.tick(kStart + 130ms, caught);
  framer.take(bytes_of("ok"), kStart + 200ms, caught);
  framer.tick(kStart + 250ms, caught);
  EXPECT_THAT(caught.frames, ElementsAre("ok"));
  EXPECT_THAT(caught.drops, ElementsAre("unfinished"));
}

TEST(Framer, a_datagram_is_no_beginning_of_the_next) {
  const auto sized = *rule_of(kSized);
  Framer framer(sized);
  FrameCatcher caught;
  framer.take_datagram(bytes_of("A\x05"
                                "ab"),
                       kStart, caught);
  framer.take_datagram(bytes_of("A\x01"
                                "z"),
                       kStart, caught);
  EXPECT_THAT(caught.frames, ElementsAre("A\x01"
                                         "z"));
  EXPECT_THAT(caught.drops, ElementsAre("unfinished"));
}

TEST(Framer, the_last_line_of_a_datagram_needs_no_end) {
  const auto rule = *rule_of({});
  Framer framer(rule);
  FrameCatcher caught;
  framer.take_datagram(bytes_of("one\r\ntwo"), kStart, caught);
  EXPECT_THAT(caught.frames, ElementsAre("one", "two"));
}

TEST(Framer, an_endless_stream_is_told_once_and_holds_no_memory) {
  const auto rule = *rule_of({{"max_length", whole(1024)}});
  Framer framer(rule);
  FrameCatcher caught;
  const std::string lump(16 * 1024, 'x');
  for (int i = 0; i < 1000; ++i) {
    framer.take(bytes_of(lump), kStart, caught);
    ASSERT_FALSE(framer.begun());
  }
  EXPECT_THAT(caught.drops, ElementsAre("too_long"));
  EXPECT_GE(framer.lost_bytes(), 1000 * lump.size() - 1024);
  framer.take(bytes_of("\nok\n"), kStart, caught);
  EXPECT_THAT(caught.frames, ElementsAre("ok"));
  EXPECT_EQ(framer.lost_bytes(), 0u);
}

}  // namespace

}  // namespace ferrule
