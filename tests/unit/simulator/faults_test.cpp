#include "simulator/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ferrule::simulator {
namespace {

using namespace std::chrono_literals;
using Bytes = std::vector<uint8_t>;

const Bytes kAsked{3, 0, 100, 0, 2};
const Bytes kAnswer{3, 4, 1, 2, 3, 4};

Found asked_of(uint8_t unit, const Bytes& pdu = kAsked) { return {Found::What::request, pdu.size() + 3, 7, unit, pdu}; }

Bytes framed(const Bytes& pdu, uint8_t unit = 5, Framing framing = Framing::rtu) {
  Bytes frame;
  append_answer(framing, asked_of(unit), pdu, frame);
  return frame;
}

Bytes all_of(const std::vector<Lump>& lumps) {
  Bytes all;
  for (const Lump& lump : lumps) all.insert(all.end(), lump.bytes.begin(), lump.bytes.end());
  return all;
}

FaultScript script_of(ScriptedFault fault) {
  FaultScript script;
  script.add(fault);
  return script;
}

std::vector<Lump> played(ScriptedFault fault, Duration since = 0s, uint8_t unit = 5, Framing framing = Framing::rtu) {
  return script_of(fault).play(0, framing, asked_of(unit), kAnswer, since);
}

Bytes played_bytes(ScriptedFault fault) { return all_of(played(fault)); }

TEST(FaultScript, without_faults_the_answer_leaves_as_it_is) {
  FaultScript script;
  EXPECT_TRUE(script.empty());
  const auto lumps = script.play(0, Framing::rtu, asked_of(5), kAnswer, 0s);
  ASSERT_EQ(lumps.size(), 1u);
  EXPECT_EQ(lumps[0].after, 0s);
  EXPECT_EQ(lumps[0].bytes, framed(kAnswer));
}

TEST(FaultScript, each_fault_is_what_it_is_called) {
  EXPECT_EQ(played_bytes({.kind = FaultKind::silent}), Bytes());
  EXPECT_EQ(played_bytes({.kind = FaultKind::wrong_unit}), framed(kAnswer, 6));
  EXPECT_EQ(played_bytes({.kind = FaultKind::wrong_function}), framed({2, 4, 1, 2, 3, 4}));
  EXPECT_EQ(played_bytes({.kind = FaultKind::exception, .code = 6}), framed({0x83, 6}));

  Bytes twice = framed(kAnswer);
  twice.insert(twice.end(), twice.begin(), twice.begin() + 9);
  EXPECT_EQ(played_bytes({.kind = FaultKind::repeat}), twice);

  Bytes damaged = framed(kAnswer);
  damaged.back() ^= 0x5a;
  EXPECT_EQ(played_bytes({.kind = FaultKind::wrong_crc}), damaged);
}

TEST(FaultScript, a_late_answer_is_whole_and_a_dripping_one_comes_byte_by_byte) {
  const auto late = played({.kind = FaultKind::late, .delay = 700ms});
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].after, 700ms);
  EXPECT_EQ(late[0].bytes, framed(kAnswer));

  const auto drip = played({.kind = FaultKind::drip, .delay = 10ms});
  ASSERT_EQ(drip.size(), framed(kAnswer).size());
  EXPECT_EQ(all_of(drip), framed(kAnswer));
  for (size_t i = 0; i < drip.size(); ++i) EXPECT_EQ(drip[i].after, static_cast<int64_t>(i) * 10ms);
}

TEST(FaultScript, bytes_are_missing_or_rubbish_comes_first) {
  EXPECT_EQ(played_bytes({.kind = FaultKind::drop_bytes, .bytes = 3}).size(), framed(kAnswer).size() - 3);
  EXPECT_EQ(played_bytes({.kind = FaultKind::drop_bytes, .bytes = 256}), Bytes());
  const Bytes rubbish = played_bytes({.kind = FaultKind::garbage, .bytes = 20});
  ASSERT_EQ(rubbish.size(), framed(kAnswer).size() + 20);
  EXPECT_TRUE(std::equal(rubbish.begin() + 20, rubbish.end(), framed(kAnswer).begin()));
}

TEST(FaultScript, over_modbus_tcp_there_is_no_checksum_to_damage) {
  EXPECT_EQ(all_of(played({.kind = FaultKind::wrong_crc}, 0s, 5, Framing::mbap)), framed(kAnswer, 5, Framing::mbap));
}

