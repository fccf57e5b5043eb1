// Who we are and whom we believe, when messages go by DTLS.
#pragma once

#include <string>

namespace ferrule::coap {

struct Security {
  std::string identity, key;  // pre-shared; key empty: certificates
  std::string ca_file, certificate_file, key_file, server_name;
};

}  // namespace ferrule::coap
