// One connection: request after request, until it asks for a live stream, breaks a rule, or is idle for too long.
#pragma once

#include "rest/loop.h"

namespace ferrule {

// Takes the connection over; `held` counts it. It keeps itself alive. Loop thread.
void start_session(StreamSocket socket, Door door, Held held, RestLoop& loop);

}  // namespace ferrule
