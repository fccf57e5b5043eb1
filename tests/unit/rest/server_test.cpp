// Starting, stopping, the files that the server makes, its metrics, its beat.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <set>

#include "tests/unit/rest/rest_fixture.h"

namespace ferrule {
namespace {

using testing::HasSubstr;

class Server : public RestFixture {
 protected:
  Status start_another(const RestSettings& other) {
    const auto started = RestServer::start(other, gateway);
    return started.ok() ? Status{} : started.status();
  }
  mode_t mode_of(const std::string& path) const {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
  }
  // A socket file that nobody listens on any more.
  void leave_stale_socket() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    settings.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(fd);
  }
};

TEST_F(Server, a_port_that_is_taken_is_named_and_tried_again) {
  start();
  RestSettings later = settings;
  later.port = server->port();
  later.socket += ".2";
  times.beat = std::chrono::milliseconds(1);
  const auto second = std::move(*RestServer::start(later, gateway, times));
  EXPECT_THAT(second->trouble(), HasSubstr("127.0.0.1:" + std::to_string(later.port) + " is taken"));
  EXPECT_EQ(second->port(), 0);
  Wire wire = Wire::local(later.socket);
  wire.send(get("/api/v1/health"));
  EXPECT_EQ(wire.reply().status, 200) << "the command line is served meanwhile";
  server.reset();
  await([&] { return second->port() == later.port; });
  EXPECT_EQ(second->trouble(), "");
}

TEST_F(Server, a_second_gateway_does_not_take_the_socket_of_a_living_one) {
  start();
  EXPECT_THAT(start_another(settings).what(), HasSubstr("another gateway answers at " + settings.socket));
  EXPECT_EQ(ask_locally(get("/api/v1/health")).status, 200);
}

TEST_F(Server, a_stale_socket_is_replaced_and_the_own_one_is_0660_and_goes_with_the_server) {
  leave_stale_socket();
  const mode_t before = ::umask(0);
  start();
  ::umask(before);
  EXPECT_EQ(mode_of(settings.socket), 0660u);
  EXPECT_EQ(ask_locally(get("/api/v1/health")).status, 200);
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(settings.socket));
}

TEST_F(Server, a_socket_that_another_put_there_meanwhile_stays) {
  start();
  std::filesystem::remove(settings.socket);
  leave_stale_socket();
  server.reset();
  EXPECT_TRUE(std::filesystem::exists(settings.socket));
}

TEST_F(Server, a_file_that_is_no_socket_is_left_alone) {
  std::ofstream(settings.socket) << "precious";
  EXPECT_EQ(start_another(settings).fault(), Fault::invalid);
  EXPECT_TRUE(std::filesystem::is_regular_file(settings.socket));
}

TEST_F(Server, wrong_settings_are_refused_in_words) {
  RestSettings other = settings;
  other.host = "plant7.example";
  EXPECT_THAT(start_another(other).what(), HasSubstr("'plant7.example' is not an address"));
  other = settings;
  other.socket = "/" + std::string(200, 'x');
  EXPECT_THAT(start_another(other).what(), HasSubstr("107 bytes"));
  other.socket = folder + "/absent/ferrule.sock";
  EXPECT_THAT(start_another(other).what(), HasSubstr(other.socket));
}

TEST_F(Server, the_token_is_made_once_readable_to_its_owner_and_different_each_time) {
  std::set<std::string> tokens;
  for (int i = 0; i < 3; ++i) {
    settings.token_file = folder + "/token" + std::to_string(i);
    start();
    EXPECT_EQ(mode_of(settings.token_file), 0600u);
    const std::string made = bearer();
    EXPECT_EQ(made.size(), std::string("Authorization: Bearer ").size() + 64 + 2);
    server.reset();
    start();
    EXPECT_EQ(bearer(), made);
    tokens.insert(made);
    server.reset();
  }
  EXPECT_EQ(tokens.size(), 3u);
}

