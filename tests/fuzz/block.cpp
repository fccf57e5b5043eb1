// libFuzzer: hostile bytes for everything that the outbox reads from its file.
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I build/<folder>/include/{core,outbox,tests}
//   tests/fuzz/block.cpp
//           gateway/outbox/{block_encode,block_decode,block_layout,columns,dictionary,events,ledger,packed,range_set,summary}.cpp
//           gateway/core/*.cpp
// The checksums are mended first, so that what is behind them is reached; what decodes is encoded again and must decode to the
// same.
#include <cstdlib>
#include <string>
#include <string_view>

#include "outbox/block.h"
#include "outbox/block_layout.h"
#include "outbox/bytes.h"
#include "outbox/crc32.h"
#include "outbox/ledger.h"
#include "outbox/summary.h"

namespace {

using namespace ferrule;
using namespace ferrule::outbox;

struct World {
  World() : dictionary(names) {
    for (const char* device : {"boiler", "press"}) {
      for (char tag = 'a'; tag < 'g'; ++tag) (void)dictionary.stored(names.tag(names.device(device), std::string(1, tag)));
    }
  }
  Names names;
  Dictionary dictionary;
};

std::string with_sum(std::string_view head, std::string_view body) {
  std::string bytes(head);
  put_fixed(bytes, crc32(body), 4);
  return bytes.append(body);
}

void require(bool truth) {
  if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World world;
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view block_head = data[0] % 2 == 0 ? "FB\x01" : "FB\x02";
  if (data[0] % 3 == 0) return (void)decode_summary(with_sum("\x01", body)), 0;
  if (data[0] % 3 == 1) {
    const Result<CursorState> state = decode_cursor(with_sum("\x01", body));
    if (state.ok()) require(decode_cursor(encode(*state)).ok());
    return 0;
  }
  const Result<Block> block = decode(with_sum(block_head, body), world.dictionary);
  if (!block) return 0;
  const Result<Block> again = decode(encode(*block, world.dictionary), world.dictionary);
  require(again.ok() && again->entries.size() == block->entries.size());
  for (size_t i = 0; i < block->entries.size(); ++i) {
    require(again->entries[i].position == block->entries[i].position && again->entries[i].seq == block->entries[i].seq);
    require(again->entries[i].record->body.index() == block->entries[i].record->body.index());
    require(sample_count(*again->entries[i].record) == sample_count(*block->entries[i].record));
  }
  return 0;
}
