// Polls of several units under late, foreign, repeated and damaged replies, TCP and RTU: not one wrong value.
//
// 100,000 polls each by default. The whole proof, 10^7 each, with a line of progress each 100,000; about 5 minutes:
//   FERRULE_POLLS=10000000 build/release/tests/unit_modbus --gtest_filter='MixedPolls.*wrong_value*'
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "modbus/line.h"
#include "modbus/read_plan.h"
#include "tests/fakes/scripted_device.h"
#include "tests/fakes/virtual_line.h"

namespace ferrule::modbus {

namespace {

using namespace std::chrono_literals;

constexpr Duration kTimeout = 100ms;
constexpr Duration kLateWindow = 400ms;
constexpr size_t kUnits = 4;

size_t polls_wanted() {
  const char* polls = std::getenv("FERRULE_POLLS");
  return polls == nullptr ? 100'000 : std::strtoul(polls, nullptr, 10);
}

// What register `address` of a unit holds; no two places are alike.
uint16_t held(uint8_t unit, uint8_t function, uint32_t address) {
  return static_cast<uint16_t>((unit * 40503u + function * 9973u + address * 2654435761u) >> 7);
}

Bytes right_body(uint8_t unit, uint8_t function, uint32_t address, uint16_t count) {
  std::vector<uint16_t> words;
  for (uint32_t i = 0; i < count; ++i) words.push_back(held(unit, function, address + i));
  return read_answer(unit, function, words);
}

// Answers most requests as it should, and the rest in every way that was ever seen on a line.
class FaultyPlant {
 public:
  // `numbered`: over TCP a foreign frame has another transaction id, as it should.
  FaultyPlant(bool rtu, bool numbered, uint64_t seed) : rtu_(rtu), numbered_(numbered), random_(seed) {}

  void operator()(VirtualLine& line, std::span<const uint8_t> request) {
    const size_t head = rtu_ ? 0 : 6;
    if (!rtu_) transaction_ = static_cast<uint16_t>(request[0] << 8 | request[1]);
    const auto word = [&](size_t at) { return static_cast<uint16_t>(request[head + at] << 8 | request[head + at + 1]); };
    const uint8_t unit = request[head];
    const uint8_t function = request[head + 1];
    const Bytes body = right_body(unit, function, word(2), word(4));
    const Duration latency = between(2ms, 40ms);
    switch (pick(16)) {
      case 0: return;  // lost
      case 1: return send(line, framed(body), latest());
      case 2: return send(line, framed({unit, static_cast<uint8_t>(function | 0x80), 6}), pick(2) == 0 ? latency : latest());
      case 3: repeat(line, framed(body), latency); break;
      case 4: send(line, foreign(body), latency); break;
      case 5: return send(line, foreign(body), latency);
      case 6: return send(line, damaged(framed(body)), latency);
      case 7: return send(line, damaged(framed(body)), latest());
      case 8: in_lumps(line, framed(body), latency); break;
      default: send(line, framed(body), latency);
    }
    if (pick(64) == 0) send(line, foreign(body), between(0ms, kLateWindow));
  }

 private:
  size_t pick(size_t n) { return random_() % n; }
  Duration between(Duration least, Duration most) {
    return least + Duration(static_cast<int64_t>(random_() % static_cast<uint64_t>((most - least).count() + 1)));
  }
  // RTU: as late as the unit may be. TCP: as late as it likes.
  Duration latest() { return between(kTimeout - 20ms, rtu_ ? kLateWindow : 20 * kLateWindow); }
  Bytes framed(const Bytes& body) const { return rtu_ ? rtu_frame(body) : tcp_frame(transaction_, body); }
  void send(VirtualLine& line, Bytes frame, Duration after) { line.arrive(std::move(frame), after); }

  // RTU: at once, as a unit or a repeater does; see README.md for what else could not be told. TCP: whenever.
  void repeat(VirtualLine& line, const Bytes& frame, Duration latency) {
    send(line, frame, latency);
    send(line, frame, latency + between(0us, rtu_ ? Duration(1ms) : 20 * kLateWindow));
  }

  // On TCP no other frame gets between them.
  void in_lumps(VirtualLine& line, const Bytes& frame, Duration latency) {
    const auto cut = static_cast<ptrdiff_t>(1 + pick(frame.size() - 1));
    send(line, Bytes(frame.begin(), frame.begin() + cut), latency);
    send(line, Bytes(frame.begin() + cut, frame.end()), latency + between(0ms, Duration(rtu_ ? 5ms : 0ms)));
  }

