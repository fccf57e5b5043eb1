#include "modbus/exception.h"

namespace ferrule::modbus {

namespace {

const char* meaning(uint8_t code) {
  switch (code) {
    case 1: return "illegal function: the device does not know this kind of read or write";
    case 2: return "illegal data address: the device has nothing there; check the address, and whether the manual counts from 1";
    case 3: return "illegal data value: too many registers at once, or a value that the device does not take";
    case 4: return "device failure: look at the device itself";
    case kAcknowledge: return "acknowledge: accepted, but it takes long";
    case 6: return "device busy: poll it less often";
    case 7: return "negative acknowledge";
    case 8: return "memory parity error: look at the device itself";
    case kGatewayPath: return "gateway path unavailable: the gateway has no line for this unit id";
    case kGatewayNoAnswer:
      return "gateway target did not respond: the device behind the gateway is off, or its unit id is another";
    default: return "not in the standard; see the device's manual";
  }
}

}  // namespace

std::string exception_text(uint8_t code) { return "exception " + std::to_string(code) + ", " + meaning(code); }

}  // namespace ferrule::modbus
