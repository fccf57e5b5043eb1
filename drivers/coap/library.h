// What the client's and the server's end have in common towards libcoap. To be included by their .cpp only.
#pragma once

#include <coap3/coap.h>

#include "coap/security.h"
#include "core/clock.h"
#include "link/name_lookup.h"

namespace ferrule::coap {

// Once a process; harmless afterwards. libcoap writes no log of its own.
void start_library();

coap_address_t library_address(const SocketAddress& address);
coap_fixed_point_t fixed_point(Duration duration);

// Certificates as `security` says: the peer's must be signed by its authorities. Points into `security`.
coap_dtls_pki_t certificates(const Security& security);

}  // namespace ferrule::coap
