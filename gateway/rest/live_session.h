// A live stream (text/event-stream), from its header to the end of the connection.
#pragma once

#include <string>
#include <vector>

#include "rest/loop.h"

namespace ferrule {

// Subscribes to `tags` (none: all). ok: the connection has become a stream, `socket` and `held` are taken, and it keeps itself
// alive. An error: nothing was taken or sent. The caller has checked that there is room for one more stream. Loop thread.
Status start_live_session(StreamSocket& socket, Held& held, RestLoop& loop, const std::vector<std::string>& tags);

}  // namespace ferrule
