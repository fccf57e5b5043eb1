// `ferrule status`, `get`, `set` and `watch`: what asks the running gateway over its Unix socket and prints the answer for
// people, or with `json` as the gateway sent it. Blocking, on the caller's thread.
//
// Each returns the exit code: 0 done; 1 refused, not found or wrong; 2 no gateway answers. Why is printed on `err`.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace ferrule {

struct ClientCall {
  std::string socket;  // of the gateway: /run/ferrule/ferrule.sock
  bool json = false;
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

// How the gateway is, and what is in trouble. An unhealthy gateway that answers is still 0.
int show_status(const ClientCall& call);

// The latest values of these devices ("boiler") and tags ("boiler.temperature"); of all when there are none.
int get_values(const ClientCall& call, const std::vector<std::string>& names);

// Writes a value and waits for the outcome. `value` is a number, true, false or a text; in quotes it is a text whatever it looks
// like. `expires_in` as people write durations; empty: the gateway's default.
int set_value(const ClientCall& call, const std::string& tag, const std::string& value, const std::string& expires_in);

// What the outbox holds, for each uplink.
int show_outbox(const ClientCall& call);

// Every record that this uplink has not acknowledged, or every dead letter (`uplink` may then be empty), a line of JSON each.
int export_outbox(const ClientCall& call, const std::string& uplink, bool dead_letters);

// Gives them up.
int purge_outbox(const ClientCall& call, const std::string& uplink, bool dead_letters);

// A line for each change of these tags, of all when there are none, until the gateway ends or the process is interrupted. With
// `json` a line per reading, changed or not.
int watch_values(const ClientCall& call, const std::vector<std::string>& tags);

}  // namespace ferrule
