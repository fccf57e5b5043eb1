#include "rest/server.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "core/guarded.h"
#include "rest/limits.h"
#include "rest/listeners.h"
#include "rest/session.h"
#include "rest/token_file.h"

namespace ferrule {

namespace {

using boost::system::error_code;

constexpr std::string_view kOverfull =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: application/json\r\n"
    "X-Content-Type-Options: nosniff\r\nContent-Length: 45\r\n\r\n{\"error\":\"too many connections are open now\"}";

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

bool room_for(Door door, const RestCounters& counters) {
  return counters.connections < (door == Door::tcp ? rest_limits::kTcpConnections : rest_limits::kConnections);
}

// Accepts for as long as the loop runs.
class Porter {
 public:
  Porter(Acceptor acceptor, Door door, RestLoop& loop)
      : loop_(loop), acceptor_(std::move(acceptor)), door_(door), pause_(loop.io) {}

  void accept() {
    acceptor_.async_accept([this](const error_code& error, StreamSocket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return pause();
      accept();  // first: whatever becomes of this one, the door stays open
      welcome(std::move(socket));
    });
  }

 private:
  // Out of descriptors or memory: trying again at once would only spin.
  void pause() {
    ++loop_.counters.accept_pauses;
    pause_.expires_after(loop_.times.accept_pause);
    pause_.async_wait([this](const error_code& error) {
      if (!error) accept();
    });
  }

  void welcome(StreamSocket socket) {
    ++loop_.counters.accepted;
    if (room_for(door_, loop_.counters)) {
      if (door_ == Door::tcp) send_at_once(socket);
      return start_session(std::move(socket), door_, Held(loop_.counters.connections), loop_);
    }
    ++loop_.counters.turned_away;
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kOverfull.data(), kOverfull.size()), ignored);
  }

  RestLoop& loop_;
  Acceptor acceptor_;
  Door door_;
  asio::steady_timer pause_;
};

}  // namespace

struct RestServer::Impl {
  Impl(const RestSettings& wanted, GatewayApi& api, Guard guard, const RestTimes& times)
      : settings(wanted), loop(api, std::move(guard), times), timer(loop.io) {
    touch();
  }

  void touch() { beat.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed); }

  // An address that is not there yet, a port that is still taken: what an absent device is to a channel.
  Status open_tcp() {
    if (!settings.on || tcp != nullptr) return {};
    Result<Acceptor> acceptor = listen_tcp(loop.io, settings.host, settings.port);
    trouble.with([&](std::string& text) { text = acceptor.ok() ? "" : acceptor.status().what(); });
    if (!acceptor.ok()) return acceptor.status();
    port.store(port_of(*acceptor), std::memory_order_relaxed);
    tcp = std::make_unique<Porter>(std::move(*acceptor), Door::tcp, loop);
    tcp->accept();
    return {};
  }

  void tick() {
    touch();
    (void)open_tcp();  // trouble says it
    timer.expires_after(loop.times.beat);
    timer.async_wait([this](const error_code& error) {
      if (!error) tick();
    });
  }

  // Nothing that a handler throws may end the loop: it costs its own connection, no more.
  void run() {
    pthread_setname_np(pthread_self(), "rest");
    tick();
    while (!loop.io.stopped()) {
      try {
        loop.io.run();
      } catch (const std::exception&) {
        ++loop.counters.server_errors;
      }
    }
  }

  const RestSettings settings;
  RestLoop loop;
  asio::steady_timer timer;
  std::unique_ptr<Porter> tcp, local;
  SocketFile file;
  std::atomic<uint16_t> port{0};
  Guarded<std::string> trouble;  // of the TCP port
  std::atomic<std::chrono::steady_clock::rep> beat{0};
  std::thread thread;
};

Result<std::unique_ptr<RestServer>> RestServer::start(const RestSettings& settings, GatewayApi& api, const RestTimes& times) {
  std::string token;
  if (settings.on && !settings.token_file.empty()) {
    Result<std::string> read = token_from(settings.token_file);
    if (!read.ok()) return read.status();
    token = std::move(*read);
  }
  try {
    auto impl = std::make_unique<Impl>(settings, api, Guard(settings.host, machine_name(), std::move(token)), times);
    RestLoop& loop = impl->loop;
    if (!settings.socket.empty()) {
      Result<Acceptor> acceptor = listen_local(loop.io, settings.socket, impl->file);
      if (!acceptor.ok()) return acceptor.status();
      impl->local = std::make_unique<Porter>(std::move(*acceptor), Door::unix_socket, loop);
      impl->local->accept();
    }
    if (Status opened = impl->open_tcp(); opened.fault() == Fault::invalid) return opened;
    impl->thread = std::thread([running = impl.get()] { running->run(); });
    return std::unique_ptr<RestServer>(new RestServer(std::move(impl)));
  } catch (const std::exception& error) {
    return {Fault::io, std::string("the REST API cannot start: ") + error.what()};
  }
}

RestServer::RestServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RestServer::~RestServer() {
  impl_->loop.mailbox->close();
  impl_->loop.io.stop();
  impl_->thread.join();
}

uint16_t RestServer::port() const { return impl_->port.load(std::memory_order_relaxed); }

std::string RestServer::trouble() const { return impl_->trouble.copy(); }

MonoTime RestServer::last_beat() const {
  return MonoTime(std::chrono::steady_clock::duration(impl_->beat.load(std::memory_order_relaxed)));
}

}  // namespace ferrule
