// The small formats inside a text: addresses of brokers, topics, deadbands. Each parser is also its field's check.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ferrule::config {

struct HostPort {
  std::string host;
  uint16_t port = 0;
};
// 127.0.0.1:8080, [::1]:8080, name:0
Result<HostPort> parse_host_port(std::string_view text);

struct BrokerUrl {
  HostPort at;
  bool tls = false;
};
// mqtt://host, mqtts://host:8883; the ports are 1883 and 8883 unless written.
Result<BrokerUrl> parse_broker_url(std::string_view text);

struct Deadband {
  double absolute = 0, percent = 0;
};
// 0.2 or 1%
Result<Deadband> parse_deadband(std::string_view text);

struct Assignment {
  std::string device, tag;
  std::string_view value;
  size_t value_at = 0;  // of the value in the text
};
// plant.power_avg = avg(meter_1.power, 15min)
Result<Assignment> parse_assignment(std::string_view text);

Status check_listen(std::string_view text);  // an address of this machine and a port: no name
Status check_broker_url(std::string_view text);
Status check_deadband(std::string_view text);
Status check_assignment(std::string_view text);
Status check_topic(std::string_view text);         // no wildcards; only {gateway} and {device} are filled in
Status check_state_topic(std::string_view text);   // as a topic, but of the whole gateway: no {device}
Status check_gateway_id(std::string_view text);    // letters, digits, '.', '_', '-'; at most 64
Status check_profile_name(std::string_view text);  // eastron/sdm630
Status check_secret_name(std::string_view text);   // letters, digits, '.', '_', '-'; a letter or digit first
Status check_integer(std::string_view text);       // of a list

}  // namespace ferrule::config
