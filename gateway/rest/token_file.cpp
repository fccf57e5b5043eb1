#include "rest/token_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ferrule {

namespace {

constexpr size_t kRandomBytes = 32;
constexpr size_t kShortest = 32;
constexpr size_t kLongest = 1024;

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0) : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status failed(const std::string& path, const char* doing) {
  const int error = errno;
  return {Fault::io, static_cast<uint16_t>(error),
          "cannot " + std::string(doing) + " the token file " + path + ": " + std::strerror(error)};
}

Result<std::string> random_token() {
  unsigned char bytes[kRandomBytes];
  if (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes))
    return {Fault::io, "the system gives no random bytes"};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string token;
  for (const unsigned char byte : bytes) {
    token += kHex[byte >> 4];
    token += kHex[byte & 15];
  }
  return token;
}

Status create(const std::string& path) {
  const Result<std::string> token = random_token();
  if (!token.ok()) return token.status();
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const File file(fresh, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (file.fd() < 0) return failed(path, "create");
  const std::string line = *token + "\n";
  if (::write(file.fd(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) return failed(path, "write");
  if (::fsync(file.fd()) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0) return failed(path, "keep");
  return {};
}

Result<std::string> read_from(const File& file, const std::string& path) {
  struct stat facts {};
  if (::fstat(file.fd(), &facts) != 0) return failed(path, "look at");
  if (!S_ISREG(facts.st_mode)) return {Fault::invalid, path + " is not a plain file: name another rest.token_file"};
  if ((facts.st_mode & S_IRWXO) != 0) return {Fault::invalid, path + " is open to everyone on the machine: chmod 600 " + path};
  char text[kLongest];
  const ssize_t got = ::read(file.fd(), text, sizeof text);
  if (got < 0) return failed(path, "read");
  std::string token(text, static_cast<size_t>(got));
  token.resize(token.find_last_not_of(" \t\r\n") + 1);
  if (token.size() < kShortest)
    return {Fault::invalid, path + " holds no token of 32 characters or more: delete it, a new one is made"};
  return token;
}

}  // namespace

Result<std::string> token_from(const std::string& path) {
  {
    const File file(path, O_RDONLY);
    if (file.fd() >= 0) return read_from(file, path);
  }
  if (errno != ENOENT) return failed(path, "open");
  if (const Status made = create(path); !made.ok()) return made;
  const File file(path, O_RDONLY);
  if (file.fd() < 0) return failed(path, "open");
  return read_from(file, path);
}

}  // namespace ferrule
