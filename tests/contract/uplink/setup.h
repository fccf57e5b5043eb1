// Settings and a context for uplinks under test.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/clock.h"
#include "core/names.h"
#include "north/uplink_runner.h"

namespace ferrule {

struct UplinkSetup {
  SystemClock clock;
  Names names;
  UplinkSettings settings;

  explicit UplinkSetup(uint16_t port, int version = 5, int qos = 1) {
    settings.name = "cloud";
    settings.mqtt.host = "127.0.0.1";
    settings.mqtt.port = port;
    settings.mqtt.version = version;
    settings.mqtt.version_fixed = true;
    settings.mqtt.qos = qos;
    settings.mqtt.retry_least = std::chrono::milliseconds(1);
    settings.mqtt.retry_most = std::chrono::milliseconds(50);
  }
  UplinkContext context() { return {clock, names, "plant7", 17, 17, nullptr}; }
  MonoTime in(std::chrono::seconds time) const { return clock.now() + time; }

  std::unique_ptr<Uplink> make(UplinkEvents& events) {
    auto made = make_mqtt_uplink(settings, context(), events);
    EXPECT_TRUE(made.ok()) << made.status().what();
    return std::move(made).value();
  }
};

}  // namespace ferrule
