#include "host/command_memory.h"

#include <utility>

namespace ferrule {

void CommandMemory::Commands::forget(MonoTime now) {
  while (!ended.empty() && (by_id.size() >= kMost || ended.front().at + kRemembered <= now)) {
    by_id.erase(ended.front().id);
    ended.pop_front();
  }
}

Result<bool> CommandMemory::begin(const WriteRequest& request, Done done, MonoTime now) {
  const std::string what = request.tag + " = " + to_text(request.value);
  std::optional<WriteReply> reply;
  const Result<bool> first = commands_.with([&](Commands& commands) -> Result<bool> {
    commands.forget(now);
    const auto known = commands.by_id.find(request.id);
    if (known == commands.by_id.end()) {
      if (commands.by_id.size() >= kMost) return Status(Fault::full, "too many commands are under way");
      commands.by_id.emplace(request.id, Entry{what, {}, {}});
      return true;
    }
    Entry& entry = known->second;
    if (entry.what != what) {
      return Status(Fault::invalid,
                    "id '" + request.id + "' was used for " + entry.what + " already: give each command an id of its own");
    }
    if (entry.reply) {
      reply = entry.reply;
    } else if (entry.waiting.size() >= kMostWaiting) {
      return Status(Fault::full, "command '" + request.id + "' was repeated too often: wait for its outcome");
    } else {
      entry.waiting.push_back(std::move(done));
    }
    return false;
  });
  if (reply) done(std::move(*reply));
  return first;
}

void CommandMemory::end(const WriteReply& reply, MonoTime now) {
  WriteReply repeated = reply;
  repeated.repeated = true;
  const std::vector<Done> waiting = commands_.with([&](Commands& commands) -> std::vector<Done> {
    const auto entry = commands.by_id.find(reply.id);
    if (entry == commands.by_id.end()) return {};
    entry->second.reply = repeated;
    commands.ended.push_back({reply.id, now});
    return std::exchange(entry->second.waiting, {});
  });
  for (const Done& done : waiting) done(repeated);
}

}  // namespace ferrule
