// A plant for the simulator from a gateway's own configuration: one endpoint a Modbus channel, the devices with the registers
// that their tags name. Pure.
#pragma once

#include <string>
#include <vector>

#include "sdk/settings.h"

namespace ferrule {

struct DeskPlant {
  Fields fields;                                 // of kPlantFields
  std::vector<const ChannelSettings*> channels;  // the endpoints, in the order of the plant
  std::vector<std::string> left_out;             // channels that are no Modbus
};

// `folder` gets the links to the pseudo terminals of serial channels. The settings are checked, and outlive what is returned.
DeskPlant desk_plant(const GatewaySettings& settings, const std::string& folder);

// Of a serial channel in `folder`.
std::string desk_line(const std::string& folder, const ChannelSettings& channel);

}  // namespace ferrule
