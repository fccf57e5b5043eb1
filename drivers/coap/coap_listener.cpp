#include "coap/coap_listener.h"

#include <functional>
#include <utility>

#include "coap/fields.h"
#include "coap/session_settings.h"

namespace ferrule::coap {

namespace {

constexpr uint8_t kLater = 0, kChanged = code(2, 4), kBadRequest = code(4, 0), kForbidden = code(4, 3),
                  kUnprocessable = code(4, 22), kUnavailable = code(5, 3);
constexpr Duration kSweep = std::chrono::milliseconds(500);
constexpr int kMessagesPerTurn = 256;

uint64_t identity_of(const Post& post) {
  const std::hash<std::string_view> hash;
  uint64_t mixed = post.peer;
  for (const uint64_t part : {uint64_t{post.message_id}, uint64_t{hash(post.token)}, uint64_t{hash(post.payload)}}) {
    mixed = (mixed ^ part) * 0x9e3779b97f4a7c15;
    mixed ^= mixed >> 29;
  }
  return mixed;
}

}  // namespace

Result<std::unique_ptr<Listener>> CoapListener::build(const ChannelSettings& channel, const ListenerContext& context) {
  auto devices = PostingDevices::build(channel, context);
  if (!devices) return devices.status();
  ServerSettings settings = server_settings(channel);
  settings.resources = (*devices)->resources();
  return std::unique_ptr<Listener>(new CoapListener(std::move(settings), std::move(*devices), context));
}

CoapListener::CoapListener(ServerSettings settings, std::unique_ptr<PostingDevices> devices, const ListenerContext& context)
    : context_(context), devices_(std::move(devices)), server_(std::move(settings), *this) {}

Status CoapListener::open(Deadline) {
  if (server_.fd() >= 0) return {};
  if (Status status = server_.open(); !status) return status;
  context_.output.say(false, "listens on udp port " + std::to_string(server_.port()));
  return {};
}

Result<MonoTime> CoapListener::turn() {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const uint64_t before = messages_;
    server_.turn();
    if (messages_ == before) break;
  }
  const MonoTime now = context_.clock.now();
  devices_->expire(now);
  if (messages_ > 0) {
    context_.output.traffic(std::exchange(messages_, 0), std::exchange(bytes_in_, 0), std::exchange(bytes_out_, 0));
  }
  return now + kSweep;
}

// ---- what comes in

uint8_t CoapListener::posted(const Post& post) {
  ++messages_;
  bytes_in_ += post.bytes;
  const MonoTime now = context_.clock.now();
  const uint64_t message = identity_of(post);
  if (const auto before = seen_.seen(message, now)) {
    context_.output.count("dropped: a duplicate");
    return *before;
  }
  const uint8_t code = take(post, message, now);
  // What could not be taken may come again, with the same id: it has had no effect.
  if (code == kUnavailable) {
    seen_.forget(message);
  } else {
    seen_.answered(message, code);
  }
  return code;
}

uint8_t CoapListener::take(const Post& post, uint64_t message, MonoTime now) {
  std::string whole;
  std::string_view payload = post.payload;
  if (post.block1) {
    BlockBodies::Outcome outcome = bodies_.take(post.peer, post.resource, *post.block1, payload, now);
    if (outcome.code == BlockBodies::kTooLarge) context_.output.count("refused: too large");
    if (outcome.code == BlockBodies::kIncomplete) context_.output.count("refused: a block is missing");
    if (outcome.code != 0) return outcome.code;
    whole = std::move(outcome.body);
    payload = whole;
  }
  PostingDevices::Reading reading = devices_->read(post, payload, now, context_.clock.wall());
  switch (reading.what) {
    case PostingDevices::What::unknown: context_.output.count("refused: nobody posts this here"); return kForbidden;
    case PostingDevices::What::unreadable: context_.output.count("refused: not of the format"); return kBadRequest;
    case PostingDevices::What::nothing: context_.output.count("refused: none of the tags is in it"); return kUnprocessable;
    case PostingDevices::What::data: break;
  }
  devices_->heard(reading.device, now);
  return offer(std::move(reading), message);
}

uint8_t CoapListener::offer(PostingDevices::Reading&& reading, uint64_t message) {
  if (owed_.size() >= kMostOwed) {
    context_.output.count("refused: too many answers are owed");
    return kUnavailable;
  }
  const uint64_t token = ++last_token_;
  Owed& owed = owed_[token];
  owed.path = server_.reply_path();
  owed.message = message;
  for (Samples& batch : reading.batches) {
    if (context_.output.offer(reading.id, std::move(batch), token) == OfferResult::full) {
      owed.durable = false;
      context_.output.count("refused: the bus is full");
      break;
    }
    ++owed.open;
  }
  if (owed.open > 0) return kLater;
  owed_.erase(token);
  return kUnavailable;
}

void CoapListener::settled(uint64_t token, bool durable) {
  const auto found = owed_.find(token);
  if (found == owed_.end()) return;
  Owed& owed = found->second;
  owed.durable = owed.durable && durable;
  if (--owed.open > 0) return;
  const uint8_t code = owed.durable ? kChanged : kUnavailable;
  if (owed.durable) {
    seen_.answered(owed.message, code);
  } else {
    seen_.forget(owed.message);
    context_.output.count("refused: could not be stored");
  }
  bytes_out_ += server_.answer(owed.path, code);
  owed_.erase(found);
}

void CoapListener::astray() {
  ++messages_;
  context_.output.count("refused: no such resource");
}
void CoapListener::answer_lost() { context_.output.count("answer: not acknowledged"); }
void CoapListener::stranger() { context_.output.count("refused: DTLS without a known key or certificate"); }

void CoapListener::close() noexcept {
  if (server_.fd() >= 0) devices_->all_gone("the gateway has stopped listening");
  owed_.clear();
  server_.close();
}

}  // namespace ferrule::coap
