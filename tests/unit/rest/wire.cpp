#include "tests/unit/rest/wire.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <utility>

namespace ferrule {

namespace {

Wire connected(int fd, const sockaddr* address, socklen_t size) {
  Wire wire(fd);
  if (fd < 0 || ::connect(fd, address, size) != 0) throw std::runtime_error("cannot connect");
  return wire;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

Wire Wire::tcp(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Wire Wire::local(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return connected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Wire::~Wire() { close(); }

Wire::Wire(Wire&& other) noexcept : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

void Wire::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool Wire::send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool Wire::more() {
  pollfd waiting{fd_, POLLIN, 0};
  constexpr int kPatienceMs = 30000;
  if (::poll(&waiting, 1, kPatienceMs) <= 0) throw std::runtime_error("the server says nothing");
  char piece[65536];
  const ssize_t got = ::recv(fd_, piece, sizeof piece, 0);
  if (got > 0) buffer_.append(piece, static_cast<size_t>(got));
  return got > 0;
}

std::string Wire::until(std::string_view mark) {
  size_t at = 0;
  while ((at = buffer_.find(mark)) == std::string::npos) {
    if (!more()) return std::exchange(buffer_, {});
  }
  const std::string text = buffer_.substr(0, at + mark.size());
  buffer_.erase(0, at + mark.size());
  return text;
}

WireReply Wire::reply(bool without_body) {
  WireReply reply;
  const std::string head = until("\r\n\r\n");
  if (!head.ends_with("\r\n\r\n") || head.size() < 12) return reply;
  size_t at = head.find("\r\n") + 2;
  while (at + 2 < head.size()) {
    const size_t end = head.find("\r\n", at), colon = head.find(": ", at);
    reply.fields[lower(head.substr(at, colon - at))] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  reply.status = std::stoi(head.substr(9, 3));
  const size_t length = without_body || reply.fields["content-length"].empty() ? 0 : std::stoul(reply.fields["content-length"]);
  while (buffer_.size() < length) {
    if (!more()) return {};
  }
  reply.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return reply;
}

bool Wire::ended() {
  while (more()) {
  }
  return true;
}

std::string get(std::string_view path, std::string_view fields) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
}

std::string with_body(std::string_view method, std::string_view path, std::string_view body, std::string_view fields) {
  return std::string(method) + " " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) +
         "\r\n" + std::string(body);
}

}  // namespace ferrule
