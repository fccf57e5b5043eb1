// Takes what a Listener says, and settles tokens when a test wants it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sdk/listener.h"

namespace ferrule {

struct PushedOutput final : ListenerOutput {
  OfferResult offer(DeviceId device, Samples&& samples, uint64_t token) override {
    if (full) return OfferResult::full;
    for (const Sample& sample : samples) {
      values.push_back(sample.quality == Quality::bad ? "!" : to_text(sample.value));
      devices.push_back(device);
    }
    if (token != 0) tokens.push_back(token);
    return OfferResult::taken;
  }
  void device_online(DeviceId device) override { states.push_back("+" + std::to_string(index_of(device))); }
  void device_offline(DeviceId device, Reason /*reason*/, std::string_view /*why*/) override {
    states.push_back("-" + std::to_string(index_of(device)));
  }
  void count(std::string_view what, uint64_t times) override { counts[std::string(what)] += times; }
  void traffic(uint64_t messages, uint64_t in, uint64_t out) override {
    frames += messages;
    bytes_in += in;
    bytes_out += out;
  }
  void say(bool /*problem*/, std::string text) override { said.push_back(std::move(text)); }

  bool full = false;
  std::vector<std::string> values, states, said;
  std::vector<DeviceId> devices;
  std::vector<uint64_t> tokens;
  std::map<std::string, uint64_t> counts;
  uint64_t frames = 0, bytes_in = 0, bytes_out = 0;
};

}  // namespace ferrule
