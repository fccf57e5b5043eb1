#include "rest/client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <nlohmann/json.hpp>

#include "rest/event_lines.h"

namespace ferrule {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Local = asio::local::stream_protocol;

constexpr uint64_t kLargestReply = 256ull << 20;
constexpr Duration kConnect{std::chrono::seconds(5)};
constexpr Duration kSilence{std::chrono::seconds(45)};  // three heartbeats of a stream
constexpr size_t kPiece = 16 * 1024;

Status cannot_connect(const std::string& socket, const error_code& error) {
  const auto code = static_cast<uint16_t>(error.value());
  if (error == boost::system::errc::permission_denied) {
    return {Fault::disconnected, code, "you may not use " + socket + ": join the group ferrule (and log in again), or use sudo"};
  }
  if (error == boost::system::errc::no_such_file_or_directory || error == boost::system::errc::connection_refused) {
    return {Fault::disconnected, code, "no gateway answers at " + socket + ": is it running? try `systemctl status ferrule`"};
  }
  return {Fault::disconnected, code, "cannot reach the gateway at " + socket + ": " + error.message()};
}

// One connection to the gateway. Each call waits for at most its time.
class Call {
 public:
  explicit Call(const std::string& path) : path_(path), socket_(io_) {}

  Status connect(Duration timeout) {
    if (path_.empty() || path_.size() >= sizeof(sockaddr_un::sun_path)) {
      return {Fault::invalid, "'" + path_ + "' cannot be the path of a socket"};
    }
    socket_.async_connect(Local::endpoint(path_), [this](const error_code& error) { finish(error); });
    if (Status status = wait(timeout); !status.ok()) return status;
    return error_ ? cannot_connect(path_, error_) : Status{};
  }

  Status send(std::string_view method, std::string_view target, std::string_view body, Duration timeout) {
    request_.version(11);
    request_.method_string(beast::string_view(method.data(), method.size()));
    request_.target(beast::string_view(target.data(), target.size()));
    request_.set(http::field::host, "localhost");
    request_.set(http::field::content_type, "application/json");
    request_.body() = body;
    request_.prepare_payload();
    http::async_write(socket_, request_, [this](const error_code& error, size_t) { finish(error); });
    // A gateway that turns us away answers before it has read: its answer counts, not that our words got lost.
    return wait(timeout);
  }

  Status receive_head(Duration timeout) {
    parser_.body_limit(kLargestReply);
    http::async_read_header(socket_, buffer_, parser_, [this](const error_code& error, size_t) { finish(error); });
    return settle(timeout);
  }

  Status receive_rest(Duration timeout) {
    http::async_read(socket_, buffer_, parser_, [this](const error_code& error, size_t) { finish(error); });
    return settle(timeout);
  }

  // Whatever comes next, raw. Empty: the gateway ended the connection.
  Result<std::string_view> receive_some(Duration timeout) {
    buffer_.clear();
    socket_.async_read_some(buffer_.prepare(kPiece), [this](const error_code& error, size_t got) {
      buffer_.commit(got);
      finish(error);
    });
    if (Status status = wait(timeout); !status.ok()) return status;
    if (error_ && error_ != asio::error::eof) return {Fault::disconnected, "the gateway went away: " + error_.message()};
    return buffered();
  }

  std::string_view buffered() const { return {static_cast<const char*>(buffer_.data().data()), buffer_.size()}; }
  bool chunked() const { return parser_.chunked(); }
  RestReply reply() { return {static_cast<int>(parser_.get().result_int()), std::move(parser_.get().body())}; }
  int status() const { return static_cast<int>(parser_.get().result_int()); }

 private:
  void finish(const error_code& error) {
    error_ = error;
    done_ = true;
  }

  Status wait(Duration timeout) {
    done_ = false;
    io_.restart();
    io_.run_for(timeout);
    if (done_) return {};
    error_code ignored;
    socket_.close(ignored);
    io_.run();  // the aborted call still writes to us
    return {Fault::timeout, "the gateway at " + path_ + " does not answer in time"};
  }

  Status settle(Duration timeout) {
    if (Status status = wait(timeout); !status.ok()) return status;
    if (!error_) return {};
    if (error_ == http::error::body_limit) return {Fault::full, "the answer of the gateway is larger than 256 MiB"};
    if (error_ == http::error::end_of_stream || error_ == http::error::partial_message ||
        error_.category() == boost::system::system_category()) {
      return {Fault::disconnected,
              "the gateway at " + path_ + " closed the connection before it had answered: it is stopping or busy"};
    }
    return {Fault::bad_reply, "what answers at " + path_ + " is no gateway: " + error_.message()};
  }

  std::string path_;
  asio::io_context io_;
  Local::socket socket_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> parser_;
  error_code error_;
  bool done_ = false;
};

Fault fault_of(int status) {
  switch (status) {
    case 400: return Fault::invalid;
    case 404: return Fault::not_found;
    case 503: return Fault::full;
    default: return Fault::refused;
  }
}

Status refusal(const RestReply& reply) {
  const auto body = nlohmann::json::parse(reply.body, nullptr, false);
  const bool told = body.is_object() && body.contains("error") && body["error"].is_string();
  return {fault_of(reply.status),
          told ? body["error"].get<std::string>() : "the gateway answered " + std::to_string(reply.status)};
}

Result<RestReply> call(const std::string& socket, std::string_view method, std::string_view target, std::string_view body,
                       Duration timeout) {
  Call call(socket);
  const Deadline end = std::chrono::steady_clock::now() + timeout;
  const auto left = [&] { return std::max(Duration::zero(), Duration(end - std::chrono::steady_clock::now())); };
  if (Status status = call.connect(left()); !status.ok()) return status;
  if (Status status = call.send(method, target, body, left()); !status.ok()) return status;
  if (Status status = call.receive_head(left()); !status.ok()) return status;
  if (Status status = call.receive_rest(left()); !status.ok()) return status;
  return call.reply();
}

Status stream(const std::string& socket, std::string_view target, const std::function<bool(std::string_view)>& event) {
  Call call(socket);
  if (Status status = call.connect(kConnect); !status.ok()) return status;
  if (Status status = call.send("GET", target, "", kConnect); !status.ok()) return status;
  if (Status status = call.receive_head(kConnect); !status.ok()) return status;
  if (call.status() != 200) {
    if (Status status = call.receive_rest(kConnect); !status.ok()) return status;
    return refusal(call.reply());
  }
  if (call.chunked()) return {Fault::bad_reply, "what answers at " + socket + " is no gateway of this version"};
  EventLines lines;
  std::string_view piece = call.buffered();
  while (true) {
    bool more = true;
    if (Status status = lines.take(piece, event, more); !status.ok() || !more) return status;
    const Result<std::string_view> next = call.receive_some(kSilence);
    if (!next.ok()) return next.status();
    if (next->empty()) return {};
    piece = *next;
  }
}

}  // namespace

Result<RestReply> rest_call(const std::string& socket, std::string_view method, std::string_view target, std::string_view body,
                            Duration timeout) {
  try {
    return call(socket, method, target, body, timeout);
  } catch (const std::exception& error) {
    return {Fault::io, std::string("the call to the gateway failed: ") + error.what()};
  }
}

Status rest_stream(const std::string& socket, std::string_view target, const std::function<bool(std::string_view)>& event) {
  try {
    return stream(socket, target, event);
  } catch (const std::exception& error) {
    return {Fault::io, std::string("the call to the gateway failed: ") + error.what()};
  }
}

}  // namespace ferrule
