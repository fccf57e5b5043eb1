#include "rest/session.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "rest/head.h"
#include "rest/limits.h"
#include "rest/live_session.h"
#include "rest/probe_body.h"
#include "rest/routes.h"
#include "rest/write_body.h"

namespace ferrule {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

// Its own wait, the exchange that is under way before it, and others that were asked for first.
constexpr Duration kProbePatience = 6 * rest_limits::kProbe;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// The connection broke or the sender went: there is nobody to answer. Else the sender broke a rule.
bool gone(const error_code& error) {
  const bool of_http = error.category() == make_error_code(http::error::bad_method).category();
  return !of_http || error == http::error::partial_message || error == http::error::end_of_stream;
}

HttpReply reply_to(const error_code& error) {
  if (error == http::error::header_limit) return error_reply(431, "the header is larger than 8 KiB");
  if (error == http::error::body_limit) return error_reply(413, "the body is larger than 64 KiB");
  return error_reply(400, "that is not a sound HTTP/1.1 request: " + error.message());
}

class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(StreamSocket socket, Door door, Held held, RestLoop& loop)
      : loop_(loop), socket_(std::move(socket)), door_(door), held_(std::move(held)), deadline_(loop.io) {}

  void start() {
    arm(loop_.times.request);
    read_head();
  }

 private:
  using Parser = http::request_parser<http::string_body>;
  using Response = http::response<http::string_body>;

