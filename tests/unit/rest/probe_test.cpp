// POST /api/v1/channels/{name}/probe: what a body may say, who may ask, and what each answer becomes.
#include "rest/probe_body.h"
#include "tests/unit/rest/rest_fixture.h"

namespace ferrule {
namespace {

using std::chrono::milliseconds;

const std::string kProbePath = "/api/v1/channels/line_a/probe";

TEST(ProbeBody, what_is_left_out_has_its_default) {
  const auto least = parse_probe(R"({"address": "holding:100"})");
  ASSERT_TRUE(least.ok()) << least.status().what();
  EXPECT_EQ(least->address, "holding:100");
  EXPECT_EQ(least->unit, 1);
  EXPECT_EQ(least->count, 1u);
  EXPECT_EQ(least->timeout, milliseconds(500));
  const auto all = parse_probe(R"({"unit": 247, "address": "40101", "count": 125, "timeout": "2s"})");
  ASSERT_TRUE(all.ok()) << all.status().what();
  EXPECT_EQ(all->unit, 247);
  EXPECT_EQ(all->count, 125u);
  EXPECT_EQ(all->timeout, milliseconds(2000));
}

TEST(ProbeBody, everything_else_is_refused_with_an_example) {
  const std::string cases[] = {"",
                               "[]",
                               "{}",
                               "{\"address\":\"\"}",
                               R"({"address": 100})",
                               R"({"address": "holding:0", "unit": "5"})",
                               R"({"address": "holding:0", "unit": 1.5})",
                               R"({"address": "holding:0", "count": -1})",
                               R"({"address": "holding:0", "count": 2001})",
                               R"({"address": "holding:0", "timeout": 5})",
                               R"({"address": "holding:0", "timeout": "0s"})",
                               R"({"address": "holding:0", "timeout": "6s"})",
                               R"({"adress": "holding:0"})",
                               std::string(60000, '[')};
  for (const std::string& body : cases) {
    const auto question = parse_probe(body);
    EXPECT_FALSE(question.ok()) << body.substr(0, 80);
    EXPECT_NE(question.status().what().find("\"address\""), std::string::npos) << question.status().what();
  }
  EXPECT_NE(parse_probe(R"({"adress": "holding:0"})").status().what().find("did you mean 'address'"), std::string::npos);
}

TEST(ProbeBody, each_answer_has_its_status) {
  struct Case {
    ProbeAnswer answer;
    unsigned status;
    const char* says;
  };
  const Case cases[] = {
      {{.bytes = {0x43, 0x66, 0x19, 0x9a}, .took = milliseconds(12)}, 200, R"({"bytes":"4366199a","took_ms":12.0})"},
      {{.refused = 2, .refusal = "no such address"}, 200, R"({"refusal":"no such address","refused":2,"took_ms":0.0})"},
      {{.status = Status(Fault::invalid, "units are 0 to 255")}, 400, "units are 0 to 255"},
      {{.status = Status(Fault::timeout, "no answer")}, 504, "no answer"},
      {{.status = Status(Fault::bad_reply, "garbled")}, 504, "garbled"},
      {{.status = Status(Fault::disconnected, "link down")}, 503, "link down"},
      {{.status = Status(Fault::full, "others ask")}, 503, "others ask"}};
  for (const Case& c : cases) {
    const HttpReply reply = answer_probe(c.answer);
    EXPECT_EQ(reply.status, c.status) << c.says;
    EXPECT_NE(reply.body.find(c.says), std::string::npos) << reply.body;
  }
}

using Probe = RestFixture;

TEST_F(Probe, is_asked_by_those_who_may_write) {
  gateway.on_probe = [](const ProbeQuestion& question) {
    return ProbeAnswer{.bytes = {static_cast<uint8_t>(question.unit), static_cast<uint8_t>(question.count)}};
  };
  start();
  const std::string body = R"({"unit": 5, "address": "holding:0", "count": 2})";
  EXPECT_EQ(ask(with_body("POST", kProbePath, body)).status, 401);
  const WireReply reply = ask(with_body("POST", kProbePath, body, bearer()));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(parsed(reply.body)["bytes"], "0502");
  EXPECT_EQ(ask_locally(with_body("POST", kProbePath, body)).status, 200);
  EXPECT_EQ(ask_locally(with_body("POST", kProbePath, "{}")).status, 400);
  EXPECT_EQ(ask_locally(with_body("POST", "/api/v1/channels/line_b/probe", body)).status, 404);
}

}  // namespace
}  // namespace ferrule
