#include "streams/polled_stream.h"

#include <algorithm>
#include <map>

#include "drivers_common/frame_build.h"
#include "streams/reading.h"

namespace ferrule::streams {

namespace {

constexpr size_t kAnswerSize = 2048;

struct ReadBody final : Request::Body {
  std::vector<uint8_t> message;
  std::optional<Extraction> extraction;
};

Result<std::vector<uint8_t>> framed(const FrameRule& rule, const MessageTemplate& text, const MessageTemplate::Values& values) {
  auto content = text.fill(values);
  if (!content) return content.status();
  return build_frame(rule, *content);
}

Value unit_value(const DeviceSettings& device) {
  return device.fields.has("unit_id") ? Value(device.fields.integer("unit_id")) : Value::text("");
}

// What a frame says, held back until it is known to be the answer.
class Answers final : public ExtractionSink {
 public:
  void found(size_t place, Value value) override { said_.push_back({place, std::move(value)}); }
  void wrong(size_t place, std::string_view) override { said_.push_back({place, Value()}); }
  bool empty() const { return said_.empty(); }
  void tell(const std::vector<TagId>& tags, SampleSink& sink) const {
    for (const auto& [place, value] : said_) {
      if (value.empty()) {
        sink.bad(tags[place], Reason::bad_reply);
      } else {
        sink.good(tags[place], value);
      }
    }
  }

 private:
  std::vector<std::pair<size_t, Value>> said_;
};

}  // namespace

// From the framer to the judge.
class PolledStream::Catcher final : public FrameSink {
 public:
  explicit Catcher(Judge& judge) : judge_(judge) {}
  void frame(const Frame& frame) override {
    heard = true;
    if (!done) done = judge_.answers(frame);
  }
  void dropped(FrameDrop, size_t) override { heard = true; }
  bool done = false;
  bool heard = false;

