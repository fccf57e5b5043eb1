// The messages that the transport has and nobody has acknowledged: token -> what it carries. Pure; one thread.
//
// Tokens rise and are never reused, so an answer for a session that is over finds nothing.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "core/names.h"
#include "north/batch.h"

namespace ferrule {

class InFlight {
 public:
  struct Message {
    BatchPtr batch;                    // null: a state message
    DeviceId device = DeviceId::none;  // of a state message; none: the gateway's own
    MonoTime sent;
    size_t bytes = 0;
  };

  uint64_t next_token() const { return next_token_; }

  // The message with next_token() has been handed over.
  void add(Message message, MonoTime now) {
    if (messages_.empty()) last_progress_ = now;
    count(message, 1);
    messages_.emplace(next_token_++, std::move(message));
  }

  // It was answered. Nothing when it is of an earlier session, or was answered before.
  std::optional<Message> remove(uint64_t token, MonoTime now) {
    const auto found = messages_.find(token);
    if (found == messages_.end()) return std::nullopt;
    Message message = std::move(found->second);
    messages_.erase(found);
    count(message, -1);
    last_progress_ = now;
    return message;
  }

  void clear() {
    messages_.clear();
    of_kind_ = {};
    of_backlog_ = states_ = 0;
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [token, message] : messages_) visit(message);
  }

  uint32_t size() const { return static_cast<uint32_t>(messages_.size()); }
  uint32_t of(Kind kind) const { return of_kind_[static_cast<size_t>(kind)]; }
  uint32_t backlog() const { return of_backlog_; }
  uint32_t states() const { return states_; }
  MonoTime last_progress() const { return last_progress_; }  // the last answer, or when the first of the present ones was sent

 private:
  void count(const Message& message, int by) {
    if (message.batch == nullptr) {
      states_ += by;
      return;
    }
    of_kind_[static_cast<size_t>(message.batch->kind)] += by;
    if (message.batch->lane == Lane::backlog) of_backlog_ += by;
  }

  uint64_t next_token_ = 1;
  std::unordered_map<uint64_t, Message> messages_;
  std::array<uint32_t, kKinds> of_kind_{};
  uint32_t of_backlog_ = 0;
  uint32_t states_ = 0;
  MonoTime last_progress_;
};

}  // namespace ferrule
