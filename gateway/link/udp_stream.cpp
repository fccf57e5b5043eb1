#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "link/fd_stream.h"
#include "link/name_lookup.h"
#include "link/stream_fields.h"

namespace ferrule {

namespace {

// A socket that hears one peer only; each read is one datagram. A refusal (ICMP) shows at the next call.
class UdpStream final : public FdStream {
 public:
  UdpStream(std::string host, uint16_t port, const Clock& clock, const StopSignal& stop)
      : FdStream("udp " + host + ":" + std::to_string(port), clock, stop), host_(std::move(host)), port_(port) {}

  Status connect(Deadline deadline) override {
    if (connected()) return {};
    const auto addresses = lookup_.find(host_, port_, deadline, clock_, stop_);
    if (!addresses.ok()) return addresses.status();
    int error = EADDRNOTAVAIL;
    for (const SocketAddress& address : *addresses) {
      Descriptor socket(::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      if (socket.open() && ::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0) {
        descriptor_ = std::move(socket);
        return {};
      }
      error = errno;
    }
    return {Fault::disconnected, static_cast<uint16_t>(error),
            name_ + ": " + std::generic_category().message(error) + remedy(error)};
  }

 private:
  ssize_t send_some(std::span<const uint8_t> bytes) override { return ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  std::string remedy(int error) const override {
    switch (error) {
      case 0:
      case ECONNREFUSED: return ": nothing listens on that port";
      case EHOSTUNREACH:
      case ENETUNREACH: return ": check the cable, the gateway's own address and its route";
      default: return "";
    }
  }

  const std::string host_;
  const uint16_t port_;
  NameLookup lookup_;
};

}  // namespace

std::unique_ptr<Stream> make_udp_stream(const Fields& udp, const Clock& clock, const StopSignal& stop) {
  return std::make_unique<UdpStream>(udp.text("host"), static_cast<uint16_t>(udp.integer("port")), clock, stop);
}

}  // namespace ferrule
