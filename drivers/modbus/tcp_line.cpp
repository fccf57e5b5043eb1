// Modbus TCP: an answer belongs to its question by the transaction id. Late, repeated and foreign frames are dropped whole and
// the wait goes on, so a timeout leaves the connection usable. Only bytes that are no frame at all close it. Late ones tell how
// long a gateway is busy with what we have given up (gateway_queue.h).
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "link/wait.h"
#include "modbus/exception.h"
#include "modbus/exchange_meter.h"
#include "modbus/gateway_queue.h"
#include "modbus/line.h"
#include "modbus/mbap.h"

namespace ferrule::modbus {

namespace {

// So many timeouts in a row with our bytes still unacknowledged, and the peer is taken for gone (a half-open connection).
constexpr int kUnacknowledgedMost = 2;

bool gives_up(std::span<const uint8_t> frame) {
  const std::span<const uint8_t> pdu = frame.subspan(kMbapSize);
  return pdu.size() == 2 && (pdu[0] & 0x80) != 0 && pdu[1] == kGatewayNoAnswer;
}

class TcpLine final : public Line {
 public:
  TcpLine(std::unique_ptr<Stream> stream, const Pauses& pauses, const ChannelContext& context)
      : stream_(std::move(stream)), pauses_(pauses), context_(context) {}

  Status connect(Deadline deadline) override {
    if (stream_->connected()) return {};
    filled_ = 0;
    answered_ = 0;
    unacknowledged_ = 0;
    queue_.forget();
    return stream_->connect(deadline);
  }

  void disconnect() noexcept override { stream_->disconnect(); }

  MonoTime free_at(const Question& /*question*/, MonoTime now) const override { return queue_.free_at(now); }

  Answer ask(const Question& question, std::span<const uint8_t> pdu, Deadline deadline, MonoTime send_by) override {
    Answer answer;
    if (!stream_->connected()) {
      answer.status = {Fault::disconnected, stream_->name() + ": not connected"};
      return answer;
    }
    if (answer.status = rest(pauses_[question.unit], deadline); !answer.status.ok()) return answer;
    if (context_.clock.now() >= send_by) {
      answer.status = {Fault::timeout, stream_->name() + ": it was too late to send it"};
      return answer;
    }
    drop(std::exchange(answered_, 0));
    ExchangeMeter meter(answer, context_);
    if (answer.status = take_what_waits(answer, meter); !answer.status.ok()) return answer;
    const std::span<const uint8_t> frame = request_.compose(++transaction_, question.unit, pdu);
    meter.starts();
    answer.status = stream_->write(frame, deadline);
    meter.sent(frame);
    queue_.asked(transaction_, meter.started());
    if (answer.status.ok()) {
      answer.status = listen(question, deadline, answer, meter);
    } else {
      stream_->disconnect();  // half a request may be out: nothing that follows would be understood
    }
    meter.ends();
    last_end_ = context_.clock.now();
    after(answer);
    return answer;
  }

 private:
  Status rest(Duration pause, Deadline deadline) {
    if (pause == Duration{0}) return {};
    const MonoTime until = last_end_ + pause;
    if (context_.clock.now() >= until) return {};
    const Status rested = wait_for(-1, 0, std::min(until, deadline), context_.clock, context_.stop, stream_->name());
    return rested.fault() == Fault::timeout ? Status() : rested;
  }

  // Answers to questions that were given up: they came at a time that nobody can tell.
  Status take_what_waits(Answer& answer, ExchangeMeter& meter) {
    if (queue_.empty()) return {};
    const auto got = stream_->read(std::span(in_).subspan(filled_), context_.clock.now());
    if (!got.ok()) return got.status().fault() == Fault::timeout ? Status() : got.status();
    meter.received(std::span(in_).subspan(filled_, *got));
    filled_ += *got;
    while (filled_ >= kMbapSize) {
      const auto header = mbap_header(std::span(in_.data(), filled_));
      if (!header || filled_ < header->frame_size) return {};
      (void)queue_.came(header->transaction, gives_up(std::span(in_.data(), header->frame_size)), std::nullopt);
      drop(header->frame_size);
      ++answer.strays;
    }
    return {};
  }

