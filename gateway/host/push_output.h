// Where a listening channel's results go: as a polled one's, and with a receipt where a device waits for one.
#pragma once

#include "host/channel_output.h"
#include "host/receipt.h"

namespace ferrule {

class PushOutput : public ChannelOutput {
 public:
  // False: the bus is full; both are left untouched. The receipt may be an empty one.
  virtual bool push(Poll&& poll, Receipt&& receipt) = 0;
};

}  // namespace ferrule