  // Replaces the deadline of this connection. The pending wait is what keeps a session alive while a write is under way.
  void arm(Duration after) {
    deadline_.expires_after(after);
    deadline_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->deadline_.expiry() <= std::chrono::steady_clock::now()) self->on_deadline();
    });
  }

  void on_deadline() {
    if (!awaiting_outcome_) return close();
    on_late_reply(ticket_, std::move(*too_late_));
  }

  void close() {
    deadline_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

  std::string_view buffered() const { return {static_cast<const char*>(buffer_.data().data()), buffer_.size()}; }

  // The head is read whole before the parser sees it, so that what the parser would forgive can be refused.
  void read_head() {
    const size_t end = buffered().substr(0, rest_limits::kHeader).find("\r\n\r\n");
    if (end != std::string_view::npos) return on_head(buffered().substr(0, end));
    if (buffer_.size() >= rest_limits::kHeader) return refuse(error_reply(431, "the header is larger than 8 KiB"));
    const bool idle = buffer_.size() == 0;
    socket_.async_read_some(buffer_.prepare(rest_limits::kHeader - buffer_.size()),
                            [self = shared_from_this(), idle](const error_code& error, size_t got) {
                              if (error) return self->close();
                              self->buffer_.commit(got);
                              if (idle) self->arm(self->loop_.times.request);
                              self->read_head();
                            });
  }

  void on_head(std::string_view head) {
    if (const Status sound = check_head(head); !sound.ok()) return refuse(error_reply(400, sound.what()));
    parser_.emplace();
    parser_->header_limit(rest_limits::kHeader);
    parser_->body_limit(rest_limits::kBody);
    http::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](const error_code& error, size_t) {
      if (!error) return self->on_request();
      if (gone(error)) return self->close();
      self->refuse(reply_to(error));
    });
  }

  void on_request() {
    const auto& message = parser_->get();
    keep_alive_ = message.keep_alive();
    head_only_ = message.method() == http::verb::head;
    ++loop_.counters.requests;
    try {
      answer();
    } catch (const std::exception& error) {
      if (!awaiting_outcome_) send(error_reply(500, "the gateway could not answer", error.what()));
    }
  }

  Result<HttpRequest> request() const {
    const auto& message = parser_->get();
    Result<Target> target = parse_target(view(message.target()));
    if (!target.ok()) return target.status();
    HttpRequest request;
    request.door = door_;
    request.method = view(message.method_string());
    request.target = std::move(*target);
    request.host = view(message[http::field::host]);
    request.hosts = message.count(http::field::host);
    request.origin = view(message[http::field::origin]);
    request.authorization = view(message[http::field::authorization]);
    request.body = message.body();
    return request;
  }

  void answer() {
    const Result<HttpRequest> request = this->request();
    if (!request.ok()) return send(error_reply(request.status()));
    if (auto refusal = loop_.guard.refuse_stranger(*request)) return send(*std::move(refusal));
    auto matched = match_route(*request);
    if (auto* refusal = std::get_if<HttpReply>(&matched)) return send(std::move(*refusal));
    const RouteMatch& match = std::get<RouteMatch>(matched);
    if (match.route->needs_token) {
      if (auto refusal = loop_.guard.refuse_without_token(*request)) return send(*std::move(refusal));
    }
    switch (match.route->kind) {
      case RouteKind::answer: return send(match.route->answer({*request, match.argument, loop_.api, loop_.counters}));
      case RouteKind::write: return begin_write(match.argument, request->body);
      case RouteKind::probe: return begin_probe(match.argument, request->body);
      case RouteKind::live: return become_stream(request->target.all("tag"));
    }
  }

  void begin_write(std::string_view tag, std::string_view body) {
    const Result<WriteRequest> write = parse_write(tag, body);
    if (!write.ok()) return send(error_reply(write.status()));
    const auto reply = reply_later(answer_write({write->id, CommandResult::unknown, "the gateway gave no outcome in time"}));
    const Status accepted = loop_.api.write(*write, [reply](const WriteReply& outcome) { reply(answer_write(outcome)); });
    accepted_or_not(accepted, write->expires_in + loop_.times.late);
  }

  void begin_probe(std::string_view channel, std::string_view body) {
    const Result<ProbeQuestion> question = parse_probe(body);
    if (!question.ok()) return send(error_reply(question.status()));
    const auto reply = reply_later(error_reply(504, "the gateway could not ask in time"));
    const Status accepted =
        loop_.api.probe(channel, *question, [reply](const ProbeAnswer& answer) { reply(answer_probe(answer)); });
    accepted_or_not(accepted, kProbePatience);
  }

  // What sends the reply to this request; it may be called on another thread, and when this connection is gone. Where nobody
  // calls it in time, `too_late` is sent.
  std::function<void(HttpReply)> reply_later(HttpReply too_late) {
    awaiting_outcome_ = true;
    too_late_ = std::move(too_late);
    return [mailbox = loop_.mailbox, weak = weak_from_this(), ticket = ++ticket_](HttpReply reply) {
      mailbox->post([weak, ticket, reply = std::move(reply)] {
        if (const auto self = weak.lock()) self->on_late_reply(ticket, reply);
      });
    };
  }

  void accepted_or_not(const Status& accepted, Duration patience) {
    if (accepted.ok()) return arm(patience);
    awaiting_outcome_ = false;
    send(error_reply(accepted));
  }

  void on_late_reply(uint64_t ticket, HttpReply reply) {
    if (!awaiting_outcome_ || ticket != ticket_) return;  // too late: that has been said
    awaiting_outcome_ = false;
    send(std::move(reply));
  }

  void become_stream(const std::vector<std::string>& tags) {
    if (loop_.counters.streams >= rest_limits::kStreams) {
      ++loop_.counters.turned_away;
      return send(error_reply(503, "8 live streams are open already", "close one, or read /api/v1/values from time to time"));
    }
    const Status status = start_live_session(socket_, held_, loop_, tags);
    if (!status.ok()) return send(error_reply(status));
    deadline_.cancel();
  }

  // An answer to what is not a request: the connection cannot be in step any more and ends.
  void refuse(HttpReply reply) {
    keep_alive_ = false;
    ++loop_.counters.requests;
    send(std::move(reply));
  }

  void send(HttpReply reply) {
    auto& counters = loop_.counters;
    if (counters.reply_bytes > 0 && counters.reply_bytes + reply.body.size() > rest_limits::kReplyBytes) {
      reply = error_reply(503, "too much waits to be read by others", "try again in a second");
    }
    if (reply.status >= 500) ++counters.server_errors;
    if (reply.status >= 400 && reply.status < 500) ++counters.client_errors;
    response_.emplace(http::status(reply.status), 11);
    fill(*response_, std::move(reply));
    reply_held_.emplace(counters.reply_bytes, response_->body().size());
    arm(loop_.times.reply);
    http::async_write(socket_, *response_, [self = shared_from_this()](const error_code& error, size_t) {
      if (error) return self->close();
      self->on_sent();
    });
  }

  void fill(Response& response, HttpReply reply) const {
    response.set(http::field::server, "ferrule");
    response.set(http::field::content_type, beast::string_view(reply.content_type.data(), reply.content_type.size()));
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    if (!reply.allow.empty()) response.set(http::field::allow, reply.allow);
    if (reply.status == 401) response.set(http::field::www_authenticate, "Bearer realm=\"ferrule\"");
    if (reply.status == 503) response.set(http::field::retry_after, "1");
    response.keep_alive(keep_alive_);
    response.content_length(reply.body.size());
    if (!head_only_) response.body() = std::move(reply.body);
  }

  void on_sent() {
    reply_held_.reset();
    response_.reset();
    parser_.reset();
    if (!keep_alive_) return linger();
    arm(buffer_.size() == 0 ? loop_.times.idle : loop_.times.request);
    read_head();
  }

  // Closing with bytes unread would reset the connection, and the reply could be lost with it: take some of them first.
  void linger() {
    error_code ignored;
    socket_.shutdown(StreamSocket::shutdown_send, ignored);
    arm(loop_.times.linger);
    discard(0);
  }

  void discard(size_t taken) {
    buffer_.clear();
    constexpr size_t kPiece = 16 * 1024;
    socket_.async_read_some(buffer_.prepare(kPiece), [self = shared_from_this(), taken](const error_code& error, size_t got) {
      if (error || taken + got > 4 * rest_limits::kBody) return self->close();
      self->discard(taken + got);
    });
  }

  RestLoop& loop_;
  StreamSocket socket_;
  Door door_;
  Held held_;
  asio::steady_timer deadline_;
  beast::flat_buffer buffer_{2 * (rest_limits::kHeader + rest_limits::kBody)};
  std::optional<Parser> parser_;
  std::optional<Response> response_;
  std::optional<Held> reply_held_;
  bool keep_alive_ = false, head_only_ = false;
  bool awaiting_outcome_ = false;
  uint64_t ticket_ = 0;
  std::optional<HttpReply> too_late_;
};

}  // namespace

void start_session(StreamSocket socket, Door door, Held held, RestLoop& loop) {
  std::make_shared<Session>(std::move(socket), door, std::move(held), loop)->start();
}

}  // namespace ferrule
