// From the fields of a channel and a device to what a session or our own server needs. Pure.
#pragma once

#include "coap/server_end.h"
#include "coap/session.h"
#include "sdk/settings.h"

namespace ferrule::coap {

SessionSettings session_settings(const Fields& channel, const Fields& device);
// Without the resources.
ServerSettings server_settings(const ChannelSettings& channel);

}  // namespace ferrule::coap
