// The parts that need no socket: bodies, targets, heads, the guard, event lines.
#include <gtest/gtest.h>

#include "rest/event_lines.h"
#include "rest/guard.h"
#include "rest/head.h"
#include "rest/write_body.h"

namespace ferrule {
namespace {

TEST(WriteBody, a_value_keeps_the_kind_that_json_gave_it) {
  struct Case {
    const char* text;
    Value value;
  };
  const Case cases[] = {{"65", Value(int64_t{65})},
                        {"-3", Value(int64_t{-3})},
                        {"9223372036854775807", Value(int64_t{INT64_MAX})},
                        {"18446744073709551615", Value(uint64_t{UINT64_MAX})},
                        {"65.0", Value(65.0)},
                        {"1e3", Value(1000.0)},
                        {"true", Value(true)},
                        {"\"auto\"", Value::text("auto")},
                        {"\"\\u00b0\"", Value::text("°")}};
  for (const Case& c : cases) {
    const auto request = parse_write("a.b", std::string("{\"value\": ") + c.text + "}");
    ASSERT_TRUE(request.ok()) << request.status().what();
    EXPECT_EQ(request->value, c.value) << c.text;
    EXPECT_EQ(request->expires_in, std::chrono::seconds(10));
  }
}

TEST(WriteBody, everything_else_is_refused_with_a_reason) {
  const std::string deep = "{\"value\":" + std::string(60000, '[');
  const std::string cases[] = {"",
                               "65",
                               "null",
                               "[]",
                               "\"x\"",
                               "{}",
                               "{\"value\":null}",
                               "{\"value\":[1]}",
                               "{\"value\":{}}",
                               "{\"value\":1e999}",
                               "{\"value\":NaN}",
                               "{\"value\":01}",
                               "{\"value\":\"\xff\"}",
                               "{\"value\":1,\"value\":2}",
                               "{\"value\":1}{}",
                               "{\"value\":1} x",
                               std::string("{\"value\":1}\0x", 13),
                               "{\"value\":1",
                               "{\"valeu\":1}",
                               "{\"value\":1,\"id\":5}",
                               "{\"value\":1,\"id\":\"\"}",
                               "{\"value\":1,\"id\":\"a b\"}",
                               "{\"value\":1,\"id\":\"" + std::string(65, 'a') + "\"}",
                               "{\"value\":1,\"expires_in\":10}",
                               "{\"value\":1,\"expires_in\":\"10\"}",
                               "{\"value\":1,\"expires_in\":\"0s\"}",
                               "{\"value\":1,\"expires_in\":\"61s\"}",
                               deep,
                               "[" + deep};
  for (const std::string& body : cases) {
    const auto request = parse_write("a.b", body);
    EXPECT_FALSE(request.ok()) << body.substr(0, 60);
    EXPECT_EQ(request.status().fault(), Fault::invalid);
    EXPECT_FALSE(request.status().what().empty());
    EXPECT_LT(request.status().what().size(), 300u);
  }
  EXPECT_NE(parse_write("a.b", "{\"valeu\":1}").status().what().find("did you mean 'value'"), std::string::npos);
}

TEST(Target, is_taken_apart_and_decoded) {
  const auto target = parse_target("/api/v1/values/a%2Eb?tag=x.y&tag=z%20+&&flag#part");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->path, "/api/v1/values/a%2Eb");
  EXPECT_EQ(target->segments, (std::vector<std::string>{"api", "v1", "values", "a.b"}));
  EXPECT_EQ(target->all("tag"), (std::vector<std::string>{"x.y", "z  "}));
  EXPECT_EQ(target->all("flag"), (std::vector<std::string>{""}));
}

TEST(Target, what_is_no_path_is_refused) {
  for (const char* text :
       {"", "*", "http://localhost/", "x", "/%", "/%4", "/%zz", "/%00", "/a%0d%0aSet-Cookie", "/?a=%", "/?%0a=1"}) {
    EXPECT_FALSE(parse_target(text).ok()) << text;
  }
}

TEST(Target, encoding_and_decoding_are_inverse) {
  const std::string name = "a b/c?d=&e%~°";
  EXPECT_EQ(parse_target("/" + percent_encoded(name))->segments.at(0), name);
}

TEST(Head, what_two_readers_could_understand_differently_is_refused) {
  const std::string_view cases[] = {"GET / HTTP/1.1\r\nHost: x\r\n folded",
                                    "GET / HTTP/1.1\r\nHost: x\r\n\tfolded",
                                    "GET / HTTP/1.1\r\nHost: x\nEvil: 1",
                                    "GET / HTTP/1.1\r\nHost: x\rEvil: 1",
                                    std::string_view("GET / HTTP/1.1\r\nHost: x\0y", 26),
                                    "PUT / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1",
                                    "PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
                                    "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1",
                                    "PUT / HTTP/1.1\r\nContent-Length: 4, 4",
                                    "PUT / HTTP/1.1\r\nContent-Length: +4",
                                    "PUT / HTTP/1.1\r\nContent-Length:",
                                    "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked",
                                    "PUT / HTTP/1.1\r\nTransfer-Encoding: xchunked"};
  for (const std::string_view head : cases) EXPECT_FALSE(check_head(head).ok()) << head;
  EXPECT_TRUE(check_head("GET / HTTP/1.1").ok());
  EXPECT_TRUE(check_head("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked").ok());
}

HttpRequest from_host(std::string_view host, std::string_view origin = {}) {
  HttpRequest request;
  request.host = host;
  request.hosts = 1;
  request.origin = origin;
  return request;
}

int refused_with(const Guard& guard, const HttpRequest& request) {
  const auto refusal = guard.refuse_stranger(request);
  return refusal ? static_cast<int>(refusal->status) : 0;
}

TEST(Guard, answers_to_addresses_and_to_its_own_names_only) {
  const Guard guard("gw.plant.example", "box7", "");
  for (const char* host : {"localhost", "LocalHost:8080", "127.0.0.1:8080", "192.168.1.5", "[::1]:8080", "[::1]",
                           "gw.plant.example:80", "box7", "box7.local:8080"}) {
    EXPECT_EQ(refused_with(guard, from_host(host)), 0) << host;
  }
  for (const char* host : {"", ":8080", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", "[evil]",
                           "box7.evil", "127.1", "evil.example:8080"}) {
    EXPECT_EQ(refused_with(guard, from_host(host)), 421) << host;
  }
}

TEST(Guard, a_page_of_another_origin_is_refused_whatever_it_asks) {
  const Guard guard("127.0.0.1", "box7", "");
  EXPECT_EQ(refused_with(guard, from_host("localhost:8080", "http://localhost:8080")), 0);
  for (const char* origin :
       {"http://evil.example", "null", "https://localhost:8080", "http://localhost:8081", "http://localhost"}) {
    EXPECT_EQ(refused_with(guard, from_host("localhost:8080", origin)), 403) << origin;
  }
}

TEST(Guard, the_unix_socket_needs_neither_host_nor_token) {
  const Guard guard("127.0.0.1", "box7", "secret");
  HttpRequest request;
  request.door = Door::unix_socket;
  EXPECT_FALSE(guard.refuse_stranger(request));
  EXPECT_FALSE(guard.refuse_without_token(request));
  request.door = Door::tcp;
  EXPECT_TRUE(guard.refuse_stranger(request));
  EXPECT_TRUE(guard.refuse_without_token(request));
}

TEST(Guard, comparison_looks_at_every_byte) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  for (const char* given : {"", "ab", "abcd", "Abc", "aBc", "abC"}) EXPECT_FALSE(equal_in_constant_time("abc", given)) << given;
}

TEST(EventLines, events_come_out_whole_however_they_are_cut) {
  const std::string text = ": beat\n\ndata: {\"a\":1}\n\nevent: lost\ndata: {\"lost\":2}\n\n";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    EventLines lines;
    std::vector<std::string> events;
    bool more = true;
    for (size_t at = 0; at < text.size(); at += piece) {
      ASSERT_TRUE(lines
                      .take(
                          std::string_view(text).substr(at, piece),
                          [&](std::string_view e) { return events.emplace_back(e), true; }, more)
                      .ok());
    }
    EXPECT_EQ(events, (std::vector<std::string>{"{\"a\":1}", "{\"lost\":2}"})) << piece;
  }
}

TEST(EventLines, a_line_without_end_is_given_up) {
  EventLines lines;
  bool more = true;
  const std::string piece(1 << 19, 'x');
  const auto none = [](std::string_view) { return true; };
  EXPECT_TRUE(lines.take(piece, none, more).ok());
  EXPECT_TRUE(lines.take(piece, none, more).ok());
  EXPECT_EQ(lines.take(piece, none, more).fault(), Fault::full);
}

}  // namespace
}  // namespace ferrule
