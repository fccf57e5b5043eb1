#include "north/topics.h"

namespace ferrule {

namespace {

constexpr std::string_view kDefaultTopic = "ferrule/v1/{gateway}/data/{device}";
constexpr std::string_view kDefaultHistory = "ferrule/v1/{gateway}/history/{device}";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

std::string with_gateway(std::string topic, std::string_view gateway) {
  replace_all(topic, "{gateway}", gateway);
  return topic;
}

std::string history_of(const UplinkSettings& settings) {
  if (!settings.history_topic.empty()) return settings.history_topic;
  return settings.topic == kDefaultTopic ? std::string(kDefaultHistory) : settings.topic + "/history";
}

}  // namespace

Topics::Topics(const UplinkSettings& settings, std::string_view gateway, const Names& names)
    : names_(names),
      data_(with_gateway(settings.topic, gateway)),
      history_(with_gateway(history_of(settings), gateway)),
      event_(with_gateway(settings.event_topic, gateway)),
      state_(with_gateway(settings.state_topic, gateway)),
      device_state_(state_ + "/{device}") {}

const std::string& Topics::filled(const std::string& topic, DeviceId device) {
  filled_ = topic;
  if (device == DeviceId::none) {
    replace_all(filled_, "/{device}", "");
    replace_all(filled_, "{device}/", "");
    replace_all(filled_, kDevice, "");
  } else {
    replace_all(filled_, kDevice, names_.name(device));
  }
  return filled_;
}

}  // namespace ferrule
