// The command line's side: against a real server, against nobody, and against what is no gateway.
#include "rest/client.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/rest/rest_fixture.h"

namespace ferrule {
namespace {

using testing::HasSubstr;

class Client : public RestFixture {
 protected:
  static constexpr std::chrono::seconds kLong{30};

  // Listens where a gateway would, and answers one connection with these bytes; then closes it or keeps silent.
  std::thread impostor(std::string answer, bool closes = true) {
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    settings.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    return std::thread([listener, closes, answer = std::move(answer)] {
      Wire wire(::accept(listener, nullptr, nullptr));
      wire.until("\r\n\r\n");
      wire.send(answer);
      if (!closes) wire.ended();
      ::close(listener);
    });
  }
};

TEST_F(Client, gets_the_answer_whatever_its_status) {
  start();
  const auto good = rest_call(settings.socket, "GET", "/api/v1/health", "", kLong);
  ASSERT_TRUE(good.ok()) << good.status().what();
  EXPECT_EQ(good->status, 200);
  EXPECT_TRUE(parsed(good->body)["healthy"]);
  EXPECT_EQ(rest_call(settings.socket, "GET", "/api/v1/nonsense", "", kLong)->status, 404);
  EXPECT_EQ(rest_call(settings.socket, "PUT", "/api/v1/values/boiler.setpoint", R"({"value": 1})", kLong)->status, 200);
}

TEST_F(Client, no_gateway_is_named_with_the_remedy) {
  const auto absent = rest_call(settings.socket, "GET", "/", "", kLong);
  EXPECT_EQ(absent.status().fault(), Fault::disconnected);
  EXPECT_THAT(absent.status().what(), HasSubstr(settings.socket));
  EXPECT_THAT(absent.status().what(), HasSubstr("systemctl status ferrule"));
}

TEST_F(Client, a_socket_that_we_may_not_use_names_the_group) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may use every socket";
  start();
  std::filesystem::permissions(settings.socket, std::filesystem::perms::none);
  EXPECT_THAT(rest_call(settings.socket, "GET", "/", "", kLong).status().what(), HasSubstr("group ferrule"));
}

TEST_F(Client, a_path_that_cannot_be_a_socket_is_refused) {
  EXPECT_EQ(rest_call("", "GET", "/", "", kLong).status().fault(), Fault::invalid);
  EXPECT_EQ(rest_call(std::string(200, 'x'), "GET", "/", "", kLong).status().fault(), Fault::invalid);
}

TEST_F(Client, what_is_no_gateway_is_an_error_not_a_wait) {
  struct Case {
    const char* answer;
    Fault fault;
  };
  const Case cases[] = {{"", Fault::disconnected},
                        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", Fault::bad_reply},
                        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", Fault::disconnected},
                        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", Fault::full}};
  for (const Case& c : cases) {
    std::thread other = impostor(c.answer);
    EXPECT_EQ(rest_call(settings.socket, "GET", "/", "", kLong).status().fault(), c.fault) << c.answer;
    other.join();
    std::filesystem::remove(settings.socket);
  }
}

TEST_F(Client, silence_ends_in_a_timeout) {
  std::thread other = impostor("HTTP/1.1 200 OK\r\n", false);
  EXPECT_EQ(rest_call(settings.socket, "GET", "/", "", std::chrono::milliseconds(50)).status().fault(), Fault::timeout);
  other.join();
}

TEST_F(Client, a_stream_is_read_until_the_reader_has_enough) {
  start();
  std::atomic<bool> stop = false;
  std::thread publisher([&] {
    for (int64_t i = 0; !stop; ++i) gateway.publish(tag_report("boiler.temperature", Value(i)));
  });
  int events = 0;
  const Status status =
      rest_stream(settings.socket, "/api/v1/live?tag=boiler.temperature", [&](std::string_view) { return ++events < 100; });
  stop = true;
  publisher.join();
  EXPECT_TRUE(status.ok()) << status.what();
  EXPECT_EQ(events, 100);
}

TEST_F(Client, a_stream_ends_without_error_when_the_gateway_stops) {
  start();
  std::thread stopper([&] {
    await([&] { return gateway.watchers() == 1; });
    gateway.publish(tag_report("boiler.temperature", Value(1.5)));
    server.reset();
  });
  EXPECT_TRUE(rest_stream(settings.socket, "/api/v1/live", [](std::string_view) { return true; }).ok());
  stopper.join();
}

TEST_F(Client, a_refused_stream_says_why) {
  start();
  const Status status = rest_stream(settings.socket, "/api/v1/live?tag=boiler.setpont", [](std::string_view) { return true; });
  EXPECT_EQ(status.fault(), Fault::not_found);
  EXPECT_THAT(status.what(), HasSubstr("boiler.setpoint"));
}

}  // namespace
}  // namespace ferrule
