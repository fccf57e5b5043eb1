// Requests that break rules, and clients that take more than their share.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <regex>

#include "rest/limits.h"
#include "tests/unit/rest/rest_fixture.h"

namespace ferrule {
namespace {

using Hostile = RestFixture;

struct Case {
  std::string name;
  int expected = 0;
  std::string bytes;
};

std::string unescaped(const std::string& line) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      out += line[i];
      continue;
    }
    switch (line[++i]) {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'x':
        out += static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
        i += 2;
        break;
      default: out += line[i];
    }
  }
  return out;
}

std::vector<Case> corpus() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(FERRULE_SOURCE_DIR "/tests/cases/http")) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream file(entry.path());
    Case found{entry.path().stem().string(), 0, {}};
    std::string line;
    std::getline(file, line);
    std::smatch match;
    if (std::regex_search(line, match, std::regex("^# expect ([0-9]+):"))) found.expected = std::stoi(match[1]);
    while (std::getline(file, line)) found.bytes += unescaped(line);
    cases.push_back(found);
  }
  return cases;
}

TEST_F(Hostile, each_case_gets_its_status_and_harms_nobody) {
  start();
  const auto cases = corpus();
  ASSERT_GT(cases.size(), 40u);
  for (const Case& c : cases) {
    ASSERT_NE(c.expected, 0) << c.name << " has no expectation";
    EXPECT_EQ(ask(c.bytes).status, c.expected) << c.name;
    EXPECT_EQ(ask(get("/api/v1/health")).status, 200) << c.name;
  }
  EXPECT_TRUE(gateway.writes().empty());
}

TEST_F(Hostile, a_request_means_the_same_byte_by_byte) {
  start();
  for (const Case& c : corpus()) {
    Wire wire = tcp();
    for (const char byte : c.bytes) {
      if (!wire.send({&byte, 1})) break;  // refused before the end
    }
    EXPECT_EQ(wire.reply().status, c.expected) << c.name;
  }
}

TEST_F(Hostile, nothing_smuggled_behind_a_refused_request_is_answered) {
  start();
  Wire wire = tcp();
  wire.send(
      "PUT /api/v1/values/boiler.setpoint HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n" +
      get("/api/v1/health"));
  const WireReply reply = wire.reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.fields.at("connection"), "close");
  EXPECT_EQ(wire.until("never").find("HTTP/1.1"), std::string::npos);
}

TEST_F(Hostile, a_header_has_8_KiB_and_no_more) {
  start();
  const auto header = [](size_t size) {
    std::string text = get("/api/v1/health", "X-Filler: \r\n");
    return text.insert(text.size() - 4, std::string(size - text.size(), 'a'));
  };
  EXPECT_EQ(ask(header(rest_limits::kHeader)).status, 200);
  EXPECT_EQ(ask(header(rest_limits::kHeader + 1)).status, 431);
  EXPECT_EQ(ask(header(10 * rest_limits::kHeader)).status, 431);
  EXPECT_EQ(ask(std::string(100000, 'a')).status, 431);  // never ends
}

TEST_F(Hostile, a_body_has_64_KiB_and_no_more) {
  start();
  const std::string path = "/api/v1/values/boiler.setpoint", write = R"({"value": 1})";
  const auto padded = [&](size_t size) { return write + std::string(size - write.size(), ' '); };
  EXPECT_EQ(ask_locally(with_body("PUT", path, padded(rest_limits::kBody))).status, 200);
  EXPECT_EQ(ask_locally(with_body("PUT", path, padded(rest_limits::kBody + 1))).status, 413);
  EXPECT_EQ(ask_locally(with_body("PUT", path, padded(20 * rest_limits::kBody))).status, 413);
  std::string chunked = "PUT " + path + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 80; ++i) chunked += "400\r\n" + std::string(1024, ' ') + "\r\n";
  EXPECT_EQ(ask_locally(chunked + "0\r\n\r\n").status, 413);
}

