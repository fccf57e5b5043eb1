#include "north/state_text.h"

#include "core/json_text.h"

namespace ferrule {

namespace {

std::string gateway_state(std::string_view gateway, std::string_view state, uint64_t boot) {
  std::string out;
  json::Object object(out);
  object.text("gateway", gateway);
  object.text("state", state);
  object.number("boot", boot);
  return out;
}

std::string with_time(std::string text, WallTime now) {
  text += R"(,"timestamp":)";
  json::append_number(text, unix_ms(now));
  return text;
}

}  // namespace

std::string online_text(std::string_view gateway, uint64_t boot, WallTime now) {
  return with_time(gateway_state(gateway, "online", boot), now) + "}";
}

std::string stopped_text(std::string_view gateway, uint64_t boot, WallTime now) {
  return with_time(gateway_state(gateway, "offline", boot), now) + R"(,"reason":"stopped"})";
}

std::string lost_text(std::string_view gateway, uint64_t boot) {
  return gateway_state(gateway, "offline", boot) + R"(,"reason":"lost"})";
}

std::string device_state_text(std::string_view gateway, std::string_view device, const DeviceState& state, WallTime since) {
  std::string out;
  json::Object object(out);
  object.text("gateway", gateway);
  object.text("device", device);
  object.text("state", state.online ? "online" : "offline");
  object.number("timestamp", unix_ms(since));
  if (state.reason != Reason::none) object.text("reason", to_text(state.reason));
  if (!state.text.empty()) object.text("text", state.text);
  object.close();
  return out;
}

}  // namespace ferrule