TEST_F(Server, an_unsafe_token_file_is_no_token_file) {
  const std::string good(64, 'a');
  std::ofstream(settings.token_file) << good;
  std::filesystem::permissions(settings.token_file, std::filesystem::perms(0604));
  EXPECT_THAT(start_another(settings).what(), HasSubstr("chmod 600"));
  std::filesystem::permissions(settings.token_file, std::filesystem::perms(0640));
  EXPECT_TRUE(start_another(settings).ok());
  std::ofstream(settings.token_file) << "short";
  EXPECT_THAT(start_another(settings).what(), HasSubstr("32 characters"));
  std::filesystem::remove(settings.token_file);
  std::filesystem::create_symlink("/etc/hostname", settings.token_file);
  EXPECT_FALSE(start_another(settings).ok());
}

TEST_F(Server, rest_off_leaves_the_command_line) {
  settings.on = false;
  start();
  EXPECT_EQ(server->port(), 0);
  EXPECT_EQ(ask_locally(get("/api/v1/health")).status, 200);
  EXPECT_EQ(ask_locally(with_body("PUT", "/api/v1/values/boiler.setpoint", R"({"value": 1})")).status, 200);
}

TEST_F(Server, ipv6_loopback_answers) {
  settings.host = "::1";
  const auto started = RestServer::start(settings, gateway);
  if (!started.ok()) GTEST_SKIP() << started.status().what();
  EXPECT_NE((*started)->port(), 0);
}

TEST_F(Server, the_loop_beats) {
  times.beat = std::chrono::milliseconds(1);
  start();
  const MonoTime first = server->last_beat();
  await([&] { return server->last_beat() > first; });
}

TEST_F(Server, it_stops_with_connections_in_every_state) {
  gateway.on_write = [](const WriteRequest&, const std::function<void(WriteReply)>&) { return Status{}; };
  start();
  Wire silent = tcp(), half = tcp(), idle = tcp(), writing = local();
  half.send("GET /api");
  idle.send(get("/api/v1/health"));
  EXPECT_EQ(idle.reply().status, 200);
  writing.send(with_body("PUT", "/api/v1/values/boiler.setpoint", R"({"value": 1})"));
  await([&] { return !gateway.writes().empty(); });
  server.reset();
  EXPECT_TRUE(silent.ended() && half.ended() && idle.ended() && writing.ended());
}

TEST_F(Server, metrics_are_lines_that_prometheus_reads) {
  gateway.channel_reports[0].name = "odd\"\\\n";
  gateway.channel_reports[0].requests = 123456789012345;
  gateway.channel_reports[0].busy = 0.25;
  start();
  const WireReply reply = ask(get("/metrics"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.fields.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(reply.body, HasSubstr("ferrule_info{gateway=\"plant7\",version=\"0.1.0\"} 1\n"));
  EXPECT_THAT(reply.body,
              HasSubstr("ferrule_channel_requests_total{channel=\"odd\\\"\\\\\\n\",driver=\"modbus\"} 123456789012345\n"));
  EXPECT_THAT(reply.body, HasSubstr("ferrule_channel_busy_ratio{channel=\"odd\\\"\\\\\\n\",driver=\"modbus\"} 0.25\n"));
  EXPECT_THAT(reply.body, HasSubstr("ferrule_device_online{channel=\"line_a\",device=\"press\"} 0\n"));
}

// Each family has HELP and TYPE once, before its lines; counters and only counters end in _total.
TEST_F(Server, metrics_are_announced_and_named_by_the_rules) {
  start();
  std::istringstream text(ask(get("/metrics")).body);
  std::set<std::string> seen;
  std::string line, family, type;
  while (std::getline(text, line)) {
    std::istringstream words(line);
    std::string hash, kind, name;
    if (line.starts_with("# ")) {
      words >> hash >> kind >> name;
      if (kind == "HELP") {
        EXPECT_TRUE(seen.insert(name).second) << name << " twice";
        family = name;
      }
      if (kind != "TYPE") continue;
      EXPECT_EQ(name, family);
      words >> type;
      EXPECT_EQ(type == "counter", name.ends_with("_total")) << name;
      EXPECT_TRUE(type == "counter" || type == "gauge");
    } else {
      EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), family);
    }
  }
  EXPECT_GT(seen.size(), 50u);
}

}  // namespace
}  // namespace ferrule
