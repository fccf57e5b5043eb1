// A CoAP device that a test scripts: it answers with what `answer` says, and tells something unasked with send().
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/fakes/coap_message.h"
#include "tests/fakes/udp_socket.h"

namespace ferrule {

class CoapDevice {
 public:
  // Called on the device's thread for each request; an empty code says nothing. Acknowledgements and resets are kept, see below.
  using AnswerFunction = std::function<std::vector<CoapMessage>(const CoapMessage&)>;

  explicit CoapDevice(AnswerFunction answer) : answer_(std::move(answer)), thread_([this] { run(); }) {}
  ~CoapDevice() {
    stop_ = true;
    thread_.join();
  }
  uint16_t port() const { return socket_.port(); }

  // To the one that asked last.
  void send(const CoapMessage& message) { socket_.send(message.encode(), peer_); }
  std::vector<CoapMessage> requests() const {
    const std::lock_guard lock(lock_);
    return requests_;
  }
  // Acknowledgements and resets of what the device had sent.
  std::vector<CoapMessage> confirmations() const {
    const std::lock_guard lock(lock_);
    return confirmations_;
  }

  // The piggybacked answer to a request.
  static CoapMessage reply(const CoapMessage& request, uint8_t code, const std::string& payload) {
    CoapMessage reply;
    reply.type = request.type == CoapMessage::con ? CoapMessage::ack : CoapMessage::non;
    reply.code = code;
    reply.id = request.id;
    reply.token = request.token;
    reply.payload = payload;
    return reply;
  }

 private:
  void run() {
    while (!stop_) {
      const auto datagram = socket_.receive(10);
      if (!datagram || datagram->bytes.size() < 4) continue;
      peer_ = datagram->from;
      const CoapMessage message = CoapMessage::decode(datagram->bytes);
      const bool request = message.code > 0 && message.code < 32;
      {
        const std::lock_guard lock(lock_);
        (request ? requests_ : confirmations_).push_back(message);
      }
      if (!request) continue;
      for (const CoapMessage& one : answer_(message)) send(one);
    }
  }

  UdpSocket socket_;
  AnswerFunction answer_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint16_t> peer_ = 0;
  mutable std::mutex lock_;
  std::vector<CoapMessage> requests_, confirmations_;
  std::thread thread_;
};

}  // namespace ferrule