TEST(FaultScript, faults_add_up) {
  FaultScript script;
  script.add({.kind = FaultKind::late, .delay = 100ms});
  script.add({.kind = FaultKind::late, .delay = 200ms});
  script.add({.kind = FaultKind::wrong_unit});
  const auto lumps = script.play(0, Framing::rtu, asked_of(5), kAnswer, 0s);
  ASSERT_EQ(lumps.size(), 1u);
  EXPECT_EQ(lumps[0].after, 300ms);
  EXPECT_EQ(lumps[0].bytes, framed(kAnswer, 6));
}

TEST(FaultScript, only_the_named_endpoint_units_and_registers_are_concerned) {
  const auto silent = [](ScriptedFault fault, size_t endpoint, uint8_t unit, const Bytes& asked) {
    fault.kind = FaultKind::silent;
    return script_of(fault).play(endpoint, Framing::rtu, asked_of(unit, asked), kAnswer, 0s).empty();
  };
  EXPECT_TRUE(silent({.endpoint = 1}, 1, 5, kAsked));
  EXPECT_FALSE(silent({.endpoint = 1}, 0, 5, kAsked));
  EXPECT_TRUE(silent({.units = {4, 5}}, 0, 5, kAsked));
  EXPECT_FALSE(silent({.units = {4, 5}}, 0, 6, kAsked));

  const AddressRange range{Area::holding, 101, 110};
  EXPECT_TRUE(silent({.registers = range}, 0, 5, {3, 0, 100, 0, 2}));
  EXPECT_TRUE(silent({.registers = range}, 0, 5, {16, 0, 110, 0, 1, 2, 0, 0}));
  EXPECT_TRUE(silent({.registers = range}, 0, 5, {6, 0, 101, 0, 1}));
  EXPECT_FALSE(silent({.registers = range}, 0, 5, {3, 0, 100, 0, 1}));
  EXPECT_FALSE(silent({.registers = range}, 0, 5, {3, 0, 111, 0, 1}));
  EXPECT_FALSE(silent({.registers = range}, 0, 5, {6, 0, 100, 0, 2})) << "the value that is written is no count";
  EXPECT_FALSE(silent({.registers = range}, 0, 5, {4, 0, 100, 0, 2})) << "another area";
}

TEST(FaultScript, a_fault_begins_ends_and_begins_again) {
  const ScriptedFault once{.from = 10s, .lasts = 5s};
  const ScriptedFault again{.from = 10s, .lasts = 5s, .every = 60s};
  const ScriptedFault for_ever{.from = 10s};
  struct Moment {
    Duration since;
    bool once, again, for_ever;
  };
  const Moment moments[] = {{9s, false, false, false}, {10s, true, true, true},   {14'999ms, true, true, true},
                            {15s, false, false, true}, {69s, false, false, true}, {70s, false, true, true},
                            {75s, false, false, true}, {3610s, false, true, true}};
  for (const Moment& at : moments) {
    EXPECT_EQ(once.active(at.since), at.once) << at.since.count();
    EXPECT_EQ(again.active(at.since), at.again) << at.since.count();
    EXPECT_EQ(for_ever.active(at.since), at.for_ever) << at.since.count();
  }
}

TEST(FaultScript, a_share_hits_about_so_many_and_the_same_each_run) {
  const auto hits = [] {
    FaultScript script = script_of({.kind = FaultKind::silent, .share = 5});
    std::vector<int> hit;
    for (int n = 0; n < 10'000; ++n) {
      if (script.play(0, Framing::rtu, asked_of(5), kAnswer, 0s).empty()) hit.push_back(n);
    }
    return hit;
  };
  const auto first = hits();
  EXPECT_GT(first.size(), 400u);
  EXPECT_LT(first.size(), 600u);
  EXPECT_EQ(first, hits());
}

TEST(FaultScript, echoes_and_outages_are_asked_for_by_themselves) {
  FaultScript script;
  script.add({.kind = FaultKind::echo, .lasts = 5s});
  script.add({.kind = FaultKind::reboot, .endpoint = 1, .from = 5s});
  EXPECT_TRUE(script.echoes(0, asked_of(9), 0s));
  EXPECT_FALSE(script.echoes(0, asked_of(9), 5s));
  EXPECT_TRUE(script.endpoint_has(FaultKind::reboot, 1, 5s));
  EXPECT_FALSE(script.endpoint_has(FaultKind::reboot, 0, 5s));
  EXPECT_FALSE(script.endpoint_has(FaultKind::half_open, 1, 5s));
}

}  // namespace
}  // namespace ferrule::simulator
