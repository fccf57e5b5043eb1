#include "simulator/endpoints.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace ferrule::simulator {

namespace {

Status failed(const std::string& what) { return {Fault::io, static_cast<uint16_t>(errno), what + ": " + std::strerror(errno)}; }

void make_non_blocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

Result<uint16_t> bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return failed("cannot read the bound port");
  const uint16_t port = address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                                      : reinterpret_cast<const sockaddr_in&>(address).sin_port;
  return static_cast<uint16_t>(ntohs(port));
}

}  // namespace

Result<Listener> listen_tcp(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return Status(Fault::invalid, "'" + host + "' is not an address to listen on, write 127.0.0.1 or ::1");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  const std::string name = host + ":" + std::to_string(port);
  Listener listener{Descriptor(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), 0};
  if (!listener.socket) return failed("cannot make a socket for " + name);
  const int on = 1;
  ::setsockopt(listener.socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener.socket.fd(), found->ai_addr, found->ai_addrlen) != 0) return failed("cannot listen on " + name);
  if (::listen(listener.socket.fd(), SOMAXCONN) != 0) return failed("cannot listen on " + name);
  const auto bound = bound_port(listener.socket.fd());
  if (!bound) return bound.status();
  listener.port = *bound;
  return listener;
}

Result<PseudoTerminal> PseudoTerminal::open(const std::string& link) {
  int master = -1;
  int slave = -1;
  termios raw{};
  ::cfmakeraw(&raw);
  if (::openpty(&master, &slave, nullptr, &raw, nullptr) != 0) return failed("cannot make a pseudo terminal");
  PseudoTerminal terminal;
  terminal.master_ = Descriptor(master);
  terminal.slave_ = Descriptor(slave);
  make_non_blocking(master);
  make_non_blocking(slave);
  char path[128];
  if (::ttyname_r(slave, path, sizeof path) != 0) return failed("cannot name the pseudo terminal");
  terminal.path_ = path;

  std::error_code error;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(link, error))) std::filesystem::remove(link, error);
  std::filesystem::create_symlink(terminal.path_, link, error);
  if (error) return Status(Fault::io, "cannot make the link " + link + ": " + error.message());
  terminal.link_ = link;
  return terminal;
}

PseudoTerminal::~PseudoTerminal() {
  if (!master_ || link_.empty()) return;
  std::error_code error;
  if (std::filesystem::read_symlink(link_, error) == path_) std::filesystem::remove(link_, error);
}

}  // namespace ferrule::simulator
