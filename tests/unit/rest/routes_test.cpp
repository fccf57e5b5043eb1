// Every route, over a real socket.
#include "rest/routes.h"

#include "tests/unit/rest/rest_fixture.h"

namespace ferrule {
namespace {

using Routes = RestFixture;

TEST_F(Routes, every_reading_route_answers_with_json_that_has_its_field) {
  struct Case {
    const char *path, *pointer;
  };
  const Case cases[] = {
      {"/api/v1/status", "/gateway/id"},
      {"/api/v1/status", "/devices/in_trouble/0/name"},
      {"/api/v1/status", "/outbox/path"},
      {"/api/v1/health", "/healthy"},
      {"/api/v1/channels", "/channels/0/name"},
      {"/api/v1/channels/line_a", "/plan/0"},
      {"/api/v1/channels/line_a/frames", "/frames/0/sent_text"},
      {"/api/v1/devices", "/devices/1/name"},
      {"/api/v1/devices/boiler", "/channel"},
      {"/api/v1/values", "/values/1/name"},
      {"/api/v1/values?device=boiler", "/values/0/value"},
      {"/api/v1/values?tag=boiler.setpoint&tag=boiler.temperature", "/values/1/units"},
      {"/api/v1/values/boiler.setpoint", "/writable"},
      {"/api/v1/uplinks", "/uplinks/0/samples/read"},
      {"/api/v1/outbox", "/max_size"},
      {"/api/v1/outbox/waiting?uplink=cloud", "/records/0/samples/0/name"},
      {"/api/v1/outbox/dead_letters", "/records/0/why"},
      {"/api/v1/outbox/dead_letters?uplink=cloud&after=6", "/records/0/text"},
  };
  start();
  for (const Case& c : cases) {
    const WireReply reply = ask(get(c.path));
    EXPECT_EQ(reply.status, 200) << c.path;
    EXPECT_TRUE(parsed(reply.body).contains(nlohmann::json::json_pointer(c.pointer))) << c.path << " " << reply.body;
    EXPECT_EQ(reply.fields.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply.fields.at("content-type"), "application/json");
  }
}

TEST_F(Routes, the_list_of_channels_has_no_plans) {
  start();
  EXPECT_FALSE(parsed(ask(get("/api/v1/channels")).body)["channels"][0].contains("plan"));
}

TEST_F(Routes, the_root_says_where_to_look) {
  start();
  const WireReply reply = ask(get("/"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("/api/v1/status"), std::string::npos);
}

TEST_F(Routes, a_problem_makes_health_503_and_is_named) {
  gateway.report.problems = {"the outbox cannot be written"};
  start();
  const WireReply reply = ask(get("/api/v1/health"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(parsed(reply.body)["problems"][0], "the outbox cannot be written");
}

TEST_F(Routes, what_is_not_there_is_a_404_with_the_nearest_name) {
  struct Case {
    const char *path, *nearest;
  };
  const Case cases[] = {
      {"/api/v1/statu", "/api/v1/status"},
      {"/nonsense", "/api/v1/status"},
      {"/api/v1/status/", "/api/v1/status"},
      {"/api/v1/channels/line_b", "line_a"},
      {"/api/v1/devices/boilr", "boiler"},
      {"/api/v1/values/boiler.setpont", "boiler.setpoint"},
      {"/api/v1/values?device=boilr", "boiler"},
      {"/api/v1/values?tag=x.y", "boiler.setpoint"},
      {"/api/v1/live?tag=x.y", "boiler.setpoint"},
      {"/api/v1/channels/", "/api/v1/channels"},
      {"/api/v1/outbox/waiting?uplink=clod", "clod"},
      {"//api/v1/status", "/api/v1/status"},
  };
  start();
  for (const Case& c : cases) {
    const WireReply reply = ask(get(c.path));
    EXPECT_EQ(reply.status, 404) << c.path;
    EXPECT_NE(reply.body.find(c.nearest), std::string::npos) << c.path << " " << reply.body;
  }
}

TEST_F(Routes, an_unknown_parameter_is_refused_with_the_nearest_one) {
  start();
  const WireReply reply = ask(get("/api/v1/values?devise=boiler"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("'device'"), std::string::npos);
  EXPECT_EQ(ask(get("/api/v1/values?device=boiler&device=boiler")).status, 400);
}

TEST_F(Routes, the_stored_records_of_one_uplink_come_page_by_page) {
  gateway.waiting_records.clear();
  for (uint64_t at = 1; at <= 250; ++at) {
    gateway.waiting_records.push_back({.at = at, .boot = 3, .seq = at, .uplink = "cloud", .kind = "samples"});
  }
  start();
  const auto first = parsed(ask(get("/api/v1/outbox/waiting?uplink=cloud")).body)["records"];
  ASSERT_EQ(first.size(), GatewayApi::kOutboxPage);
  const std::string after = std::to_string(first.back()["at"].get<uint64_t>());
  const auto second = parsed(ask(get("/api/v1/outbox/waiting?uplink=cloud&after=" + after)).body)["records"];
  EXPECT_EQ(second.size(), 50u);
  EXPECT_EQ(second[0]["seq"], 201);
}

TEST_F(Routes, a_question_about_the_outbox_that_makes_no_sense_is_refused) {
  start();
  for (const char* path :
       {"/api/v1/outbox/waiting", "/api/v1/outbox/waiting?uplink=cloud&after=x", "/api/v1/outbox/waiting?uplink=cloud&after=-1",
        "/api/v1/outbox/waiting?uplink=cloud&uplink=cloud", "/api/v1/outbox/dead_letters?after=99999999999999999999"}) {
    EXPECT_EQ(ask(get(path)).status, 400) << path;
  }
}

TEST_F(Routes, purging_needs_the_token_and_says_how_many_records_that_was) {
  start();
  EXPECT_EQ(ask(with_body("DELETE", "/api/v1/outbox/waiting?uplink=cloud", "")).status, 401);
  EXPECT_EQ(ask(with_body("DELETE", "/api/v1/outbox/dead_letters", "")).status, 401);
  EXPECT_EQ(gateway.waiting_records.size(), 1u);
  EXPECT_EQ(ask(with_body("DELETE", "/api/v1/outbox/waiting", "", bearer())).status, 400);
  const WireReply reply = ask(with_body("DELETE", "/api/v1/outbox/waiting?uplink=cloud", "", bearer()));
  EXPECT_EQ(parsed(reply.body)["records"], 1);
  EXPECT_TRUE(gateway.waiting_records.empty());
  EXPECT_EQ(parsed(ask(with_body("DELETE", "/api/v1/outbox/dead_letters", "", bearer())).body)["records"], 1);
}

TEST_F(Routes, a_wrong_method_is_a_405_that_says_which_are_right) {
  struct Case {
    const char *method, *path, *allow;
  };
  const Case cases[] = {
      {"DELETE", "/api/v1/values/boiler.setpoint", "GET, PUT"},
      {"POST", "/api/v1/status", "GET"},
      {"PUT", "/api/v1/values", "GET"},
      {"OPTIONS", "/api/v1/status", "GET"},
      {"BREW", "/api/v1/status", "GET"},
      {"HEAD", "/api/v1/live", "GET"},
      {"TRACE", "/", "GET"},
  };
  start();
  for (const Case& c : cases) {
    Wire wire = tcp();
    wire.send(with_body(c.method, c.path, ""));
    const WireReply reply = wire.reply(std::string_view(c.method) == "HEAD");
    EXPECT_EQ(reply.status, 405) << c.method << c.path;
    EXPECT_EQ(reply.fields.at("allow"), c.allow) << c.method << c.path;
  }
  EXPECT_EQ(ask(get("/api/v1/reload")).fields.at("allow"), "POST");
}

TEST_F(Routes, head_has_the_length_and_no_body) {
  start();
  Wire wire = tcp();
  wire.send("HEAD /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const WireReply head = wire.reply(true);
  wire.send(get("/api/v1/status"));
  const WireReply whole = wire.reply();  // in step: no body came before it
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.fields.at("content-length"), whole.fields.at("content-length"));
}

TEST_F(Routes, an_escaped_name_is_the_same_name) {
  start();
  EXPECT_EQ(ask(get("/api/v1/values/boiler%2Esetpoint")).status, 200);
  EXPECT_EQ(ask(get("/api/v1%2Fstatus")).status, 404);  // an escaped slash is no slash
}

TEST_F(Routes, a_bad_value_says_why_and_one_never_read_has_no_time) {
  gateway.tags[0].sample = {.value = {}, .read_at = {}, .quality = Quality::bad, .reason = Reason::device_refused, .detail = 2};
  gateway.tags[1].sample = {.value = {}, .read_at = {}, .quality = Quality::bad, .reason = Reason::not_read_yet};
  start();
  const auto values = parsed(ask(get("/api/v1/values")).body)["values"];
  EXPECT_EQ(values[0]["value"], nullptr);
  EXPECT_EQ(values[0]["reason"], "device_refused");
  EXPECT_EQ(values[0]["detail"], 2);
  EXPECT_EQ(values[0]["timestamp"], 1763712345678);
  EXPECT_FALSE(values[1].contains("timestamp"));
}

TEST_F(Routes, forty_thousand_values_arrive_whole) {
  gateway.tags.clear();
  for (int i = 0; i < 40000; ++i) gateway.tags.push_back(tag_report("meter.r" + std::to_string(i), Value(int64_t{i})));
  start();
  const auto values = parsed(ask(get("/api/v1/values")).body)["values"];
  ASSERT_EQ(values.size(), 40000u);
  EXPECT_EQ(values[39999]["value"], 39999);
}

TEST_F(Routes, a_bug_of_the_gateway_is_a_500_and_costs_one_answer) {
  gateway.throws = true;
  start();
  EXPECT_EQ(ask(get("/api/v1/status")).status, 500);
  EXPECT_EQ(ask(get("/api/v1/channels")).status, 200);
}

TEST_F(Routes, hostile_names_stay_inside_their_quotes) {
  gateway.device_reports[1].trouble = "\"}]<script>\n\xff";
  start();
  const WireReply reply = ask(get("/api/v1/devices"));
  EXPECT_EQ(parsed(reply.body)["devices"][1]["trouble"], "\"}]<script>\n\xef\xbf\xbd");
}

TEST(RouteTable, every_route_is_in_the_readme) {
  std::ifstream file(FERRULE_SOURCE_DIR "/gateway/rest/README.md");
  const std::string readme((std::istreambuf_iterator<char>(file)), {});
  for (const Route& route : routes()) {
    std::string row = "| `" + std::string(route.method) + "` | `" + std::string(route.path) + "` | ";
    row += route.needs_token ? "token | " : "open | ";
    row += std::string(route.help) + " |";
    EXPECT_NE(readme.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace ferrule
