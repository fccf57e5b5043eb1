#include "rest/listeners.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstring>

namespace ferrule {

namespace {

using boost::system::error_code;

Status failed(std::string doing, const error_code& error) {
  return {Fault::io, static_cast<uint16_t>(error.value()), std::move(doing) + ": " + error.message()};
}

// Whether the path is free, or was made so.
Status clear_the_way(asio::io_context& io, const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0)
    return errno == ENOENT ? Status{} : Status{Fault::io, path + ": " + std::strerror(errno)};
  if (!S_ISSOCK(facts.st_mode)) return {Fault::invalid, path + " exists and is no socket: name another path, or remove it"};
  asio::local::stream_protocol::socket probe(io);
  error_code error;
  probe.connect(asio::local::stream_protocol::endpoint(path), error);
  if (!error) return {Fault::refused, "another gateway answers at " + path + ": stop it first"};
  if (error != asio::error::connection_refused) return failed("cannot tell who answers at " + path, error);
  if (::unlink(path.c_str()) != 0) return {Fault::io, "cannot remove the stale socket " + path + ": " + std::strerror(errno)};
  return {};
}

}  // namespace

SocketFile::~SocketFile() {
  struct stat facts {};
  if (path_.empty() || ::lstat(path_.c_str(), &facts) != 0) return;
  if (facts.st_dev == device_ && facts.st_ino == inode_) ::unlink(path_.c_str());
}

void SocketFile::own(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return;
  path_ = path;
  device_ = facts.st_dev;
  inode_ = facts.st_ino;
}

Result<Acceptor> listen_tcp(asio::io_context& io, const std::string& host, uint16_t port) {
  error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) return {Fault::invalid, "rest.listen: '" + host + "' is not an address; say 127.0.0.1 or 0.0.0.0"};
  const asio::ip::tcp::endpoint endpoint(address, port);
  const std::string where = (address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port);
  Acceptor acceptor(io);
  const asio::generic::stream_protocol protocol(endpoint.protocol());
  acceptor.open(protocol, error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(asio::generic::stream_protocol::endpoint(endpoint), error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return {Fault::refused, where + " is taken by another program: see `ss -ltnp`, or set another rest.listen"};
  }
  if (error) return failed("cannot listen on " + where, error);
  return acceptor;
}

Result<Acceptor> listen_local(asio::io_context& io, const std::string& path, SocketFile& file) {
  constexpr size_t kLongest = 107;  // sun_path
  if (path.size() > kLongest) return {Fault::invalid, "the path of the socket is longer than 107 bytes: " + path};
  if (Status clear = clear_the_way(io, path); !clear.ok()) return clear;
  const asio::local::stream_protocol::endpoint endpoint(path);
  error_code error;
  Acceptor acceptor(io);
  acceptor.open(asio::generic::stream_protocol(endpoint.protocol()), error);
  if (!error) acceptor.bind(asio::generic::stream_protocol::endpoint(endpoint), error);
  if (error) return failed("cannot make the socket " + path, error);
  file.own(path);
  // Nobody can connect before listen(), so nobody slips in before the mode is right.
  if (::chmod(path.c_str(), 0660) != 0) return {Fault::io, "cannot set the mode of " + path + ": " + std::strerror(errno)};
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failed("cannot listen on " + path, error);
  return acceptor;
}

uint16_t port_of(const Acceptor& acceptor) {
  error_code error;
  const asio::generic::stream_protocol::endpoint generic = acceptor.local_endpoint(error);
  asio::ip::tcp::endpoint endpoint;
  if (error || generic.size() > endpoint.capacity()) return 0;
  std::memcpy(endpoint.data(), generic.data(), generic.size());
  return endpoint.port();
}

void send_at_once(StreamSocket& socket) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

}  // namespace ferrule
