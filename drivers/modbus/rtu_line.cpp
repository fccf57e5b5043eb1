// Modbus RTU, on a serial line or through a TCP gateway that passes its frames on. An answer belongs to its question by unit,
// function and length only, so the line is made quiet before each question and overdue replies are remembered (overdue.h).
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "modbus/exchange_meter.h"
#include "modbus/line.h"
#include "modbus/overdue.h"
#include "modbus/wire_format.h"

namespace ferrule::modbus {

namespace {

// "Modbus over Serial Line", 2.4.1: the turnaround delay, typically 100 to 200 ms.
constexpr Duration kBroadcastDelay = std::chrono::milliseconds(100);

class RtuLine final : public Line {
 public:
  RtuLine(std::unique_ptr<Stream> stream, const RtuTiming& timing, const ChannelContext& context)
      : stream_(std::move(stream)), timing_(timing), context_(context), overdue_(timing.late) {}

  Status connect(Deadline deadline) override {
    if (stream_->connected()) return {};
    if (format_ == nullptr) {
      auto format = WireFormat::make(Framing::rtu);
      if (!format.ok()) return format.status();
      format_ = std::move(*format);
    }
    if (Status bench = reserve_bench(); !bench.ok()) return bench;
    filled_ = 0;
    unclean_ = false;
    return stream_->connect(deadline);
  }

  void disconnect() noexcept override { stream_->disconnect(); }

  MonoTime free_at(const Question& question, MonoTime now) const override { return overdue_.free_at(question, now); }

  Answer ask(const Question& question, std::span<const uint8_t> pdu, Deadline deadline, MonoTime send_by) override {
    Answer answer;
    if (!stream_->connected()) {
      answer.status = {Fault::disconnected, stream_->name() + ": not connected"};
      return answer;
    }
    ExchangeMeter meter(answer, context_);
    if (answer.status = make_quiet(question, std::min(deadline, send_by), meter); !answer.status.ok()) return answer;
    const auto frame = format_->compose(0, question.unit, pdu);
    if (!frame.ok()) {
      answer.status = frame.status();
      return answer;
    }
    meter.starts();
    garbled_ = false;
    echo_came_ = false;
    answer.status = stream_->write(*frame, deadline);
    meter.sent(*frame);
    if (answer.status.ok()) {
      answer.status =
          question.is_broadcast() ? let_act(frame->size(), deadline, meter) : listen(question, *frame, deadline, answer, meter);
    }
    meter.ends();
    last_byte_ = context_.clock.now();
    unclean_ = unclean_ || !answer.status.ok() || filled_ > 0;
    note(question, answer, meter.started());
    return answer;
  }

 private:
  // --- before a question -----------------------------------------------------------------------------------------------------

  // Waits until nothing can be mistaken for the answer to `question`, and nobody speaks.
  Status make_quiet(const Question& question, Deadline deadline, ExchangeMeter& meter) {
    filled_ = 0;
    if (overdue_.expects_any(context_.clock.now())) {
      if (Status heard = hear_what_waits(meter); !heard.ok()) return heard;
    }
    const MonoTime now = context_.clock.now();
    const MonoTime free = overdue_.free_at(question, now);
    // A question that gets less than half of its time would only be missed in turn; better leave the line to the others.
    if (free - now > (deadline - now) / 2) {
      return {Fault::timeout, stream_->name() + ": unit " + std::to_string(question.unit) +
                                  " still owes an answer that could be mistaken for this one; it is held off"};
    }
    Duration quiet = std::max(timing_.silence, timing_.pauses[question.unit]);
    if (unclean_) quiet = std::max(quiet, timing_.error_silence);
    while (true) {
      const MonoTime until = std::max(last_byte_ + quiet, overdue_.free_at(question, context_.clock.now()));
      const auto got = stream_->read(std::span(in_).subspan(filled_), std::min(until, deadline));
      if (got.ok()) {
        hear(*got, context_.clock.now(), meter);
        if (quiet < timing_.error_silence) quiet = timing_.error_silence;  // somebody speaks out of turn
        continue;
      }
      if (got.status().fault() != Fault::timeout) return got.status();
      const MonoTime later = context_.clock.now();
      if (later >= until) break;
      if (later >= deadline)
        return {Fault::timeout, stream_->name() + ": the line is never quiet: does another master or a faulty device speak?"};
    }
    filled_ = 0;
    unclean_ = false;
    return {};
  }

