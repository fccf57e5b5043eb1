// Many numbers in few bytes.
//
//   packed  groups of 32 numbers, each group with the width in bits that its largest needs: 0 bits for 32 zeros, and one outlier
//           costs its own group only.
//   runs    (number, how often) pairs, for what hardly ever changes.
//
// Readers give back exactly `count` numbers or fail the ByteReader; what they allocate is bounded by `count`, which the caller
// has bounded.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "outbox/bytes.h"

namespace ferrule::outbox {

void put_packed(std::string& out, std::span<const uint64_t> numbers);
std::vector<uint64_t> read_packed(ByteReader& in, size_t count);

void put_runs(std::string& out, std::span<const uint64_t> numbers);
std::vector<uint64_t> read_runs(ByteReader& in, size_t count);

// Each number as its zigzag difference from the one before it (the first from 0), packed.
void put_deltas(std::string& out, std::span<const int64_t> numbers);
std::vector<int64_t> read_deltas(ByteReader& in, size_t count);

}  // namespace ferrule::outbox
