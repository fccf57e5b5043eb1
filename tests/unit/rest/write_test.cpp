// Writing a value: who may, what a body may say, and how an outcome finds its way back.
#include <atomic>

#include "tests/unit/rest/rest_fixture.h"

namespace ferrule {
namespace {

using Write = RestFixture;

const std::string kPath = "/api/v1/values/boiler.setpoint";

TEST_F(Write, over_tcp_only_the_token_opens) {
  start();
  const std::string body = R"({"value": 65})", right = bearer();
  std::string other = right;
  other[other.size() - 3] = other[other.size() - 3] == '0' ? '1' : '0';
  const std::string wrong[] = {"",
                               other,
                               "Authorization: Bearer \r\n",
                               "Authorization: Bearer\r\n",
                               right.substr(0, right.size() - 3) + "\r\n",
                               "Authorization: Basic " + right.substr(22)};
  for (const std::string& fields : wrong) {
    const WireReply reply = ask(with_body("PUT", kPath, body, fields));
    EXPECT_EQ(reply.status, 401) << fields;
    EXPECT_EQ(reply.fields.at("www-authenticate"), "Bearer realm=\"ferrule\"");
  }
  EXPECT_EQ(ask(with_body("POST", "/api/v1/reload", "")).status, 401);
  EXPECT_TRUE(gateway.writes().empty());
  EXPECT_EQ(gateway.reloads(), 0u);
  EXPECT_EQ(ask(with_body("PUT", kPath, body, right)).status, 200);
  EXPECT_EQ(ask(with_body("POST", "/api/v1/reload", "", right)).status, 202);
  EXPECT_EQ(gateway.writes().size(), 1u);
  EXPECT_EQ(gateway.reloads(), 1u);
}

TEST_F(Write, without_a_token_file_nothing_opens_over_tcp) {
  settings.token_file.clear();
  start();
  for (const char* fields : {"", "Authorization: Bearer \r\n", "Authorization: Bearer x\r\n"}) {
    EXPECT_EQ(ask(with_body("PUT", kPath, R"({"value": 65})", fields)).status, 401);
  }
  EXPECT_EQ(ask_locally(with_body("PUT", kPath, R"({"value": 65})")).status, 200);
}

TEST_F(Write, over_the_unix_socket_the_file_is_the_guard) {
  start();
  const WireReply reply = ask_locally(with_body("PUT", kPath, R"({"value": 65, "id": "a-1", "expires_in": "500ms"})"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(parsed(reply.body)["outcome"], "done");
  EXPECT_EQ(parsed(reply.body)["id"], "a-1");
  const WriteRequest request = gateway.writes().at(0);
  EXPECT_EQ(request.tag, "boiler.setpoint");
  EXPECT_EQ(request.value, Value(int64_t{65}));
  EXPECT_EQ(request.id, "a-1");
  EXPECT_EQ(request.expires_in, std::chrono::milliseconds(500));
}

TEST_F(Write, each_outcome_has_its_status) {
  struct Case {
    CommandResult result;
    int status;
    const char* name;
  };
  const Case cases[] = {{CommandResult::done, 200, "done"},
                        {CommandResult::refused, 409, "refused"},
                        {CommandResult::expired, 503, "expired"},
                        {CommandResult::failed, 503, "failed"},
                        {CommandResult::unknown, 504, "unknown"}};
  std::atomic<CommandResult> result{};
  gateway.on_write = [&](const WriteRequest&, const std::function<void(WriteReply)>& done) {
    done({"x", result, "because"});
    return Status{};
  };
  start();
  for (const Case& c : cases) {
    result = c.result;
    const WireReply reply = ask_locally(with_body("PUT", kPath, R"({"value": 65})"));
    EXPECT_EQ(reply.status, c.status) << c.name;
    EXPECT_EQ(parsed(reply.body)["outcome"], c.name);
    EXPECT_EQ(parsed(reply.body)["reason"], "because");
  }
}

TEST_F(Write, what_the_gateway_refuses_at_once_says_why) {
  struct Case {
    Fault fault;
    int status;
  };
  std::atomic<Fault> fault{};
  gateway.on_write = [&](const WriteRequest&, const std::function<void(WriteReply)>&) { return Status(fault, "why not"); };
  start();
  for (const Case& c : {Case{Fault::invalid, 400}, Case{Fault::not_found, 404}, Case{Fault::full, 503}, Case{Fault::io, 500}}) {
    fault = c.fault;
    const WireReply reply = ask_locally(with_body("PUT", kPath, R"({"value": 65})"));
    EXPECT_EQ(reply.status, c.status);
    EXPECT_EQ(parsed(reply.body)["error"], "why not");
  }
}

TEST_F(Write, a_refused_reload_says_what_is_wrong_with_the_file) {
  gateway.reload_status = {Fault::invalid, "ferrule.yaml:3:5: no key 'chanels'"};
  start();
  const WireReply reply = ask_locally(with_body("POST", "/api/v1/reload", ""));
  EXPECT_EQ(reply.status, 422);
  EXPECT_NE(reply.body.find("3:5"), std::string::npos);
}

// Keeps each write's callback until the test calls it.
struct Kept {
  std::mutex lock;
  std::vector<std::function<void(WriteReply)>> calls;

  Status keep(std::function<void(WriteReply)> done) {
    const std::lock_guard guard(lock);
    calls.push_back(std::move(done));
    return {};
  }
  std::function<void(WriteReply)> take(size_t index) {
    const std::lock_guard guard(lock);
    return calls.size() > index ? calls[index] : nullptr;
  }
};

TEST_F(Write, an_outcome_from_another_thread_is_answered_and_others_are_served_meanwhile) {
  Kept kept;
  gateway.on_write = [&](const WriteRequest&, std::function<void(WriteReply)> done) { return kept.keep(std::move(done)); };
  start();
  Wire writer = local();
  writer.send(with_body("PUT", kPath, R"({"value": 65})") + get("/api/v1/health"));  // the next request waits for its turn
  await([&] { return kept.take(0) != nullptr; });
  EXPECT_EQ(ask(get("/api/v1/status")).status, 200);
  std::thread([&] { kept.take(0)({"x", CommandResult::refused, "exception 2"}); }).join();
  EXPECT_EQ(writer.reply().status, 409);
  EXPECT_EQ(writer.reply().status, 200);
  kept.take(0)({"x", CommandResult::done, ""});  // a second call is nobody's answer
  writer.send(get("/api/v1/health"));
  EXPECT_NE(writer.reply().body.find("healthy"), std::string::npos);
}

TEST_F(Write, a_client_that_leaves_while_its_write_is_pending_harms_nobody) {
  Kept kept;
  gateway.on_write = [&](const WriteRequest&, std::function<void(WriteReply)> done) { return kept.keep(std::move(done)); };
  start();
  {
    Wire writer = local();
    writer.send(with_body("PUT", kPath, R"({"value": 65})"));
    await([&] { return kept.take(0) != nullptr; });
  }
  kept.take(0)({"x", CommandResult::done, ""});
  EXPECT_EQ(ask(get("/api/v1/status")).status, 200);
  await([&] { return metric("ferrule_rest_connections") == 1; });  // the one that asks
}

TEST_F(Write, an_outcome_that_comes_after_the_server_has_gone_is_dropped) {
  Kept kept;
  gateway.on_write = [&](const WriteRequest&, std::function<void(WriteReply)> done) { return kept.keep(std::move(done)); };
  start();
  Wire writer = local();
  writer.send(with_body("PUT", kPath, R"({"value": 65})"));
  await([&] { return kept.take(0) != nullptr; });
  server.reset();
  kept.take(0)({"x", CommandResult::done, ""});
  EXPECT_EQ(writer.reply().status, 0);
}

TEST_F(Write, an_outcome_that_never_comes_is_unknown) {
  Kept kept;
  times.late = std::chrono::milliseconds(10);
  gateway.on_write = [&](const WriteRequest&, std::function<void(WriteReply)> done) { return kept.keep(std::move(done)); };
  start();
  const WireReply reply = ask_locally(with_body("PUT", kPath, R"({"value": 65, "id": "mine", "expires_in": "10ms"})"));
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(parsed(reply.body)["outcome"], "unknown");
  EXPECT_EQ(parsed(reply.body)["id"], "mine");
}

}  // namespace
}  // namespace ferrule
