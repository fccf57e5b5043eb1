// A client that says exactly the bytes that a test wants, and reads what comes back. No call waits for more than 30 s.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ferrule {

struct WireReply {
  int status = 0;                             // 0: the connection ended before a whole reply had come
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
};

class Wire {
 public:
  static Wire tcp(uint16_t port);
  static Wire local(const std::string& path);
  explicit Wire(int fd) : fd_(fd) {}
  ~Wire();
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&&) = delete;

  bool send(std::string_view text);  // false: the other side has closed
  WireReply reply(bool without_body = false);
  std::string until(std::string_view mark);  // everything up to and with `mark`, or to the end
  bool ended();                              // waits for the end of the connection
  void close();
  int fd() const { return fd_; }

 private:
  bool more();  // reads something into buffer_; false at the end
  int fd_;
  std::string buffer_;
};

// "GET path" as a well-behaved client says it.
std::string get(std::string_view path, std::string_view fields = {});
std::string with_body(std::string_view method, std::string_view path, std::string_view body, std::string_view fields = {});

}  // namespace ferrule
