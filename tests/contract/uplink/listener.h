// A subscriber on a real broker that keeps what it hears: mosquitto_sub in a process of its own, as Paho's threads are shared by
// all clients of a process and one that receives delays one that sends.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferrule {

class Listener {
 public:
  struct Message {
    std::string topic, payload;
    bool retained = false;
  };

  // Returns when the broker has confirmed the subscription.
  explicit Listener(uint16_t port, const std::string& filter = "#") {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    output_ = ends[0];
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], 1);
      const std::string number = std::to_string(port);
      // -d writes "... received SUBACK"; messages come as "=retained topic payload".
      execlp("stdbuf", "stdbuf", "-oL", "mosquitto_sub", "-d", "-h", "127.0.0.1", "-p", number.c_str(), "-q", "2", "-t",
             filter.c_str(), "-F", "=%r %t %p", nullptr);
      _exit(127);
    }
    close(ends[1]);
    while (!subscribed_) {
      if (!read_line(std::chrono::steady_clock::now() + std::chrono::seconds(30))) throw std::runtime_error("no subscription");
    }
  }
  ~Listener() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(output_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Reads until `enough` holds of all that was heard; false after 30 s or when the broker went away.
  bool hear(const std::function<bool(const std::vector<Message>&)>& enough) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!enough(heard_)) {
      if (!read_line(until)) return false;
    }
    return true;
  }
  bool hear(const std::string& topic, const std::string& part) {
    return hear([&](const std::vector<Message>& heard) {
      for (const Message& message : heard) {
        if (message.topic == topic && message.payload.find(part) != std::string::npos) return true;
      }
      return false;
    });
  }
  const std::vector<Message>& heard() const { return heard_; }

 private:
  bool read_line(std::chrono::steady_clock::time_point until) {
    size_t end = 0;
    while ((end = buffer_.find('\n')) == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd ready{output_, POLLIN, 0};
      if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) <= 0) return false;
      char bytes[65536];
      const ssize_t count = read(output_, bytes, sizeof bytes);
      if (count <= 0) return false;
      buffer_.append(bytes, static_cast<size_t>(count));
    }
    take(buffer_.substr(0, end));
    buffer_.erase(0, end + 1);
    return true;
  }

  void take(const std::string& line) {
    if (line.find("received SUBACK") != std::string::npos) subscribed_ = true;
    if (line.size() < 3 || line[0] != '=') return;
    const size_t space = line.find(' ', 3);
    heard_.push_back({line.substr(3, space - 3), line.substr(space + 1), line[1] == '1'});
  }

  pid_t pid_ = 0;
  int output_ = -1;
  bool subscribed_ = false;
  std::string buffer_;
  std::vector<Message> heard_;
};

}  // namespace ferrule
