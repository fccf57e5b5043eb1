// How long a gateway stays busy with questions that we have given up. Behind a TCP-to-serial gateway is one line: while it waits
// for a silent unit, and it may wait longer than we do, whatever else is asked stands in its queue, and units that live would
// seem silent. How long it waits it tells by its exceptions 11, the late ones too. Before one was heard nothing is known. Pure;
// one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"

namespace ferrule::modbus {

class GatewayQueue {
 public:
  static constexpr Duration kMost = std::chrono::seconds(30);  // that it is believed to be busy
  static constexpr size_t kRemembered = 16;                    // questions without an answer

  void asked(uint16_t transaction, MonoTime at);
  // A frame of this transaction. True: it belongs to a question that was asked. `gave_up`: exception 11. `came`: nothing where it
  // may have lain there for long, unread. A gateway answers in order, so what was asked before is over, too.
  bool came(uint16_t transaction, bool gave_up, std::optional<MonoTime> came);
  void forget() { open_.clear(); }  // a new connection

  bool empty() const { return open_.empty(); }
  // When it is through with all that was asked, `now` at the earliest.
  MonoTime free_at(MonoTime now) const;

 private:
  struct Asked {
    uint16_t transaction;
    MonoTime at;
  };
  std::vector<Asked> open_;  // oldest first
  Duration patience_{0};     // of the gateway, with a silent unit; 0: not known
  MonoTime last_;            // when it was through with a question
};

}  // namespace ferrule::modbus
