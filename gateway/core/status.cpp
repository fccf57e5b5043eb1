#include "core/status.h"

namespace ferrule {

std::string_view to_text(Fault fault) {
  switch (fault) {
    case Fault::none: return "none";
    case Fault::invalid: return "invalid";
    case Fault::not_found: return "not_found";
    case Fault::refused: return "refused";
    case Fault::timeout: return "timeout";
    case Fault::disconnected: return "disconnected";
    case Fault::bad_reply: return "bad_reply";
    case Fault::full: return "full";
    case Fault::io: return "io";
    case Fault::corrupt: return "corrupt";
    case Fault::cancelled: return "cancelled";
  }
  return "unknown";
}

}  // namespace ferrule
