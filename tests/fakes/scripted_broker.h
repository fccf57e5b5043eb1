// A broker that answers as a test says: refusals, silence, nonsense. One client at a time; speaks just enough MQTT 3.1.1 and 5.
//
// The script is called on the broker's thread. The destructor closes everything and joins.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ferrule {

class ScriptedBroker {
 public:
  struct Reply {
    std::string bytes;  // as they go over the wire
    bool close = false;
  };
  struct Published {
    int version = 5;
    int qos = 0;
    uint16_t id = 0;
    std::string topic, payload;
    size_t packet_bytes = 0;
  };
  struct Script {
    std::function<Reply(int version)> on_connect = [](int version) { return Reply{connack(version, 0)}; };
    std::function<Reply(const Published&)> on_publish = [](const Published& message) { return Reply{puback(message, 0)}; };
  };

  explicit ScriptedBroker(Script script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 8) != 0) std::abort();
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedBroker() {
    const uint64_t one = 1;
    if (write(stop_, &one, sizeof one) < 0) std::abort();
    thread_.join();
    close(listener_);
    close(stop_);
  }
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  uint16_t port() const { return port_; }
  std::vector<int> connects() const {  // the version of each CONNECT
    const std::lock_guard guard(lock_);
    return connects_;
  }
  std::vector<Published> published() const {
    const std::lock_guard guard(lock_);
    return published_;
  }
  size_t bytes_received() const {
    const std::lock_guard guard(lock_);
    return bytes_received_;
  }

  static std::string packet(int type, const std::string& body) {
    return std::string{static_cast<char>(type), static_cast<char>(body.size())} + body;  // bodies below 128 bytes
  }
  static std::string connack(int version, int code, const std::string& properties = "") {
    std::string body{'\0', static_cast<char>(code)};
    if (version >= 5) body += static_cast<char>(properties.size()) + properties;
    return packet(0x20, body);
  }
  static std::string puback(const Published& message, int code) {
    if (message.qos == 0) return "";
    std::string body{static_cast<char>(message.id >> 8), static_cast<char>(message.id & 255)};
    if (message.version >= 5 && code != 0) body += std::string{static_cast<char>(code), '\0'};
    return packet(0x40, body);
  }
  static std::string disconnect(int code) { return packet(0xe0, std::string{static_cast<char>(code), '\0'}); }

 private:
  void run() {
    while (wait(listener_)) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      serve(client);
      close(client);
    }
  }

  // False when the broker is to end.
  bool wait(int fd) const {
    pollfd fds[] = {{fd, POLLIN, 0}, {stop_, POLLIN, 0}};
    return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
  }

  void serve(int client) {
    std::string buffer;
    int version = 5;
    while (wait(client)) {
      char bytes[4096];
      const ssize_t count = recv(client, bytes, sizeof bytes, 0);
      if (count <= 0) return;
      {
        const std::lock_guard guard(lock_);
        bytes_received_ += static_cast<size_t>(count);
      }
      buffer.append(bytes, static_cast<size_t>(count));
      for (std::string one = take_packet(buffer); !one.empty(); one = take_packet(buffer)) {
        if (!answer(client, one, version)) return;
      }
    }
  }

  static size_t header_size(const std::string& packet) {
    size_t size = 1;
    while (size < packet.size() && (static_cast<uint8_t>(packet[size]) & 0x80) != 0) ++size;
    return size + 1;
  }

  static std::string take_packet(std::string& buffer) {
    if (buffer.size() < 2) return "";
    const size_t header = header_size(buffer);
    size_t length = 0;
    for (size_t i = 1; i < header && i < buffer.size(); ++i) {
      length |= static_cast<size_t>(static_cast<uint8_t>(buffer[i]) & 0x7f) << (7 * (i - 1));
    }
    if (buffer.size() < header + length) return "";
    std::string packet = buffer.substr(0, header + length);
    buffer.erase(0, header + length);
    return packet;
  }

  bool answer(int client, const std::string& packet, int& version) {
    const int type = static_cast<uint8_t>(packet[0]) >> 4;
    Reply reply;
    if (type == 1) {
      version = packet[header_size(packet) + 6];
      const std::lock_guard guard(lock_);
      connects_.push_back(version);
      reply = script_.on_connect(version);
    } else if (type == 3) {
      const Published message = parse_publish(packet, version);
      const std::lock_guard guard(lock_);
      published_.push_back(message);
      reply = script_.on_publish(message);
    } else if (type == 12) {
      reply.bytes = std::string("\xd0\x00", 2);  // PINGRESP
    } else if (type == 14) {
      return false;
    }
    const auto sent = send(client, reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(reply.bytes.size()) && !reply.close;
  }

  static Published parse_publish(const std::string& packet, int version) {
    Published message{.version = version, .qos = (packet[0] >> 1) & 3, .topic = {}, .payload = {}, .packet_bytes = packet.size()};
    size_t at = header_size(packet);
    const auto u16 = [&] {
      at += 2;
      return static_cast<uint16_t>((static_cast<uint8_t>(packet[at - 2]) << 8) | static_cast<uint8_t>(packet[at - 1]));
    };
    const size_t length = u16();
    message.topic = packet.substr(at, length);
    at += length;
    if (message.qos > 0) message.id = u16();
    if (version >= 5) at += 1 + static_cast<uint8_t>(packet[at]);
    message.payload = packet.substr(at);
    return message;
  }

  const Script script_;
  int listener_ = -1;
  const int stop_ = eventfd(0, EFD_CLOEXEC);
  uint16_t port_ = 0;
  mutable std::mutex lock_;
  std::vector<int> connects_;
  std::vector<Published> published_;
  size_t bytes_received_ = 0;
  std::thread thread_;
};

}  // namespace ferrule
