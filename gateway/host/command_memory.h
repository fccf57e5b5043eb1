// What became of the commands of the last minutes, by the ids that their senders gave them: the same id again is the same
// command, which has one effect and one outcome. Kept in memory: after a restart a repeat is a command of its own.
//
// Any thread.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/guarded.h"
#include "rest/gateway_api.h"

namespace ferrule {

class CommandMemory {
 public:
  static constexpr Duration kRemembered = std::chrono::minutes(10);  // after the outcome
  static constexpr size_t kMost = 4096;                              // then the one that ended first is forgotten early
  static constexpr size_t kMostWaiting = 16;                         // repeats of one that is under way
  using Done = std::function<void(WriteReply)>;

  // Whether this command is to be carried out: then end() follows. Else it is a repeat, and `done` is called with the outcome of
  // the first, on this thread or on the one that calls end(). invalid: the id is another command's. full: too many are under way.
  Result<bool> begin(const WriteRequest& request, Done done, MonoTime now);
  // The outcome of a command that was to be carried out; the repeats that wait are told.
  void end(const WriteReply& reply, MonoTime now);

 private:
  struct Entry {
    std::string what;  // tag and value
    std::optional<WriteReply> reply;
    std::vector<Done> waiting;
  };
  struct Ended {
    std::string id;
    MonoTime at;
  };
  struct Commands {
    std::unordered_map<std::string, Entry> by_id;
    std::deque<Ended> ended;  // in their order
    void forget(MonoTime now);
  };
  Guarded<Commands> commands_;
};

}  // namespace ferrule
