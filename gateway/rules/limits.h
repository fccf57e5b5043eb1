// What bounds a rule and all rules together.
#pragma once

#include <cstddef>

#include "core/clock.h"

namespace ferrule {

inline constexpr size_t kMostCharacters = 2000;  // of one expression
inline constexpr int kMostNesting = 50;          // parentheses, functions, `not` and unary minus inside each other
inline constexpr size_t kMostTagsPerRule = 64;
inline constexpr size_t kMostRules = 1000;
inline constexpr size_t kMostWindows = 1000;         // of all rules together; equal ones are shared
inline constexpr size_t kMostWindowSamples = 10000;  // per window
inline constexpr int kMostChained = 8;               // rules that feed each other
inline constexpr Duration kShortestWindow = std::chrono::seconds(1);
inline constexpr Duration kLongestWindow = std::chrono::hours(24);
inline constexpr Duration kLongestHolding = std::chrono::hours(24 * 30);
inline constexpr Duration kShortestEvery = std::chrono::milliseconds(100);

}  // namespace ferrule
