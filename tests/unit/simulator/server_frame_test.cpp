#include "simulator/server_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/simulator/master.h"

namespace ferrule::simulator {
namespace {

using Bytes = std::vector<uint8_t>;
using What = Found::What;

Bytes pdu_of(const Found& found) { return {found.pdu.begin(), found.pdu.end()}; }

const Bytes kReadTen{0x12, 0x34, 0, 0, 0, 6, 5, 3, 0, 100, 0, 10};

TEST(ServerFrame, the_checksum_is_that_of_the_modbus_specification) {
  // "Modbus over serial line" V1.02 and every manual: 01 03 00 00 00 0A is followed by C5 CD.
  EXPECT_EQ(with_crc({1, 3, 0, 0, 0, 10}), (Bytes{1, 3, 0, 0, 0, 10, 0xC5, 0xCD}));
}

TEST(ServerFrame, an_mbap_request_is_found_with_its_transaction) {
  const Found found = find_request(Framing::mbap, kReadTen);
  ASSERT_EQ(found.what, What::request);
  EXPECT_EQ(found.used, kReadTen.size());
  EXPECT_EQ(found.transaction, 0x1234);
  EXPECT_EQ(found.unit, 5);
  EXPECT_EQ(pdu_of(found), (Bytes{3, 0, 100, 0, 10}));
}

TEST(ServerFrame, every_beginning_of_a_request_is_incomplete) {
  const Bytes rtu = with_crc({5, 16, 0, 100, 0, 2, 4, 1, 2, 3, 4});
  for (const auto& [framing, whole] : {std::pair{Framing::mbap, kReadTen}, std::pair{Framing::rtu, rtu}}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(find_request(framing, std::span(whole).first(size)).what, What::incomplete) << size;
    }
    EXPECT_EQ(find_request(framing, whole).what, What::request);
  }
}

TEST(ServerFrame, two_requests_in_one_segment_are_both_found) {
  Bytes both = kReadTen;
  both.insert(both.end(), kReadTen.begin(), kReadTen.end());
  both[12] = 0x77;
  const Found first = find_request(Framing::mbap, both);
  const Found second = find_request(Framing::mbap, std::span(both).subspan(first.used));
  EXPECT_EQ(first.transaction, 0x1234);
  EXPECT_EQ(second.transaction, 0x7734);
}

TEST(ServerFrame, what_is_no_mbap_header_is_broken) {
  const Bytes wrong[] = {
      {0, 1, 0, 9, 0, 6, 5}, {0, 1, 0, 0, 0, 0, 5}, {0, 1, 0, 0, 0, 1, 5}, {0, 1, 0, 0, 0, 255, 5}, {0, 1, 0, 0, 255, 255, 5}};
  for (const Bytes& bytes : wrong) EXPECT_EQ(find_request(Framing::mbap, bytes).what, What::broken);
}

TEST(ServerFrame, the_length_of_an_rtu_request_follows_from_its_function) {
  const Bytes requests[] = {{5, 1, 0, 0, 0, 9},   {5, 2, 0, 0, 0, 9}, {5, 3, 0, 0, 0, 9},           {5, 4, 0, 0, 0, 9},
                            {5, 5, 0, 0, 255, 0}, {5, 6, 0, 0, 0, 9}, {5, 15, 0, 0, 0, 9, 2, 7, 1}, {5, 16, 0, 0, 0, 1, 2, 0, 9}};
  for (const Bytes& request : requests) {
    const Bytes frame = with_crc(request);
    const Found found = find_request(Framing::rtu, frame);
    ASSERT_EQ(found.what, What::request) << int{request[1]};
    EXPECT_EQ(found.used, frame.size());
    EXPECT_EQ(pdu_of(found), Bytes(request.begin() + 1, request.end()));
  }
}

TEST(ServerFrame, an_unknown_function_ends_where_its_checksum_fits) {
  const Bytes frame = with_crc({5, 43, 14, 1, 0});
  const Found found = find_request(Framing::rtu, frame);
  ASSERT_EQ(found.what, What::request);
  EXPECT_EQ(pdu_of(found), (Bytes{43, 14, 1, 0}));
}

TEST(ServerFrame, a_request_is_found_behind_noise) {
  std::mt19937 random(1);
  const Bytes request = with_crc({5, 3, 0, 100, 0, 10});
  for (int round = 0; round < 1000; ++round) {
    Bytes line(random() % 40);
    for (uint8_t& byte : line) byte = static_cast<uint8_t>(random());
    const size_t noise = line.size();
    line.insert(line.end(), request.begin(), request.end());
    // What noise keeps waiting for is given up when a line is silent; here more bytes take its place.
    line.insert(line.end(), 300, 0);
    size_t at = 0;
    bool reached = false;
    while (at < line.size() && !reached) {
      const Found found = find_request(Framing::rtu, std::span(line).subspan(at));
      ASSERT_NE(found.what, What::broken);
      if (found.what == What::incomplete) break;
      reached = found.what == What::request && at == noise;
      ASSERT_GE(found.used, 1u);
      at += found.used;
    }
    EXPECT_TRUE(reached) << round;
  }
}

TEST(ServerFrame, a_damaged_rtu_request_is_not_answered) {
  const Bytes good = with_crc({5, 3, 0, 100, 0, 10});
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    EXPECT_NE(find_request(Framing::rtu, bad).what, What::request) << bit;
  }
}

TEST(ServerFrame, no_bytes_make_it_read_beyond_them) {
  std::mt19937 random(2);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(random() % 300);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % 3 == 0 ? random() : random() % 20);
    for (const Framing framing : {Framing::mbap, Framing::rtu}) {
      const Found found = find_request(framing, bytes);
      ASSERT_LE(found.used, bytes.size());
      ASSERT_EQ(found.what == What::request || found.what == What::noise, found.used > 0);
      if (found.what == What::request) {
        ASSERT_FALSE(found.pdu.empty());
        ASSERT_LE(found.pdu.size(), kMaxPdu);
      }
    }
  }
}

TEST(ServerFrame, an_answer_carries_what_the_request_had) {
  Bytes out;
  append_answer(Framing::mbap, find_request(Framing::mbap, kReadTen), Bytes{3, 2, 0, 7}, out);
  EXPECT_EQ(out, (Bytes{0x12, 0x34, 0, 0, 0, 5, 5, 3, 2, 0, 7}));
  out.clear();
  const Bytes request = with_crc({5, 3, 0, 100, 0, 1});
  append_answer(Framing::rtu, find_request(Framing::rtu, request), Bytes{3, 2, 0, 7}, out);
  EXPECT_EQ(out, with_crc({5, 3, 2, 0, 7}));
}

}  // namespace
}  // namespace ferrule::simulator