 private:
  Judge& judge_;
};

PolledStream::PolledStream(const ChannelSettings& channel, const ChannelContext& context, PolledLink link)
    : channel_(channel),
      context_(context),
      link_(std::move(link)),
      rule_(frame_of(channel)),
      request_rule_(request_frame_of(channel)),
      framer_(rule_),
      buffer_(link_.datagrams ? kDatagramSize : kAnswerSize) {}

Result<std::unique_ptr<Driver>> PolledStream::build(const ChannelSettings& channel, const ChannelContext& context,
                                                    PolledLink link) {
  std::unique_ptr<PolledStream> driver(new PolledStream(channel, context, std::move(link)));
  for (const DeviceSettings& device : channel.devices) {
    for (const TagSettings& tag : device.tags) {
      if (!tag.writable) continue;
      if (Status added = driver->add_target(device, tag); !added.ok()) return added;
    }
  }
  return std::unique_ptr<Driver>(std::move(driver));
}

Status PolledStream::add_target(const DeviceSettings& device, const TagSettings& tag) {
  auto set = MessageTemplate::parse(tag.fields.text("set"));
  if (!set) return set.status();
  Target target{std::move(*set), std::nullopt, unit_value(device), Value::text(id_of(device))};
  if (tag.fields.has("confirm")) {
    Fields pattern(kPayloadFieldTable);
    pattern.set("format", std::string("regex"));
    pattern.set("pattern", tag.fields.text("confirm"));
    auto confirm = Extraction::compile(&pattern, {});
    if (!confirm) return confirm.status();
    target.confirm = std::move(*confirm);
  }
  targets_.emplace(tag.id, std::move(target));
  return {};
}

Result<Requests> PolledStream::plan(const DeviceSettings& device, std::span<const TagSettings* const> tags) const {
  std::map<std::string, std::vector<const TagSettings*>> by_request;
  for (const TagSettings* tag : tags) by_request[request_of(device, *tag)].push_back(tag);
  const Fields* payload = payload_of(channel_, device);
  Requests requests;
  for (const auto& [text, asked] : by_request) {
    const auto message = MessageTemplate::parse(text);
    if (!message) return message.status();
    auto bytes = framed(request_rule_, *message, {unit_value(device), Value::text(id_of(device)), {}});
    if (!bytes) return bytes.status();
    Request request;
    request.device = device.id;
    request.text = "'" + text + "'";
    std::vector<Place> places;
    for (const TagSettings* tag : asked) {
      request.tags.push_back(tag->id);
      places.push_back(place_of(payload, tag->fields));
    }
    auto extraction = Extraction::compile(payload, places);
    if (!extraction) return extraction.status();
    auto body = std::make_shared<ReadBody>();
    body->message = std::move(*bytes);
    body->extraction = std::move(*extraction);
    request.bytes_out = static_cast<uint32_t>(body->message.size());
    request.body = std::move(body);
    requests.push_back(std::move(request));
  }
  return requests;
}

void PolledStream::disconnect() noexcept {
  link_.stream->disconnect();
  framer_.forget();
  owed_ = false;
}

MonoTime PolledStream::free_at(const Request& /*request*/, MonoTime now) const {
  return owed_ && !link_.renew ? std::max(now, owed_until_) : now;
}

// Nothing of an earlier answer is on its way any more.
Status PolledStream::in_step(Deadline deadline) {
  Stream& stream = *link_.stream;
  framer_.forget();
  if (owed_ && link_.renew) {
    disconnect();
    return stream.connect(deadline);
  }
  if (owed_) {
    const MonoTime now = context_.clock.now();
    // Who gets less than half of its time would only be missed in turn.
    if (owed_until_ - now > (deadline - now) / 2) {
      return {Fault::timeout, stream.name() + ": a late answer to an earlier request may come; this one is held off"};
    }
    while (context_.clock.now() < owed_until_) {
      const auto late = stream.read(buffer_, owed_until_);
      if (!late.ok() && late.status().fault() != Fault::timeout) return late.status();
      if (late.ok() && context_.trace != nullptr) context_.trace->received({buffer_.data(), *late});
    }
    owed_ = false;
  }
  stream.drain();
  return {};
}

Status PolledStream::hear(Judge& judge, Deadline deadline, uint32_t& bytes_in) {
  Catcher catcher(judge);
  const std::string& name = link_.stream->name();
  while (!catcher.done) {
    const auto got = link_.stream->read(buffer_, std::min(deadline, framer_.wake_at()));
    const MonoTime now = context_.clock.now();
    if (got.ok()) {
      const std::span<const uint8_t> bytes(buffer_.data(), *got);
      bytes_in += static_cast<uint32_t>(*got);
      if (context_.trace != nullptr) context_.trace->received(bytes);
      link_.datagrams ? framer_.take_datagram(bytes, now, catcher) : framer_.take(bytes, now, catcher);
    } else if (got.status().fault() == Fault::timeout) {
      framer_.tick(now, catcher);
    } else {
      return got.status();
    }
    if (catcher.done || now < deadline) continue;
    // Whoever never stops sending is not waited for either.
    if (got.ok() || catcher.heard || framer_.begun())
      return {Fault::bad_reply, name + ": what came is no answer to this request"};
    return {Fault::timeout, name + ": no answer in time"};
  }
  return {};
}

Exchange PolledStream::ask(const Bytes& message, Judge& judge, Deadline deadline) {
  Exchange exchange;
  Stream& stream = *link_.stream;
  if (!stream.connected()) {
    exchange.status = {Fault::disconnected, stream.name() + ": not connected"};
    return exchange;
  }
  if (exchange.status = in_step(deadline); !exchange.status.ok()) return exchange;
  const MonoTime begun = context_.clock.now();
  const uint64_t before = stream.bytes_sent();
  exchange.status = stream.write(message, deadline);
  exchange.bytes_out = static_cast<uint32_t>(stream.bytes_sent() - before);
  if (!exchange.status.ok()) return exchange;
  if (context_.trace != nullptr) context_.trace->sent(message);
  exchange.status = hear(judge, deadline, exchange.bytes_in);
  const MonoTime now = context_.clock.now();
  exchange.on_wire = now - begun;
  owed_ = exchange.status.fault() == Fault::timeout || exchange.status.fault() == Fault::bad_reply;
  owed_until_ = now + exchange.on_wire;
  if (!stream.connected()) disconnect();
  return exchange;
}

Exchange PolledStream::read(const Request& request, SampleSink& sink, Deadline deadline) {
  class Values final : public Judge {
   public:
    Values(const Extraction& extraction, const std::vector<TagId>& tags, SampleSink& out)
        : extraction_(extraction), tags_(tags), sink_(out) {}
    bool answers(const Frame& frame) override {
      Answers said;
      if (!extraction_.read(frame.content, said).ok() || said.empty()) return false;
      said.tell(tags_, sink_);
      return true;
    }

   private:
    const Extraction& extraction_;
    const std::vector<TagId>& tags_;
    SampleSink& sink_;
  };
  const auto& body = static_cast<const ReadBody&>(*request.body);
  Values values(*body.extraction, request.tags, sink);
  return ask(body.message, values, deadline);
}

WriteOutcome PolledStream::write(const Command& command, Deadline deadline) {
  const auto target = targets_.find(command.tag);
  if (target == targets_.end()) {
    return {CommandResult::refused, Status(Fault::invalid, context_.names.full_name(command.tag) + " is not writable")};
  }
  if (context_.clock.now() >= command.expires) return {CommandResult::expired, Status(Fault::timeout, "the command is too old")};
  const Target& to = target->second;
  const auto message = framed(request_rule_, to.set, {to.unit, to.id, command.value});
  if (!message) return {CommandResult::refused, message.status()};

  class Confirmation final : public Judge {
   public:
    explicit Confirmation(const std::optional<Extraction>& pattern) : pattern_(pattern) {}
    bool answers(const Frame& frame) override {
      class Nothing final : public ExtractionSink {
        void found(size_t, Value) override {}
        void wrong(size_t, std::string_view) override {}
      };
      Nothing nothing;
      confirmed = !pattern_ || pattern_->read(frame.content, nothing).ok();
      answer.assign(frame.content.begin(), frame.content.end());
      return true;
    }
    bool confirmed = false;
    std::string answer;

   private:
    const std::optional<Extraction>& pattern_;
  };
  Confirmation confirmation(to.confirm);
  const Exchange exchange = ask(*message, confirmation, deadline);
  if (!exchange.status.ok()) {
    return {exchange.bytes_out > 0 ? CommandResult::unknown : CommandResult::failed, exchange.status};
  }
  if (confirmation.confirmed) return {CommandResult::done, {}};
  std::string shown;
  append_text(shown, Value::bytes(confirmation.answer));
  return {CommandResult::refused,
          Status(Fault::refused, "the device answered otherwise than `confirm` says (hexadecimal): " + shown)};
}

}  // namespace ferrule::streams