  // What has arrived since the last exchange, at a time that nobody can tell.
  Status hear_what_waits(ExchangeMeter& meter) {
    const auto got = stream_->read(in_, context_.clock.now());
    if (got.ok()) {
      hear(*got, std::nullopt, meter);
      unclean_ = true;
    }
    return got.ok() || got.status().fault() == Fault::timeout ? Status() : got.status();
  }

  // Bytes that nobody asked for: late replies are recognised, the rest is dropped.
  void hear(size_t count, std::optional<MonoTime> came, ExchangeMeter& meter) {
    meter.received(std::span(in_).subspan(filled_, count));
    filled_ += count;
    last_byte_ = context_.clock.now();
    while (filled_ > 0) {
      const RtuSize size = rtu_reply_size(std::span(in_.data(), filled_));
      if (size.kind == RtuSize::Kind::garbage) {
        drop(1);
        continue;
      }
      if (size.kind == RtuSize::Kind::more || filled_ < size.size) return;
      const auto pdu = format_->take_apart(std::span(in_.data(), size.size));
      if (pdu.ok()) late(in_[0], *pdu, came, meter);
      drop(pdu.ok() ? size.size : 1);
    }
  }

  void late(uint8_t unit, std::span<const uint8_t> pdu, std::optional<MonoTime> came, ExchangeMeter& meter) {
    constexpr uint8_t kExceptionFlag = 0x80;
    meter.stray();
    const auto function = static_cast<uint8_t>(pdu[0] & ~kExceptionFlag);
    std::optional<size_t> data_bytes;
    if ((pdu[0] & kExceptionFlag) == 0) data_bytes = function <= static_cast<uint8_t>(Function::read_input) ? pdu.size() - 2 : 0;
    overdue_.came_late(unit, function, data_bytes, came);
  }

  // After a broadcast: nobody answers, but all act on it. What is heard is our echo.
  Status let_act(size_t frame_size, Deadline deadline, ExchangeMeter& meter) {
    const MonoTime until =
        std::min(deadline, context_.clock.now() + timing_.character * static_cast<int64_t>(frame_size) + kBroadcastDelay);
    while (true) {
      const auto got = stream_->read(in_, until);
      if (got.ok()) {
        meter.received(std::span(in_).first(*got));
      } else {
        return got.status().fault() == Fault::timeout ? Status() : got.status();
      }
    }
  }

  // --- the answer ------------------------------------------------------------------------------------------------------------

  Status listen(const Question& question, std::span<const uint8_t> request, Deadline deadline, Answer& answer,
                ExchangeMeter& meter) {
    std::span<const uint8_t> echo = timing_.may_echo ? request : std::span<const uint8_t>();
    // The confirmation of one coil or register, or of bits, is the request itself: whether the first copy is an echo, reads have
    // taught us.
    const bool looks_like_answer = question.function == Function::write_coil || question.function == Function::write_register ||
                                   question.function == Function::mask_write;
    if (looks_like_answer && !echoes_) echo = {};
    while (true) {
      while (filled_ > 0) {
        if (waits_for_echo(echo)) break;
        const RtuSize size = rtu_reply_size(std::span(in_.data(), filled_));
        if (size.kind == RtuSize::Kind::garbage) {  // a glitch when the line turns around; the checksum guards the rest
          drop(1);
          continue;
        }
        if (size.kind == RtuSize::Kind::more || filled_ < size.size) break;
        const std::span<const uint8_t> frame(in_.data(), size.size);
        const auto status = take(question, frame, answer, meter);
        drop(size.size);
        if (status) return *status;
      }
      const auto got = stream_->read(std::span(in_).subspan(filled_), deadline);
      if (!got.ok()) return silent(got.status(), question, answer);
      meter.received(std::span(in_).subspan(filled_, *got));
      filled_ += *got;
    }
  }

