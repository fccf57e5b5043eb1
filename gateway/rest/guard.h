// Who may ask what. Pure: no socket, no clock.
//
// Over the Unix socket the permissions of the file are the guard and everything passes. Over TCP:
//   - the Host must be an address, localhost, this machine's name or the configured host; another name is a browser that was led
//     here by DNS rebinding (421)
//   - a page of another origin is refused (403): it has no business here, whatever it asks
//   - what changes something needs `Authorization: Bearer <token>` (401)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rest/http.h"

namespace ferrule {

class Guard {
 public:
  // `machine` is the host name of this machine; an empty token refuses every guarded call over TCP.
  Guard(std::string configured_host, std::string machine, std::string token)
      : configured_host_(std::move(configured_host)), machine_(std::move(machine)), token_(std::move(token)) {}

  std::optional<HttpReply> refuse_stranger(const HttpRequest& request) const;
  std::optional<HttpReply> refuse_without_token(const HttpRequest& request) const;

 private:
  bool ours(std::string_view host) const;
  bool token_fits(std::string_view authorization) const;

  std::string configured_host_, machine_, token_;
};

// Takes as long for every `given` of the same length.
bool equal_in_constant_time(std::string_view secret, std::string_view given);

}  // namespace ferrule
