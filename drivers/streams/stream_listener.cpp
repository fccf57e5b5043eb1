#include "streams/stream_listener.h"

#include <algorithm>
#include <utility>

#include "streams/reading.h"

namespace ferrule::streams {

namespace {
constexpr int kReadsPerTurn = 8;
}  // namespace

std::string_view event_of(PushDevices::What what) {
  switch (what) {
    case PushDevices::What::data: return "frames: data";
    case PushDevices::What::nothing: return "frames: without any tag";
    case PushDevices::What::heartbeat: return "frames: heartbeat";
    case PushDevices::What::unreadable: return "dropped: not of the payload's format";
    case PushDevices::What::unknown: return "dropped: unknown device";
  }
  return {};
}

StreamListener::StreamListener(std::unique_ptr<PushDevices> devices, std::unique_ptr<Stream> stream, Flow flow,
                               const ListenerContext& context)
    : context_(context),
      devices_(std::move(devices)),
      stream_(std::move(stream)),
      flow_(flow),
      framer_(devices_->rule()),
      buffer_(flow == Flow::datagrams ? kDatagramSize : kReadSize) {}

Status StreamListener::open(Deadline deadline) {
  if (stream_->connected()) return {};
  if (Status connected = stream_->connect(deadline); !connected.ok()) return connected;
  if (flow_ == Flow::line) framer_.join(context_.clock.now());
  const std::vector<uint8_t> greeting = devices_->greeting();
  if (greeting.empty()) return {};
  bytes_out_ += greeting.size();
  Status greeted = stream_->write(greeting, deadline);
  if (!greeted.ok()) close();  // who waits for a greeting would be silent for ever
  return greeted;
}

// `first`: in this turn.
void StreamListener::take_bytes(std::span<const uint8_t> bytes, bool first) {
  const MonoTime now = context_.clock.now();
  if (flow_ == Flow::datagrams) return framer_.take_datagram(bytes, now, *this);
  // Nobody has looked in time: these bytes may have come before the silence that ends the frame, or behind it.
  const bool late = first && devices_->rule().kind == FrameKind::gap && framer_.wake_at() <= now;
  if (late) framer_.lose_track(now, *this);
  framer_.take(bytes, now, *this);
}

Result<MonoTime> StreamListener::turn() {
  uint64_t bytes_in = 0;
  Status trouble;
  bool more = true;
  for (int reads = 0; reads < kReadsPerTurn && more; ++reads) {
    const auto got = stream_->read(buffer_, context_.clock.now());
    more = got.ok();
    if (!got.ok() && got.status().fault() != Fault::timeout) trouble = got.status();
    if (!got.ok()) break;
    bytes_in += *got;
    take_bytes({buffer_.data(), *got}, reads == 0);
  }
  const MonoTime now = context_.clock.now();
  framer_.tick(now, *this);
  devices_->expire(now);
  if (bytes_in + bytes_out_ > 0) {
    context_.output.traffic(std::exchange(messages_, 0), bytes_in, std::exchange(bytes_out_, 0));
  }
  if (!trouble.ok()) return trouble.fault() == Fault::cancelled ? trouble : lost(trouble);
  return more ? now : std::min(now + kSweep, framer_.wake_at());
}

void StreamListener::frame(const Frame& frame) {
  ++messages_;
  const MonoTime now = context_.clock.now();
  PushDevices::Message message = devices_->read(frame, devices_->only(), now);
  if (message.device != PushDevices::kNone) devices_->heard(message.device, now);
  if (message.what == PushDevices::What::data) return take(message);
  context_.output.count(event_of(message.what));
  send(devices_->reply_at_once(message));
}

void StreamListener::take(PushDevices::Message& message) {
  std::vector<uint8_t> reply = devices_->acknowledgement(message);
  const bool owes = !reply.empty() && owed_.size() < kMostWaiting;
  const uint64_t token = owes ? ++last_token_ : 0;
  if (owes) owed_.emplace(token, std::move(reply));
  if (context_.output.offer(devices_->id(message.device), std::move(message.samples), token) == OfferResult::taken) return;
  owed_.erase(token);
  context_.output.count("dropped: the bus is full");
}

void StreamListener::dropped(FrameDrop why, size_t /*bytes*/) { context_.output.count("dropped: " + std::string(to_text(why))); }

void StreamListener::send(std::span<const uint8_t> bytes) {
  if (bytes.empty() || !stream_->connected()) return;
  // What does not go at once is lost: the device asks again. A slow line must not hold the loop.
  if (!stream_->write(bytes, context_.clock.now() + std::chrono::milliseconds(5)).ok())
    context_.output.count("replies: not sent");
  bytes_out_ += bytes.size();
}

void StreamListener::settled(uint64_t token, bool durable) {
  const auto owed = owed_.find(token);
  if (owed == owed_.end()) return;
  if (durable) send(owed->second);
  owed_.erase(owed);
}

Status StreamListener::lost(const Status& why) {
  close();
  devices_->all_gone(Reason::link_down, why.what());
  return why;
}

void StreamListener::close() noexcept {
  stream_->disconnect();
  framer_.forget();
  owed_.clear();
}

}  // namespace ferrule::streams