TEST_F(Hostile, a_chunked_body_is_a_body) {
  start();
  EXPECT_EQ(ask_locally("PUT /api/v1/values/boiler.setpoint HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "8\r\n{\"value\"\r\n4\r\n: 1}\r\n0\r\n\r\n")
                .status,
            200);
}

TEST_F(Hostile, a_body_that_no_json_reader_should_see_is_a_400) {
  start();
  for (const std::string& body :
       {std::string("{\"value\":") + std::string(60000, '['), std::string(60000, '{'), std::string("\xff\xfe"),
        std::string("{\"value\":1e999999}"), std::string("{\"value\":") + std::string(60000, '9') + "e}"}) {
    EXPECT_EQ(ask_locally(with_body("PUT", "/api/v1/values/boiler.setpoint", body)).status, 400) << body.substr(0, 20);
  }
}

TEST_F(Hostile, pipelined_requests_are_answered_in_order) {
  start();
  Wire wire = tcp();
  std::string many;
  for (int i = 0; i < 200; ++i) many += get(i % 2 == 0 ? "/api/v1/health" : "/api/v1/nonsense");
  std::thread sender([&] { wire.send(many); });
  for (int i = 0; i < 200; ++i) EXPECT_EQ(wire.reply().status, i % 2 == 0 ? 200 : 404) << i;
  sender.join();
}

TEST_F(Hostile, a_sender_that_never_finishes_is_dropped) {
  times.request = std::chrono::milliseconds(30);
  start();
  for (const char* text : {"", "GET /api", "PUT /api/v1/values/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123"}) {
    Wire wire = tcp();
    wire.send(text);
    EXPECT_TRUE(wire.ended());
  }
}

TEST_F(Hostile, a_drip_of_bytes_does_not_move_the_deadline) {
  times.request = std::chrono::milliseconds(100);
  start();
  Wire wire = tcp();
  while (wire.send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // ends only when the server drops us
  EXPECT_EQ(ask(get("/api/v1/health")).status, 200);
}

TEST_F(Hostile, an_idle_connection_is_closed) {
  times.idle = std::chrono::milliseconds(30);
  start();
  Wire wire = tcp();
  wire.send(get("/api/v1/health"));
  EXPECT_EQ(wire.reply().status, 200);
  EXPECT_TRUE(wire.ended());
}

TEST_F(Hostile, a_reader_that_does_not_take_its_reply_is_dropped) {
  times.reply = std::chrono::milliseconds(50);
  gateway.tags.assign(60000, tag_report("meter.power", Value::text(std::string(200, 'x'))));
  start();
  Wire wire = tcp();
  wire.send(get("/api/v1/values"));
  await([&] { return metric("ferrule_rest_connections") == 1; });
  EXPECT_LT(wire.until("never").size(), 60000u * 200);
}

TEST_F(Hostile, bodies_that_wait_are_limited_together) {
  gateway.tags.assign(60000, tag_report("meter.power", Value::text(std::string(400, 'x'))));  // 30 MB a reply
  start();
  Wire slow = tcp();
  slow.send(get("/api/v1/values"));
  slow.until("\r\n\r\n");  // it is being sent, and we take no more of it
  EXPECT_EQ(ask(get("/api/v1/values")).status, 503);
  EXPECT_EQ(ask(get("/api/v1/health")).status, 200);
  slow.close();
  await([&] { return ask(get("/api/v1/values")).status == 200; });
}

TEST_F(Hostile, too_many_connections_are_turned_away_and_the_command_line_still_gets_in) {
  start();
  std::vector<Wire> crowd;
  for (size_t i = 0; i < rest_limits::kTcpConnections; ++i) {
    crowd.push_back(tcp());
    crowd.back().send(get("/api/v1/health"));
    ASSERT_EQ(crowd.back().reply().status, 200);
  }
  EXPECT_EQ(tcp().reply().status, 503);  // said without being asked
  EXPECT_EQ(ask_locally(get("/api/v1/health")).status, 200);
  crowd.front().send(get("/api/v1/health"));
  EXPECT_EQ(crowd.front().reply().status, 200);
  crowd.clear();
  await([&] { return ask(get("/api/v1/health")).status == 200; });
}

TEST_F(Hostile, no_descriptor_for_a_connection_pauses_and_then_goes_on) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan needs descriptors itself, to look whether an object is one";
#endif
  times.accept_pause = std::chrono::milliseconds(20);
  start();
  Wire early = local();
  early.send(get("/api/v1/health"));
  EXPECT_EQ(early.reply().status, 200);
  const int waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);  // the last descriptor
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(waiting) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  Wire late(waiting);
  late.send(get("/api/v1/health"));
  const auto paused = [&] {
    early.send(get("/metrics"));
    const std::string text = early.reply().body;
    return text.find("ferrule_rest_accept_pauses_total 0\n") == std::string::npos;
  };
  await(paused);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(late.reply().status, 200);
}

}  // namespace
}  // namespace ferrule
