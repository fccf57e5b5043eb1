#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "link/fd_stream.h"
#include "link/name_lookup.h"
#include "link/stream_fields.h"
#include "link/wait.h"

namespace ferrule {

const std::span<const FieldSpec> kTcpFields{kTcpFieldTable};

namespace {

// A peer that acknowledges nothing for this long is gone; so is an idle one that leaves three probes unanswered.
constexpr int kUserTimeoutMs = 10'000;
constexpr int kKeepIdleSeconds = 10;
constexpr int kKeepEverySeconds = 5;
constexpr int kKeepProbes = 3;

void tune(int fd) {
  const auto set = [fd](int level, int option, int value) { (void)setsockopt(fd, level, option, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepEverySeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepProbes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
}

class TcpStream final : public FdStream {
 public:
  TcpStream(std::string host, uint16_t port, const Clock& clock, const StopSignal& stop)
      : FdStream(host + ":" + std::to_string(port), clock, stop), host_(std::move(host)), port_(port) {}

  Status connect(Deadline deadline) override {
    if (connected()) return {};
    const auto addresses = lookup_.find(host_, port_, deadline, clock_, stop_);
    if (!addresses.ok()) return addresses.status();
    Status status(Fault::disconnected, name_ + ": the name has no address");
    size_t left = addresses->size();
    for (const SocketAddress& address : *addresses) {
      const MonoTime now = clock_.now();
      status = connect_to(address, now + (deadline - now) / static_cast<int64_t>(left--));
      if (status.ok() || status.fault() == Fault::cancelled) break;
    }
    return status;
  }

 private:
  Status connect_to(const SocketAddress& address, Deadline deadline) {
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.open()) return failed(errno);
    tune(socket.fd());
    if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0) {
      if (errno != EINPROGRESS) return failed(errno);
      Status ready = wait_for(socket.fd(), POLLOUT, deadline, clock_, stop_, name_);
      if (ready.fault() == Fault::timeout) return failed(ETIMEDOUT);
      if (!ready.ok()) return ready;
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return failed(error);
    }
    descriptor_ = std::move(socket);
    return {};
  }

  Status failed(int error) const {
    const Fault fault = error == ETIMEDOUT ? Fault::timeout : Fault::disconnected;
    return {fault, static_cast<uint16_t>(error), name_ + ": " + std::generic_category().message(error) + remedy(error)};
  }

  ssize_t send_some(std::span<const uint8_t> bytes) override { return ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  std::string remedy(int error) const override {
    switch (error) {
      case ECONNREFUSED: return ": nothing listens on that port; check the port, and that the device's server is on";
      case ETIMEDOUT: return ": is the device switched on, and is its address right?";
      case EHOSTUNREACH:
      case ENETUNREACH: return ": check the cable, the gateway's own address and its route";
      case EMFILE:
      case ENFILE: return ": raise the limit of open files (LimitNOFILE)";
      case 0:
      case ECONNRESET:
      case EPIPE: return ": some devices take one connection at a time; is another program connected?";
      default: return "";
    }
  }

  const std::string host_;
  const uint16_t port_;
  NameLookup lookup_;
};

}  // namespace

std::unique_ptr<Stream> make_tcp_stream(const Fields& tcp, uint16_t default_port, const Clock& clock, const StopSignal& stop) {
  const uint16_t port = tcp.has("port") ? static_cast<uint16_t>(tcp.integer("port")) : default_port;
  return std::make_unique<TcpStream>(tcp.text("host"), port, clock, stop);
}

}  // namespace ferrule
