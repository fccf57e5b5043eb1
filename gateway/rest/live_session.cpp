#include "rest/live_session.h"

#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/json_text.h"
#include "rest/limits.h"
#include "rest/report_json.h"

namespace ferrule {

namespace {

using boost::system::error_code;

// The body has no length: it ends with the connection.
constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nServer: ferrule\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n: ferrule live\n\n";

class LiveSession final : public std::enable_shared_from_this<LiveSession> {
 public:
  LiveSession(RestLoop& loop) : loop_(loop), timer_(loop.io), stream_held_(loop.counters.streams) {}

  Status subscribe(const std::vector<std::string>& tags) {
    // `asked` keeps an eager gateway from filling the loop: one posted call at a time.
    auto ready = [mailbox = loop_.mailbox, asked = asked_, weak = weak_from_this()] {
      if (asked->exchange(true)) return;
      mailbox->post([weak] {
        if (const auto self = weak.lock()) self->on_ready();
      });
    };
    Result<std::unique_ptr<LiveStream>> stream = loop_.api.watch(tags, std::move(ready));
    if (!stream.ok()) return stream.status();
    stream_ = std::move(*stream);
    return {};
  }

  void start(StreamSocket socket, Held held) {
    socket_.emplace(std::move(socket));
    held_.emplace(std::move(held));
    watch_for_end();
    out_ = kHead;
    flush();
  }

 private:
  void arm(Duration after) {
    timer_.expires_after(after);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->timer_.expiry() <= std::chrono::steady_clock::now()) self->on_timer();
    });
  }

  // A reader has nothing more to say; reading tells when it is gone.
  void watch_for_end() {
    socket_->async_read_some(asio::buffer(ignored_), [self = shared_from_this()](const error_code& error, size_t) {
      if (error) return self->close();
      self->watch_for_end();
    });
  }

  void on_ready() {
    asked_->store(false);
    ready_ = true;
    if (!writing_) pump();
  }

  // Takes what has come since the last batch left; what comes meanwhile waits in the stream's own bounded queue.
  void pump() {
    if (!stream_) return;
    ready_ = false;
    const LiveBatch batch = stream_->drain();
    if (batch.lost > 0) append_lost(batch.lost);
    for (const TagReport& tag : batch.samples) {
      out_ += "data: ";
      append_tag(out_, tag);
      out_ += "\n\n";
    }
    if (out_.empty()) return arm(loop_.times.heartbeat);
    flush();
  }

  void append_lost(uint64_t lost) {
    loop_.counters.lost_live += lost;
    out_ += "event: lost\ndata: {\"lost\":";
    json::append_number(out_, lost);
    out_ += "}\n\n";
  }

  void flush() {
    writing_ = true;
    arm(loop_.times.stall);
    const auto rest = asio::buffer(out_) + sent_;
    socket_->async_write_some(rest, [self = shared_from_this()](const error_code& error, size_t sent) {
      if (error) return self->close();
      self->on_sent(sent);
    });
  }

  void on_sent(size_t sent) {
    if (!stream_) return;
    sent_ += sent;
    if (sent_ < out_.size()) return flush();
    sent_ = 0;
    writing_ = false;
    constexpr size_t kKeep = 64 * 1024;
    if (out_.capacity() > kKeep) out_.shrink_to_fit();
    out_.clear();
    if (ready_) return pump();
    arm(loop_.times.heartbeat);
  }

  void on_timer() {
    if (!stream_) return;
    if (writing_) return close();  // the reader takes nothing
    out_ = ": beat\n\n";
    flush();
  }

  void close() {
    stream_.reset();
    timer_.cancel();
    error_code ignored;
    socket_->close(ignored);
  }

  RestLoop& loop_;
  asio::steady_timer timer_;
  Held stream_held_;
  std::optional<Held> held_;
  std::optional<StreamSocket> socket_;
  std::unique_ptr<LiveStream> stream_;  // null once closed
  std::shared_ptr<std::atomic<bool>> asked_ = std::make_shared<std::atomic<bool>>(false);
  std::string out_;
  size_t sent_ = 0;
  bool writing_ = false;
  bool ready_ = true;  // there may be something from the beginning
  std::array<char, 256> ignored_{};
};

}  // namespace

Status start_live_session(StreamSocket& socket, Held& held, RestLoop& loop, const std::vector<std::string>& tags) {
  const auto session = std::make_shared<LiveSession>(loop);
  if (Status status = session->subscribe(tags); !status.ok()) return status;
  session->start(std::move(socket), std::move(held));
  return {};
}

}  // namespace ferrule
