// A block: records with their neighbours, as bytes. Pure.
//
// The encoding is the outbox's own, never a payload format: columns instead of rows, ids instead of names, differences instead of
// values (README.md draws it). Version and CRC-32 stand in front. What comes back is what went in, bit for bit, except that the
// time of a sample within its record is kept to the microsecond (rounded down).
//
// decode() takes hostile bytes: it allocates at most in proportion to kMaxBlockSamples and kMaxBlockRecords and to the bytes
// given, and every error is Fault::corrupt.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/status.h"
#include "outbox/dictionary.h"

namespace ferrule::outbox {

inline constexpr size_t kMaxBlockSamples = 1u << 20;
inline constexpr size_t kMaxBlockRecords = 1u << 16;
inline constexpr size_t kMaxBlockUplinks = 64;

struct BlockEntry {
  RecordPtr record;
  uint64_t position = 0;
  std::vector<uint64_t> seq;  // by the block's uplinks; 0: not for that one, or settled by it before it was stored
};

struct Block {
  uint64_t boot = 0;
  std::vector<uint32_t> uplinks;    // stored ids
  std::vector<BlockEntry> entries;  // by rising position; not empty
};

// Within the limits above. May give new ids to names: see Dictionary::unsaved().
std::string encode(const Block& block, Dictionary& dictionary);

// A name that the dictionary does not know makes the block corrupt.
Result<Block> decode(std::string_view bytes, const Dictionary& dictionary);

// Only the version and the checksum.
Status verify(std::string_view bytes);

}  // namespace ferrule::outbox
