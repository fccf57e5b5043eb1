// The two sockets that the server listens on.
#pragma once

#include <sys/types.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <string>

#include "rest/loop.h"

namespace ferrule {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

// Takes the file of a Unix socket away when it goes, unless another gateway has put its own there meanwhile.
class SocketFile {
 public:
  SocketFile() = default;
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  void own(const std::string& path);  // the file that stands there now

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// `host` is an address or localhost (127.0.0.1). A port that is taken is an error that names it.
Result<Acceptor> listen_tcp(asio::io_context& io, const std::string& host, uint16_t port);

// Mode 0660. A stale socket is replaced; one where somebody answers, or a file that is no socket, is an error.
Result<Acceptor> listen_local(asio::io_context& io, const std::string& path, SocketFile& file);

uint16_t port_of(const Acceptor& acceptor);
void send_at_once(StreamSocket& socket);  // TCP_NODELAY

}  // namespace ferrule