  // Takes frames until one carries our transaction id.
  Status listen(const Question& question, Deadline deadline, Answer& answer, ExchangeMeter& meter) {
    while (true) {
      if (filled_ >= kMbapSize) {
        const std::span<const uint8_t> bytes(in_.data(), filled_);
        const auto header = mbap_header(bytes);
        if (!header) return out_of_step(answer);
        if (filled_ >= header->frame_size) {
          const std::span<const uint8_t> frame = bytes.first(header->frame_size);
          const bool asked_now = header->transaction == transaction_;
          const bool late = !(asked_now && header->unit != question.unit) &&
                            queue_.came(header->transaction, gives_up(frame), context_.clock.now());
          if (asked_now && header->unit == question.unit) {
            answer.link_answers = true;
            answered_ = header->frame_size;  // the answer points into it
            return take(question, frame, answer);
          }
          // A late answer, or another unit's to another question, leaves this unit silent.
          if (!late && (asked_now || header->unit == question.unit)) answer.link_answers = true;
          drop(header->frame_size);
          ++answer.strays;
          continue;
        }
      }
      const auto got = stream_->read(std::span(in_).subspan(filled_), deadline);
      if (!got.ok()) return silent(got.status(), question, answer);
      meter.received(std::span(in_).subspan(filled_, *got));
      filled_ += *got;
    }
  }

  Status silent(const Status& status, const Question& question, const Answer& answer) const {
    if (status.fault() != Fault::timeout || answer.strays == 0) return status;
    const std::string text = ": answers came, but none to the question to unit " + std::to_string(question.unit);
    return {answer.link_answers ? Fault::bad_reply : Fault::timeout, stream_->name() + text};
  }

  Status take(const Question& question, std::span<const uint8_t> frame, Answer& answer) const {
    const Verdict verdict = judge(question, frame.subspan(kMbapSize));
    if (verdict.kind == Verdict::Kind::wrong) return {Fault::bad_reply, stream_->name() + ": " + std::string(verdict.why)};
    answer.exception = verdict.code;
    answer.data = verdict.data;
    return {};
  }

  Status out_of_step(Answer& answer) {
    answer.link_answers = true;
    stream_->disconnect();
    return {Fault::disconnected, stream_->name() +
                                     ": what answers there does not speak Modbus TCP: is it another service, or a "
                                     "gateway that needs rtu_over_tcp?"};
  }

  void drop(size_t size) {
    std::copy(in_.begin() + static_cast<ptrdiff_t>(size), in_.begin() + static_cast<ptrdiff_t>(filled_), in_.begin());
    filled_ -= size;
  }

  // After a timeout, asks the kernel whether the peer's machine took our bytes at all.
  void after(Answer& answer) {
    if (answer.status.fault() != Fault::timeout || !stream_->connected()) {
      unacknowledged_ = 0;
      return;
    }
    int waiting = 0;
    if (ioctl(stream_->fd(), SIOCOUTQ, &waiting) != 0 || waiting == 0) {
      unacknowledged_ = 0;
      return;
    }
    if (++unacknowledged_ < kUnacknowledgedMost) return;
    stream_->disconnect();
    answer.status = {Fault::disconnected, stream_->name() + ": takes no more bytes: the connection is dead; connecting again"};
  }

  std::unique_ptr<Stream> stream_;
  const Pauses pauses_;
  const ChannelContext& context_;
  MbapRequest request_;
  uint16_t transaction_ = 0;
  int unacknowledged_ = 0;
  GatewayQueue queue_;
  MonoTime last_end_;
  std::array<uint8_t, 1024> in_{};  // room for a frame and more: it is never full of frames that are not taken
  size_t filled_ = 0;
  size_t answered_ = 0;  // bytes of in_ that the last answer points into
};

}  // namespace

std::unique_ptr<Line> make_tcp_line(std::unique_ptr<Stream> stream, const Pauses& pauses, const ChannelContext& context) {
  return std::make_unique<TcpLine>(std::move(stream), pauses, context);
}

}  // namespace ferrule::modbus
