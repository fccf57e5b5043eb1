// Keeps what a driver says about each tag, in order.
#pragma once

#include <map>
#include <vector>

#include "sdk/driver.h"

namespace ferrule {

class RecordingSink final : public SampleSink {
 public:
  struct Said {
    TagId tag;
    Value value;
    Quality quality;
    Reason reason;
    uint16_t detail;
  };

  void good(TagId tag, Value value, int64_t) override { said.push_back({tag, std::move(value), Quality::good, Reason::none, 0}); }
  void uncertain(TagId tag, Value value, Reason reason) override {
    said.push_back({tag, std::move(value), Quality::uncertain, reason, 0});
  }
  void bad(TagId tag, Reason reason, uint16_t detail) override { said.push_back({tag, {}, Quality::bad, reason, detail}); }

  // The value of a tag that was read well; none when it was not.
  Value value(TagId tag) const {
    for (const Said& one : said) {
      if (one.tag == tag && one.quality == Quality::good) return one.value;
    }
    return {};
  }
  // Why a tag was bad; none when it was not.
  Reason reason(TagId tag) const {
    for (const Said& one : said) {
      if (one.tag == tag && one.quality == Quality::bad) return one.reason;
    }
    return Reason::none;
  }
  bool each_at_most_once() const {
    std::map<TagId, int> times;
    for (const Said& one : said) {
      if (++times[one.tag] > 1) return false;
    }
    return true;
  }

  std::vector<Said> said;
};

}  // namespace ferrule
