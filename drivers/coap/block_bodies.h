// Bodies that devices send to us in blocks (RFC 7959, Block1), put together. Pure; times come in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "coap/code.h"
#include "coap/message.h"
#include "core/clock.h"

namespace ferrule::coap {

class BlockBodies {
 public:
  static constexpr size_t kMostBody = 64 * 1024;
  static constexpr size_t kMostBodies = 64;  // at a time; the one that has waited longest gives way
  static constexpr Duration kPatience = std::chrono::seconds(60);

  static constexpr uint8_t kContinue = code(2, 31), kIncomplete = code(4, 8), kTooLarge = code(4, 13);
  struct Outcome {
    uint8_t code = 0;  // 0: the body is whole
    std::string body;
  };

  // The next block of a body from `peer` for `resource`. Block 0 begins anew; a block that came before is said to be there.
  Outcome take(uint64_t peer, const Resource& resource, const Block& block, std::string_view payload, MonoTime now) {
    expire(now);
    const Key key{peer, resource};
    if (block.number == 0) begin(key);
    const auto found = bodies_.find(key);
    if (found == bodies_.end()) return {kIncomplete, {}};
    std::string& bytes = found->second.bytes;
    found->second.at = now;
    if (block.offset() + payload.size() <= bytes.size() && block.more) return {kContinue, {}};
    const bool fits = block.offset() == bytes.size() && (!block.more || payload.size() == block.size());
    if (!fits) return {kIncomplete, {}};
    if (bytes.size() + payload.size() > kMostBody) return drop(found, kTooLarge);
    bytes += payload;
    if (block.more) return {kContinue, {}};
    return drop(found, 0);
  }
  size_t size() const { return bodies_.size(); }

 private:
  using Key = std::pair<uint64_t, Resource>;
  struct Body {
    std::string bytes;
    MonoTime at;
  };
  using Bodies = std::map<Key, Body>;

  void begin(const Key& key) {
    bodies_.erase(key);
    if (bodies_.size() >= kMostBodies) {
      auto oldest = bodies_.begin();
      for (auto each = bodies_.begin(); each != bodies_.end(); ++each) {
        if (each->second.at < oldest->second.at) oldest = each;
      }
      bodies_.erase(oldest);
    }
    bodies_.emplace(key, Body{});
  }
  void expire(MonoTime now) {
    std::erase_if(bodies_, [&](const auto& one) { return now - one.second.at >= kPatience; });
  }
  Outcome drop(Bodies::iterator found, uint8_t code) {
    Outcome outcome{code, {}};
    if (code == 0) outcome.body = std::move(found->second.bytes);
    bodies_.erase(found);
    return outcome;
  }

  Bodies bodies_;
};

}  // namespace ferrule::coap