  // True while what has come may be the start of our own request. Skips the echo once it is whole.
  bool waits_for_echo(std::span<const uint8_t>& echo) {
    if (echo.empty()) return false;
    const size_t common = std::min(filled_, echo.size());
    if (!std::equal(in_.begin(), in_.begin() + static_cast<ptrdiff_t>(common), echo.begin())) {
      echo = {};
      return false;
    }
    if (common < echo.size()) return true;
    drop(echo.size());
    echo = {};
    echoes_ = echo_came_ = true;
    return filled_ == 0;
  }

  // Nothing: this frame is not for us; the wait goes on.
  std::optional<Status> take(const Question& question, std::span<const uint8_t> frame, Answer& answer, ExchangeMeter& meter) {
    const uint8_t unit = frame[0];
    const auto pdu = format_->take_apart(frame);
    if (!pdu.ok()) {
      // What came may also be our own question, damaged; the answer is then still to come.
      const bool may_be_echo = timing_.may_echo && (!question.is_read() || question.address >> 8 == question.data_bytes());
      garbled_ = !may_be_echo && unit == question.unit && frame[1] == static_cast<uint8_t>(question.function) &&
                 (!question.is_read() || frame[2] == question.data_bytes());
      return Status(Fault::bad_reply, stream_->name() + ": " + pdu.status().what());
    }
    const Verdict verdict = judge(question, *pdu);
    if (unit == question.unit && verdict.kind != Verdict::Kind::wrong) {
      if (question.is_read()) echoes_ = echo_came_;
      answer.exception = verdict.code;
      answer.data = verdict.data;
      return Status();
    }
    // Another unit's answer leaves this unit silent.
    if (unit == question.unit) answer.link_answers = true;
    const bool expected = unit != question.unit || overdue_.expects_from(unit, context_.clock.now());
    late(unit, *pdu, context_.clock.now(), meter);
    if (expected) return std::nullopt;
    return Status(Fault::bad_reply, stream_->name() + ": " + std::string(verdict.why));
  }

  Status silent(const Status& status, const Question& question, const Answer& answer) const {
    if (status.fault() != Fault::timeout) return status;
    if (answer.strays > 0) {
      const std::string text = ": answers came, but none to the question to unit " + std::to_string(question.unit);
      return {answer.link_answers ? Fault::bad_reply : Fault::timeout, stream_->name() + text};
    }
    if (filled_ > 0) {
      return {Fault::timeout, stream_->name() + ": the answer broke off after " + std::to_string(filled_) + " bytes"};
    }
    return status;
  }

  // A unit that stayed silent may answer yet; so may one in whose place something else was heard. One whose answer came, but
  // garbled, owes no more than before.
  void note(const Question& question, const Answer& answer, MonoTime sent) {
    const MonoTime now = context_.clock.now();
    if (answer.status.ok() || garbled_) return overdue_.answered(question, sent, now);
    if (answer.sent) overdue_.missed(question, sent, now);
  }

  void drop(size_t size) {
    std::copy(in_.begin() + static_cast<ptrdiff_t>(size), in_.begin() + static_cast<ptrdiff_t>(filled_), in_.begin());
    filled_ -= size;
  }

  std::unique_ptr<Stream> stream_;
  const RtuTiming timing_;
  const ChannelContext& context_;
  std::unique_ptr<WireFormat> format_;
  OverdueReplies overdue_;
  MonoTime last_byte_;
  bool unclean_ = false;            // the last exchange went wrong: wait longer for silence
  bool garbled_ = false;            // the answer to the present question came, with a wrong checksum
  bool echoes_ = false;             // this line hands our own bytes back, as the last answer to a read has shown
  bool echo_came_ = false;          // of the present question
  std::array<uint8_t, 1024> in_{};  // room for a frame and more: it is never full of frames that are not taken
  size_t filled_ = 0;
};

}  // namespace

std::unique_ptr<Line> make_rtu_line(std::unique_ptr<Stream> stream, const RtuTiming& timing, const ChannelContext& context) {
  return std::make_unique<RtuLine>(std::move(stream), timing, context);
}

}  // namespace ferrule::modbus
