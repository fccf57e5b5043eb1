#include "outbox/summary.h"

#include <algorithm>

#include "outbox/bytes.h"
#include "outbox/crc32.h"

namespace ferrule::outbox {

namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

Summary summarize(const Block& block, uint64_t bytes, uint64_t level, Duration sealed_at, uint32_t last_name) {
  Summary summary;
  summary.first = block.entries.front().position;
  summary.last = block.entries.back().position;
  summary.boot = block.boot;
  summary.records = block.entries.size();
  summary.bytes = bytes;
  summary.level = level;
  summary.sealed_at = sealed_at;
  summary.last_name = last_name;
  summary.from = summary.to = block.entries.front().record->timestamp;
  for (const uint32_t uplink : block.uplinks) summary.shares.push_back({uplink, 0, 0});
  for (const BlockEntry& entry : block.entries) {
    const uint64_t samples = sample_count(*entry.record);
    summary.samples += samples;
    summary.from = std::min(summary.from, entry.record->timestamp);
    summary.to = std::max(summary.to, entry.record->timestamp);
    for (size_t i = 0; i < entry.seq.size(); ++i) {
      if (entry.seq[i] == 0) continue;
      summary.shares[i].records += 1;
      summary.shares[i].samples += samples;
    }
  }
  std::erase_if(summary.shares, [](const Share& share) { return share.records == 0; });
  return summary;
}

std::string encode(const Summary& summary) {
  std::string body;
  put_varint(body, summary.first);
  put_varint(body, summary.last - summary.first);
  put_varint(body, summary.boot);
  put_varint(body, summary.records);
  put_varint(body, summary.samples);
  put_varint(body, summary.bytes);
  put_varint(body, summary.level);
  put_signed(body, summary.sealed_at.count());
  put_signed(body, summary.from.time_since_epoch().count());
  put_signed(body, summary.to.time_since_epoch().count());
  put_varint(body, summary.last_name);
  put_varint(body, summary.shares.size());
  for (const Share& share : summary.shares) {
    put_varint(body, share.uplink);
    put_varint(body, share.records);
    put_varint(body, share.samples);
  }
  std::string out(1, static_cast<char>(kVersion));
  put_fixed(out, crc32(body), 4);
  return out + body;
}

Result<Summary> decode_summary(std::string_view bytes) {
  ByteReader in(bytes);
  Summary summary;
  if (in.byte() != kVersion) in.fail();
  const uint64_t sum = in.fixed(4);
  if (!in.ok() || sum != crc32(bytes.substr(5))) return {Fault::corrupt, "the summary of a stored block has a wrong checksum"};
  summary.first = in.varint();
  summary.last = summary.first + in.count(UINT64_MAX - 1 - summary.first);
  summary.boot = in.varint();
  summary.records = in.count(kMaxBlockRecords);
  summary.samples = in.count(kMaxBlockSamples);
  summary.bytes = in.varint();
  summary.level = in.varint();
  summary.sealed_at = Duration(in.signed_varint());
  summary.from = WallTime(Duration(in.signed_varint()));
  summary.to = WallTime(Duration(in.signed_varint()));
  summary.last_name = static_cast<uint32_t>(in.count(UINT32_MAX));
  for (uint64_t left = in.count(kMaxBlockUplinks); left > 0 && in.ok(); --left) {
    Share share;
    share.uplink = static_cast<uint32_t>(in.count(UINT32_MAX));
    share.records = in.varint();
    share.samples = in.varint();
    summary.shares.push_back(share);
  }
  if (!in.ok() || in.left() != 0 || summary.records == 0 || summary.first == 0)
    return {Fault::corrupt, "the summary of a stored block does not read back"};
  return summary;
}

}  // namespace ferrule::outbox
