#include "coap/device_end.h"

#include <algorithm>
#include <random>

namespace ferrule::coap {

namespace {

constexpr uint8_t kLargestBlock = 6;  // 1024 bytes
constexpr int kMostBeginnings = 3;    // of one answer in blocks

// The device has refused so many bytes because of their number, and says how many it would take (RFC 7959, 2.9.3).
bool asks_for_less(const Incoming& answer, size_t bytes) {
  constexpr uint8_t kTooLarge = code(4, 13);
  return answer.code == kTooLarge && answer.block1 && answer.block1->size() < bytes;
}

}  // namespace

DeviceEnd::DeviceEnd(SessionSettings settings, const ChannelContext& context, Turner& turner)
    : context_(context), turner_(turner), session_(std::move(settings), *this, turner), last_token_(std::random_device{}()) {}

Token DeviceEnd::next_token() {
  if (++last_token_ == 0) ++last_token_;
  return last_token_;
}

void DeviceEnd::close() noexcept {
  session_.close();
  for (auto& [resource, watch] : watches_) {
    watch.state.lost();
    watch.token = 0;
  }
}

// ---- what the session hears

// Each registration has a token of its own, although a device may be asked again with the same. For libcoap 4.3.1 whatever comes
// with its token has answered a request: a late notification of the registration before it would end its repetitions. And one
// whose acknowledgement is lost is not acknowledged again, which holds up what the device would tell until the registration is
// another.
bool DeviceEnd::received(Token token, Incoming&& message) {
  if (token == 0) return false;
  if (!pending_.done && token == pending_.token) {
    if (Watch* watch = pending_.watch) {
      watch->news = false;
      watch->state.registered(is_success(message.code) ? message.observe : std::nullopt, message.max_age_s, context_.clock.now());
    }
    pending_.message = std::move(message);
    pending_.done = true;
    return true;
  }
  for (auto& [resource, watch] : watches_) {
    if (watch.token != token) continue;
    // An acknowledgement that promises nothing is a copy of an answer that we have.
    if (!message.acknowledges || message.observe) notified(watch, std::move(message));
    return true;
  }
  return false;
}

void DeviceEnd::notified(Watch& watch, Incoming&& message) {
  const MonoTime now = context_.clock.now();
  const bool goes_on = is_success(message.code) && message.observe;
  if (goes_on && !watch.state.notified(*message.observe, message.max_age_s, now)) return;
  watch.news = true;
  // A first block only: the rest is fetched by the next read, which registers again.
  if (!goes_on || (message.block2 && message.block2->more)) return watch.state.lost();
  watch.newest = std::move(message);
  watch.received_at = now;
}

void DeviceEnd::lost(Token token, const Status& why) {
  if (token == pending_.token) broken(why);
}

void DeviceEnd::broken(const Status& why) {
  if (pending_.done) return;
  pending_.status = why;
  pending_.done = true;
}

// ---- asking

Status DeviceEnd::exchange(const Outgoing& question, Token token, Watch* watch, Answer& answer, Deadline deadline) {
  pending_ = Pending{.token = token, .watch = watch};
  const auto bytes = session_.send(question, token);
  if (!bytes) {
    pending_.done = true;
    return bytes.status();
  }
  answer.sent = answer.sent || session_.ready();
  answer.bytes_out += *bytes;
  session_.turn();
  Status waited;
  while (!pending_.done && waited.ok()) waited = turner_.wait(deadline);
  answer.sent = answer.sent || session_.ready();
  if (!pending_.done) {
    pending_.done = true;
    if (waited.fault() != Fault::timeout) return waited;
    return {Fault::timeout, session_.place() + (session_.ready() ? " does not answer" : " does not finish the DTLS handshake")};
  }
  if (!pending_.status.ok()) return pending_.status;
  answer.bytes_in += pending_.message.bytes;
  answer.message = std::move(pending_.message);
  return {};
}

// A payload that fits one message goes as it is, unless the device then asks for blocks.
Status DeviceEnd::send(const Outgoing& question, Token token, Watch* watch, Answer& answer, Deadline deadline) {
  const size_t size = question.payload.size();
  if (size > kMostBlock) return send_blocks(question, kLargestBlock, answer, deadline);
  const Status status = exchange(question, token, watch, answer, deadline);
  if (!status || !asks_for_less(answer.message, size)) return status;
  return send_blocks(question, answer.message.block1->size_exponent, answer, deadline);
}

Status DeviceEnd::send_blocks(Outgoing question, uint8_t size_exponent, Answer& answer, Deadline deadline) {
  constexpr uint8_t kContinue = code(2, 31);
  const std::string_view payload = question.payload;
  Block block{.number = 0, .more = false, .size_exponent = size_exponent};
  while (block.offset() < payload.size()) {
    block.more = block.offset() + block.size() < payload.size();
    question.block1 = block;
    question.payload = payload.substr(block.offset(), block.size());
    if (Status status = exchange(question, next_token(), nullptr, answer, deadline); !status) return status;
    const auto& said = answer.message.block1;
    if (block.number == 0 && asks_for_less(answer.message, question.payload.size())) {
      block.size_exponent = said->size_exponent;
      continue;
    }
    if (!block.more || answer.message.code != kContinue) return {};
    // The device may ask for smaller blocks from here on.
    const uint8_t wanted = said ? std::min(said->size_exponent, block.size_exponent) : block.size_exponent;
    const uint32_t done = static_cast<uint32_t>(block.offset() + block.size());
    block = {.number = done >> (4 + wanted), .more = false, .size_exponent = wanted};
  }
  return {};
}

// An answer that changes while it is fetched is fetched anew: a device that does not look for copies of a request makes a new
// answer, with another ETag, for each.
Status DeviceEnd::fetch_rest(const Outgoing& question, Answer& answer, Deadline deadline) {
  std::string whole = answer.message.payload;
  std::string etag = answer.message.etag;
  Block block = *answer.message.block2;
  Outgoing next = question;
  next.observe = false;
  next.payload = {};
  for (int begun = 1; block.more;) {
    if (whole.size() > kMostPayload) return {Fault::bad_reply, session_.place() + " sends more than 256 KiB"};
    next.block2 = Block{.number = static_cast<uint32_t>(whole.size() >> (4 + block.size_exponent)),
                        .more = false,
                        .size_exponent = block.size_exponent};
    Answer part;
    const Status status = exchange(next, next_token(), nullptr, part, deadline);
    answer.bytes_out += part.bytes_out;
    answer.bytes_in += part.bytes_in;
    if (!status) return status;
    if (whole.empty()) etag = part.message.etag;
    const Block got = part.message.block2.value_or(Block());  // without: it is not that long any more
    const bool goes_on = is_success(part.message.code) && got.offset() == whole.size() && part.message.etag == etag &&
                         (!got.more || part.message.payload.size() == got.size());
    if (goes_on) {
      whole += part.message.payload;
      block = got;
    } else if (++begun <= kMostBeginnings) {
      whole.clear();
    } else {
      return {Fault::bad_reply, session_.place() + " changed its answer each time while it was fetched in blocks"};
    }
  }
  answer.message.payload = std::move(whole);
  return {};
}

Answer DeviceEnd::run(const Outgoing& question, Token token, Watch* watch, Deadline deadline) {
  Answer answer;
  const MonoTime begun = context_.clock.now();
  answer.status = send(question, token, watch, answer, deadline);
  const auto& block = answer.message.block2;
  if (answer.status.ok() && is_success(answer.message.code) && block && block->more) {
    const bool sound = block->number == 0 && answer.message.payload.size() == block->size();
    answer.status = sound ? fetch_rest(question, answer, deadline)
                          : Status(Fault::bad_reply, session_.place() + " begins a block-wise answer in the middle");
  }
  answer.on_wire = context_.clock.now() - begun;
  if (!answer.status.ok()) close();
  return answer;
}

Answer DeviceEnd::ask(const Outgoing& question, Deadline deadline) {
  Answer answer;
  answer.status = session_.open(deadline, context_.clock, context_.stop);
  if (!answer.status.ok()) return answer;
  return run(question, next_token(), nullptr, deadline);
}

Answer DeviceEnd::ask_watched(const Outgoing& question, Watch& watch, Deadline deadline) {
  Answer answer;
  answer.status = session_.open(deadline, context_.clock, context_.stop);
  if (!answer.status.ok()) return answer;
  watch.token = next_token();
  answer = run(question, watch.token, &watch, deadline);
  if (!answer.status.ok()) return answer;
  watch.registered = watch.news || current(watch);
  if (watch.news && current(watch)) {
    // Told while the rest of the answer was fetched, so it is newer than that.
    watch.news = false;
    answer.message = watch.newest;
    return answer;
  }
  watch.newest = answer.message;
  watch.received_at = context_.clock.now();
  return answer;
}

// ---- observing

bool DeviceEnd::current(const Watch& watch) const { return session_.is_open() && watch.state.current(context_.clock.now()); }

bool DeviceEnd::watching() const {
  return std::ranges::any_of(watches_, [](const auto& one) { return one.second.registered; });
}

void DeviceEnd::append_news(std::vector<TagId>& tags) {
  for (auto& [resource, watch] : watches_) {
    const bool fell_silent = watch.registered && !current(watch);
    if (fell_silent) watch.registered = false;
    if (std::exchange(watch.news, false) || fell_silent) tags.insert(tags.end(), watch.tags.begin(), watch.tags.end());
  }
}

}  // namespace ferrule::coap
