#include "outbox/block_layout.h"

namespace ferrule::outbox {

namespace {

int64_t minus(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b)); }

}  // namespace

void to_repeated(std::vector<int64_t>& steps, const std::vector<uint64_t>& counts) {
  size_t end = steps.size();
  for (size_t record = counts.size(); record-- > 1;) {  // backwards: each needs the one before as it was
    const size_t count = counts[record], start = end - count;
    if (counts[record - 1] == count) {
      for (size_t i = start; i < end; ++i) steps[i] = minus(steps[i], steps[i - count]);
    }
    end = start;
  }
}

void from_repeated(std::vector<int64_t>& steps, const std::vector<uint64_t>& counts) {
  size_t start = counts.empty() ? 0 : counts.front();
  for (size_t record = 1; record < counts.size(); ++record) {
    const size_t count = counts[record], end = start + count;
    if (counts[record - 1] == count) {
      for (size_t i = start; i < end; ++i) steps[i] = plus(steps[i], steps[i - count]);
    }
    start = end;
  }
}

}  // namespace ferrule::outbox