  // A whole and sound frame that answers no question of this master.
  Bytes foreign(const Bytes& body) {
    const auto count = static_cast<uint16_t>(body[2] / 2);
    if (!rtu_) {  // only the transaction tells
      const auto other = static_cast<uint16_t>(numbered_ ? transaction_ + 1000 + pick(60'000) : transaction_);
      const auto unit = static_cast<uint8_t>(pick(4) == 0 ? 1 + pick(247) : body[0]);
      return tcp_frame(other, right_body(unit, body[1], static_cast<uint32_t>(pick(60'000)), count));
    }
    switch (pick(3)) {
      case 0: return rtu_frame(right_body(static_cast<uint8_t>(body[0] + 100), body[1], 7, count));
      case 1: return rtu_frame(right_body(body[0], static_cast<uint8_t>(1 + pick(2)), 7, count));
      default: return rtu_frame(right_body(body[0], body[1], 7, static_cast<uint16_t>(count % 125 + 1)));
    }
  }

  // RTU: what a checksum of 16 bits finds for certain, and frames that break off. TCP brings all bytes or none: a header that is
  // not the question's.
  Bytes damaged(Bytes frame) {
    if (!rtu_) {
      constexpr std::array<size_t, 6> kHeader{2, 3, 4, 5, 7, 8};
      if (pick(4) == 0) {
        frame[0] ^= 0x80;
      } else {
        frame[kHeader[pick(kHeader.size())]] ^= static_cast<uint8_t>(1 + pick(255));
      }
      return frame;
    }
    if (pick(4) == 0) return Bytes(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(1 + pick(frame.size() - 1)));
    for (size_t hits = 1 + pick(3); hits > 0; --hits) flip(frame, pick(frame.size() * 8));
    return frame;
  }
  static void flip(Bytes& frame, size_t bit) { frame[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8)); }

  const bool rtu_;
  const bool numbered_;
  std::mt19937_64 random_;
  uint16_t transaction_ = 0;
};

struct Tally {
  size_t good = 0, refused = 0, missed = 0, held_off = 0, wrong = 0;
};

// Polls as a channel's loop does: what was missed first, what is held off later; and now and then not, because the driver's
// promise does not hang on it.
class Poller {
 public:
  Poller(bool rtu, Duration late_window, uint64_t seed, bool numbered = true)
      : random_(seed), context_{.clock = clock_, .names = names_, .stop = stop_} {
    auto stream = std::make_unique<VirtualLine>(clock_, FaultyPlant(rtu, numbered, seed + 1));
    RtuTiming timing{.silence = 2ms, .error_silence = 20ms, .late = LateWindows(late_window), .may_echo = false};
    for (size_t unit = 0; unit < 256; ++unit) timing.late.set(static_cast<uint8_t>(unit), late_window, true);
    line_ = rtu ? make_rtu_line(std::move(stream), timing, context_) : make_tcp_line(std::move(stream), {}, context_);
    for (uint8_t unit = 1; unit <= kUnits; ++unit) {
      for (const uint16_t address : {0, 100, 200, 300}) questions_.push_back({unit, Function::read_holding, address, 10});
      questions_.push_back({unit, Function::read_input, 0, 10});
      questions_.push_back({unit, Function::read_holding, 400, 125});
    }
  }

  Tally run(size_t polls) {
    for (size_t poll = 0; poll < polls; ++poll) {
      ask(next());
      if (polls > 1'000'000 && (poll + 1) % 100'000 == 0) report(poll + 1);
    }
    return tally_;
  }

 private:
  const Question& next() {
    if (missed_ != nullptr && random_() % 8 != 0) return *missed_;
    const Question* question = &questions_[random_() % questions_.size()];
    for (int tries = 0; tries < 8 && random_() % 8 != 0; ++tries) {
      if (line_->free_at(*question, clock_.now()) <= clock_.now()) break;
      question = &questions_[random_() % questions_.size()];
    }
    return *question;
  }

  void ask(const Question& question) {
    if (random_() % 4 == 0) clock_.advance(Duration(static_cast<int64_t>(random_() % 30'000'000)));
    (void)line_->connect(clock_.now() + 1s).ok();
    const Answer answer = line_->ask(question, read_pdu(question), clock_.now() + kTimeout);
    missed_ = answer.status.ok() || !answer.sent ? nullptr : &question;
    if (!answer.status.ok()) return void(++(answer.sent ? tally_.missed : tally_.held_off));
    if (answer.exception != 0) return void(++tally_.refused);
    const Bytes right = right_body(question.unit, static_cast<uint8_t>(question.function), question.address, question.count);
    ++(std::equal(answer.data.begin(), answer.data.end(), right.begin() + 3, right.end()) ? tally_.good : tally_.wrong);
  }

  void report(size_t polls) const {
    std::cout << polls << " polls: " << tally_.good << " good, " << tally_.refused << " refused, " << tally_.missed << " missed, "
              << tally_.held_off << " held off, " << tally_.wrong << " WRONG" << std::endl;
  }

  std::mt19937_64 random_;
  ManualClock clock_;
  Names names_;
  StopSignal stop_;
  ChannelContext context_;
  std::unique_ptr<Line> line_;
  std::vector<Question> questions_;
  const Question* missed_ = nullptr;
  Tally tally_;
};

void expect_a_fair_mix(const Tally& tally, size_t polls) {
  EXPECT_EQ(tally.wrong, 0u);
  EXPECT_GT(tally.good, polls / 3) << "else the mix proves little";
  EXPECT_GT(tally.missed, polls / 50);
}

TEST(MixedPolls, over_tcp_give_no_wrong_value) {
  const size_t polls = polls_wanted();
  expect_a_fair_mix(Poller(false, kLateWindow, 1).run(polls), polls);
}

TEST(MixedPolls, on_rtu_give_no_wrong_value) {
  const size_t polls = polls_wanted();
  const Tally tally = Poller(true, kLateWindow, 2).run(polls);
  expect_a_fair_mix(tally, polls);
  EXPECT_GT(tally.held_off, 0u);
}

// The twins: the same faults, and the transaction tells nothing; and nobody is held off.
TEST(MixedPolls, without_transaction_ids_wrong_values_come_through) {
  EXPECT_GT(Poller(false, kLateWindow, 1, false).run(20'000).wrong, 0u);
}

TEST(MixedPolls, without_the_late_window_wrong_values_come_through) { EXPECT_GT(Poller(true, 0ms, 2).run(20'000).wrong, 0u); }

}  // namespace

}  // namespace ferrule::modbus
