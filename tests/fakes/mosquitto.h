// Debian's mosquitto as a child process, for tests against a real broker. Each has its own folder and its own port.
//
// mosquitto cannot be asked for "any port": a free one is found by bind(0), and another is tried when somebody took it meanwhile.
// Ready means that it accepts connections. The destructor kills it and removes its folder.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferrule {

// A TCP port that was free a moment ago.
inline uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

// A folder that goes away with its owner.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ferrule-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
    // mosquitto started as root gives its rights up and must still read what is here.
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

class Mosquitto {
 public:
  static constexpr const char* kProgram = "/usr/sbin/mosquitto";
  static bool available() { return access(kProgram, X_OK) == 0; }

  // Further lines of its configuration: "cafile ...", "max_packet_size 1024", ...
  explicit Mosquitto(std::vector<std::string> options = {}) : options_(std::move(options)) {
    for (int attempt = 0; attempt < 20; ++attempt) {
      port_ = free_port();
      if (try_start()) return;
    }
    throw std::runtime_error("mosquitto does not start; see " + folder_.file("log"));
  }
  ~Mosquitto() { kill(); }
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  uint16_t port() const { return port_; }

  // As by kill -9: no DISCONNECT, no farewell. What it had in memory is gone.
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGCONT);
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // On the same port again.
  void start_again() {
    for (int attempt = 0; attempt < 20; ++attempt) {
      if (try_start()) return;
    }
    throw std::runtime_error("mosquitto does not start again");
  }
  // It keeps its sockets and says nothing.
  void freeze() { ::kill(pid_, SIGSTOP); }
  void thaw() { ::kill(pid_, SIGCONT); }

 private:
  bool try_start() {
    write_configuration();
    pid_ = fork();
    if (pid_ == 0) {
      const std::string configuration = folder_.file("mosquitto.conf");
      const int log = open(folder_.file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
      dup2(log, 1);
      dup2(log, 2);
      execl(kProgram, kProgram, "-c", configuration.c_str(), nullptr);
      _exit(127);
    }
    return accepts();
  }

  void write_configuration() const {
    std::ofstream out(folder_.file("mosquitto.conf"));
    out << "listener " << port_ << " 127.0.0.1\nallow_anonymous true\npersistence false\n";
    for (const std::string& option : options_) out << option << '\n';
  }

  // Waits on the process and, between looks at it, on nothing but the kernel: false as soon as it has ended.
  bool accepts() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const int process = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    bool open = false;
    while (!open && std::chrono::steady_clock::now() < until) {
      pollfd ended{process, POLLIN, 0};
      if (poll(&ended, 1, 5) == 1) break;
      open = can_connect();
    }
    pollfd ended{process, POLLIN, 0};
    if (poll(&ended, 1, 0) == 1) open = false;  // it was somebody else who answered on this port
    close(process);
    if (!open) kill();
    return open;
  }

  bool can_connect() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return connected;
  }

  const std::vector<std::string> options_;
  ScratchFolder folder_;
  uint16_t port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace ferrule
