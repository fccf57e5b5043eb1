#include "host/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "host/heartbeat.h"

namespace ferrule {
namespace {

TEST(Notify, a_datagram_reaches_the_service_manager) {
  const std::string path = std::filesystem::temp_directory_path() / ("ferrule-notify-" + std::to_string(getpid()));
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  notify_systemd("READY=1");
  char text[32] = {};
  EXPECT_EQ(recv(fd, text, sizeof text - 1, MSG_DONTWAIT), 7);
  EXPECT_STREQ(text, "READY=1");
  unsetenv("NOTIFY_SOCKET");
  notify_systemd("READY=1");  // outside systemd: nothing
  EXPECT_LT(recv(fd, text, sizeof text, MSG_DONTWAIT), 0);
  close(fd);
  std::filesystem::remove(path);
}

TEST(Notify, the_watchdog_period_comes_from_the_environment) {
  unsetenv("WATCHDOG_USEC");
  EXPECT_FALSE(watchdog_period().has_value());
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(watchdog_period(), std::chrono::seconds(30));
  setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(watchdog_period().has_value());
  unsetenv("WATCHDOG_USEC");
}

TEST(Heartbeat, a_loop_is_alive_while_it_waits_or_is_busy_no_longer_than_it_said) {
  Heartbeat heartbeat;
  const MonoTime now{std::chrono::hours(1)};
  EXPECT_TRUE(heartbeat.alive(now));
  heartbeat.begin(now + std::chrono::seconds(5));
  EXPECT_TRUE(heartbeat.alive(now + std::chrono::seconds(5)));
  EXPECT_FALSE(heartbeat.alive(now + std::chrono::seconds(6)));
  heartbeat.rest();
  EXPECT_TRUE(heartbeat.alive(now + std::chrono::hours(1000)));
}

}  // namespace
}  // namespace ferrule
