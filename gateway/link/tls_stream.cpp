#include <poll.h>

#include <array>
#include <optional>

#include "link/stream.h"
#include "link/tls.h"
#include "link/wait.h"

namespace ferrule {

namespace {

// TLS over a TCP stream. The files are read at each connect, so that renewed certificates are taken without a restart.
class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<Stream> tcp, const Fields& tls, std::string peer, const Clock& clock, const StopSignal& stop)
      : tcp_(std::move(tcp)), tls_(tls), peer_(std::move(peer)), clock_(clock), stop_(stop) {}

  Status connect(Deadline deadline) override {
    if (connected()) return {};
    const auto context = TlsContext::client(tls_);
    if (!context) return {Fault::disconnected, name() + ": " + context.status().what()};
    if (Status link = tcp_->connect(deadline); !link.ok()) return link;
    session_ = TlsSession::to_server(*context, tcp_->fd(), peer_);
    Status shaken = finish(deadline, [this] { return session_->shake(); });
    if (!shaken.ok()) disconnect();
    return shaken;
  }

  void disconnect() noexcept override {
    if (session_) session_->say_goodbye();
    session_.reset();
    tcp_->disconnect();
  }
  bool connected() const override { return session_.has_value() && tcp_->connected(); }
  int fd() const override { return tcp_->fd(); }
  const std::string& name() const override { return tcp_->name(); }

  uint64_t bytes_sent() const override { return sent_; }

  Status write(std::span<const uint8_t> bytes, Deadline deadline) override {
    if (!connected()) return not_connected();
    while (!bytes.empty()) {
      size_t sent = 0;
      const Status status = finish(deadline, [&] {
        const auto step = session_->write(bytes);
        sent = step.bytes;
        return step;
      });
      sent_ += sent;
      if (!status.ok() && connected()) {  // the session holds a record, of which a part may be out
        sent_ += bytes.size();
        return lost("the other side does not take what it is sent");
      }
      if (!status.ok()) return status;
      bytes = bytes.subspan(sent);
    }
    return {};
  }

  Result<size_t> read(std::span<uint8_t> bytes, Deadline deadline) override {
    if (!connected()) return not_connected();
    if (stop_.raised()) return {Fault::cancelled, name() + ": stopping"};
    size_t got = 0;
    const Status status = finish(deadline, [&] {
      const auto step = session_->read(bytes);
      got = step.bytes;
      return step;
    });
    if (!status.ok()) return status;
    return got;
  }

  size_t drain() override {
    std::array<uint8_t, 512> bin;
    size_t dropped = 0;
    for (int turn = 0; turn < 128 && connected(); ++turn) {
      const auto step = session_->read(bin);
      if (step.what != TlsSession::What::done) break;  // a broken link shows at the next read
      dropped += step.bytes;
    }
    return dropped;
  }

 private:
  Status not_connected() const { return {Fault::disconnected, name() + ": not connected"}; }

  // Repeats a step until it is done, waiting for the socket in between.
  template <class Do>
  Status finish(Deadline deadline, Do step) {
    while (true) {
      switch (step().what) {
        case TlsSession::What::done: return {};
        case TlsSession::What::closed: return lost("the other side closed the link");
        case TlsSession::What::failed: return lost(session_->trouble());
        case TlsSession::What::wants_read:
          if (Status ready = wait_for(fd(), POLLIN, deadline, clock_, stop_, name()); !ready.ok()) return ready;
          break;
        case TlsSession::What::wants_write:
          if (Status ready = wait_for(fd(), POLLOUT, deadline, clock_, stop_, name()); !ready.ok()) return ready;
          break;
      }
    }
  }

  Status lost(const std::string& why) {
    Status status(Fault::disconnected, name() + ": " + why);
    disconnect();
    return status;
  }

  const std::unique_ptr<Stream> tcp_;
  const Fields tls_;
  const std::string peer_;
  const Clock& clock_;
  const StopSignal& stop_;
  std::optional<TlsSession> session_;
  uint64_t sent_ = 0;
};

}  // namespace

std::unique_ptr<Stream> make_tls_stream(const Fields& tcp, const Fields& tls, uint16_t default_port, const Clock& clock,
                                        const StopSignal& stop) {
  const std::string peer = tls.has("server_name") ? tls.text("server_name") : tcp.text("host");
  return std::make_unique<TlsStream>(make_tcp_stream(tcp, default_port, clock, stop), tls, peer, clock, stop);
}

}  // namespace ferrule
