// A subscriber on a real broker that keeps what it hears.
#pragma once

#include <mqtt/async_client.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace ferrule {

class Listener {
 public:
  struct Message {
    std::string topic, payload;
    bool retained = false;
  };

  explicit Listener(uint16_t port, const std::string& filter = "#")
      : client_("tcp://127.0.0.1:" + std::to_string(port), "listener-" + std::to_string(++counter()), nullptr) {
    client_.start_consuming();
    client_.connect(mqtt::connect_options_builder().clean_session(true).finalize())->wait();
    client_.subscribe(filter, 2)->wait();
  }
  ~Listener() {
    try {
      client_.stop_consuming();
      if (client_.is_connected()) client_.disconnect(0)->wait_for(std::chrono::seconds(5));
    } catch (const std::exception&) {
      // The broker was killed: there is nothing to leave.
    }
  }

  // Reads until `enough` holds of all that was heard; false after 30 s or when the broker went away.
  bool hear(const std::function<bool(const std::vector<Message>&)>& enough) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!enough(heard_)) {
      mqtt::const_message_ptr message;
      if (!client_.try_consume_message_until(&message, until) || message == nullptr) return false;
      heard_.push_back({message->get_topic(), message->to_string(), message->is_retained()});
    }
    return true;
  }
  bool hear(const std::string& topic, const std::string& part) {
    return hear([&](const std::vector<Message>& heard) {
      for (const Message& message : heard) {
        if (message.topic == topic && message.payload.find(part) != std::string::npos) return true;
      }
      return false;
    });
  }
  const std::vector<Message>& heard() const { return heard_; }

 private:
  static int& counter() {
    static int count = 0;
    return count;
  }
  mqtt::async_client client_;
  std::vector<Message> heard_;
};

}  // namespace ferrule
