#include "north/mqtt_reason.h"

#include <array>

namespace ferrule {

namespace {

struct Known {
  int code;
  const char* text;
  bool refused;  // of a connection: asking again soon is pointless
};

constexpr std::array kKnown = {
    Known{0x01, "the broker does not speak this version of MQTT", false},
    Known{0x02, "the broker does not take this client id", true},
    Known{0x03, "the broker is unavailable", false},
    Known{0x04, "wrong user name or password", true},
    Known{0x05, "not authorised", true},
    Known{0x10, "no matching subscribers", false},
    Known{0x80, "unspecified error", false},
    Known{0x81, "malformed packet", false},
    Known{0x82, "protocol error", false},
    Known{0x83, "implementation specific error", false},
    Known{0x84, "the broker does not speak this version of MQTT", false},
    Known{0x85, "the broker does not take this client id", true},
    Known{0x86, "wrong user name or password", true},
    Known{0x87, "not authorised", true},
    Known{0x88, "the broker is unavailable", false},
    Known{0x89, "the broker is busy", false},
    Known{0x8a, "banned", true},
    Known{0x8b, "the broker is shutting down", false},
    Known{0x8c, "bad authentication method", true},
    Known{0x8d, "keep alive timeout", false},
    Known{0x8e, "another client took over this client id", true},
    Known{0x90, "topic name invalid", false},
    Known{0x93, "receive maximum exceeded", false},
    Known{0x95, "packet too large", false},
    Known{0x96, "message rate too high", false},
    Known{0x97, "quota exceeded", true},
    Known{0x98, "closed by an administrator", false},
    Known{0x99, "payload format invalid", false},
    Known{0x9a, "retain not supported", true},
    Known{0x9b, "QoS not supported", true},
    Known{0x9c, "use another server", true},
    Known{0x9d, "the server moved", true},
    Known{0x9f, "connection rate exceeded", true},
};

const Known* find(int code) {
  for (const Known& known : kKnown) {
    if (known.code == code) return &known;
  }
  return nullptr;
}

}  // namespace

Settlement settlement_of(int reason) {
  switch (reason) {
    case 0x10: return Settlement::unheard;
    case 0x87:
    case 0x97: return Settlement::refused;
    case 0x90:
    case 0x95:
    case 0x99: return Settlement::rejected;
    default: return reason >= 0x80 ? Settlement::not_now : Settlement::delivered;
  }
}

Status refusal_of(int code) {
  const Known* known = find(code);
  const bool refused = known != nullptr && known->refused;
  return {refused ? Fault::refused : Fault::disconnected, static_cast<uint16_t>(code), reason_text(code)};
}

bool wrong_version(int connack_code) { return connack_code == 0x01 || connack_code == 0x84; }

std::string reason_text(int reason) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "0x";
  text += kHex[(reason >> 4) & 15];
  text += kHex[reason & 15];
  const Known* known = find(reason);
  return text + " " + (known == nullptr ? "unknown reason" : known->text);
}

}  // namespace ferrule
