// What every driver promises (sdk/driver.h), tested against a world that the driver's author supplies: a live device with a few
// readable tags, one of them writable, and a device that never answers.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "sdk/driver.h"

namespace ferrule {

class DriverWorld {
 public:
  virtual ~DriverWorld() = default;
  virtual const DriverType& type() const = 0;
  virtual const ChannelSettings& channel() const = 0;  // device 0 is live, device 1 never answers
  virtual const Names& names() const = 0;
  virtual TagId writable() const = 0;  // an integer of 16 bits or more, of device 0
  virtual void cut_link() = 0;         // the device's end of the link goes away
  // False where each device is spoken to by datagrams of its own: one that goes away is silent, and no link is lost.
  virtual bool has_link() const { return true; }
};

struct DriverCase {
  std::string name;
  std::function<std::unique_ptr<DriverWorld>()> world;
};

class DriverContract : public testing::TestWithParam<DriverCase> {};

}  // namespace ferrule
