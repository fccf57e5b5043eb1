// Messages between our terms and libcoap's. To be included by .cpp files that know libcoap only.
#pragma once

#include <coap3/coap.h>

#include "coap/message.h"

namespace ferrule::coap {

// Adds options, which must come in the order of their numbers.
class OptionWriter {
 public:
  explicit OptionWriter(coap_pdu_t* pdu) : pdu_(pdu) {}
  void bytes(uint16_t number, std::string_view value);
  void number(uint16_t option, uint32_t value);
  void block(uint16_t option, const std::optional<Block>& block);
  bool sound() const { return sound_; }

 private:
  coap_pdu_t* pdu_;
  bool sound_ = true;
};

// False: it does not fit.
bool fill(coap_pdu_t* pdu, const Outgoing& message, Token token);
Incoming message_of(const coap_pdu_t* pdu);
// 0: none of ours.
Token token_of(const coap_pdu_t* pdu);
// What another asks of us: path and query, payload, block. The payload stays with the message.
Post post_of(const coap_pdu_t* pdu);
// Header, token, options with their heads, payload with its marker.
uint32_t size_on_wire(const coap_pdu_t* pdu);

}  // namespace ferrule::coap
