#include "coap/wire_message.h"

#include <array>
#include <cstring>

namespace ferrule::coap {

namespace {

std::string_view text_of(const uint8_t* bytes, size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

std::optional<Block> block_of(uint32_t value) {
  const auto exponent = static_cast<uint8_t>(value & 7);
  if (exponent > 6) return std::nullopt;
  return Block{value >> 4, (value & 8) != 0, exponent};
}

// Calls `take(number, value)` for each option.
template <class Take>
void each_option(const coap_pdu_t* pdu, Take take) {
  coap_opt_iterator_t each;
  coap_option_iterator_init(pdu, &each, COAP_OPT_ALL);
  while (const coap_opt_t* option = coap_option_next(&each)) {
    take(each.number, text_of(coap_opt_value(option), coap_opt_length(option)));
  }
}

uint32_t number_in(std::string_view value) {
  if (value.size() > 4) return 0;
  return coap_decode_var_bytes(reinterpret_cast<const uint8_t*>(value.data()), static_cast<unsigned>(value.size()));
}

std::string_view payload_of(const coap_pdu_t* pdu) {
  size_t size = 0;
  const uint8_t* payload = nullptr;
  if (coap_get_data(pdu, &size, &payload) == 0) return {};
  return text_of(payload, size);
}

}  // namespace

void OptionWriter::bytes(uint16_t number, std::string_view value) {
  sound_ = coap_add_option(pdu_, number, value.size(), reinterpret_cast<const uint8_t*>(value.data())) != 0 && sound_;
}

void OptionWriter::number(uint16_t option, uint32_t value) {
  std::array<uint8_t, 4> buffer{};
  const unsigned size = coap_encode_var_safe(buffer.data(), buffer.size(), value);
  bytes(option, text_of(buffer.data(), size));
}

void OptionWriter::block(uint16_t option, const std::optional<Block>& block) {
  if (block) number(option, block->number << 4 | (block->more ? 8u : 0u) | block->size_exponent);
}

bool fill(coap_pdu_t* pdu, const Outgoing& message, Token token) {
  if (coap_add_token(pdu, sizeof token, reinterpret_cast<const uint8_t*>(&token)) == 0) return false;
  OptionWriter options(pdu);
  if (message.observe) options.number(COAP_OPTION_OBSERVE, COAP_OBSERVE_ESTABLISH);
  for (const std::string& part : message.resource->path) options.bytes(COAP_OPTION_URI_PATH, part);
  if (message.content_format != ContentFormat::none) {
    options.number(COAP_OPTION_CONTENT_FORMAT, static_cast<uint32_t>(message.content_format));
  }
  for (const std::string& part : message.resource->query) options.bytes(COAP_OPTION_URI_QUERY, part);
  if (message.accept != ContentFormat::none) options.number(COAP_OPTION_ACCEPT, static_cast<uint32_t>(message.accept));
  options.block(COAP_OPTION_BLOCK2, message.block2);
  options.block(COAP_OPTION_BLOCK1, message.block1);
  if (!options.sound()) return false;
  return message.payload.empty() ||
         coap_add_data(pdu, message.payload.size(), reinterpret_cast<const uint8_t*>(message.payload.data())) != 0;
}

uint32_t size_on_wire(const coap_pdu_t* pdu) {
  constexpr size_t kHeader = 4;
  size_t bytes = kHeader + coap_pdu_get_token(pdu).length;
  each_option(pdu, [&](uint16_t, std::string_view value) { bytes += coap_opt_encode_size(0, value.size()); });
  if (const auto payload = payload_of(pdu); !payload.empty()) bytes += 1 + payload.size();
  return static_cast<uint32_t>(bytes);
}

Incoming message_of(const coap_pdu_t* pdu) {
  Incoming message;
  message.code = static_cast<uint8_t>(coap_pdu_get_code(pdu));
  message.acknowledges = coap_pdu_get_type(pdu) == COAP_MESSAGE_ACK;
  message.bytes = size_on_wire(pdu);
  each_option(pdu, [&](uint16_t option, std::string_view value) {
    switch (option) {
      case COAP_OPTION_CONTENT_FORMAT: message.content_format = static_cast<ContentFormat>(number_in(value)); break;
      case COAP_OPTION_OBSERVE: message.observe = number_in(value) & 0xffffff; break;
      case COAP_OPTION_MAXAGE: message.max_age_s = number_in(value); break;
      case COAP_OPTION_BLOCK1: message.block1 = block_of(number_in(value)); break;
      case COAP_OPTION_BLOCK2: message.block2 = block_of(number_in(value)); break;
      case COAP_OPTION_ETAG: message.etag = value; break;
      default: break;
    }
  });
  message.payload = payload_of(pdu);
  return message;
}

Token token_of(const coap_pdu_t* pdu) {
  Token token = 0;
  const coap_bin_const_t bytes = coap_pdu_get_token(pdu);
  if (bytes.length == sizeof token) std::memcpy(&token, bytes.s, sizeof token);
  return token;  // ours are never 0
}

Post post_of(const coap_pdu_t* pdu) {
  Post post;
  const coap_bin_const_t token = coap_pdu_get_token(pdu);
  post.token = text_of(token.s, token.length);
  post.message_id = static_cast<uint16_t>(coap_pdu_get_mid(pdu));
  post.confirmable = coap_pdu_get_type(pdu) == COAP_MESSAGE_CON;
  post.payload = payload_of(pdu);
  post.bytes = size_on_wire(pdu);
  each_option(pdu, [&](uint16_t option, std::string_view value) {
    switch (option) {
      case COAP_OPTION_URI_PATH: post.resource.path.emplace_back(value); break;
      case COAP_OPTION_URI_QUERY: post.resource.query.emplace_back(value); break;
      case COAP_OPTION_CONTENT_FORMAT: post.content_format = static_cast<ContentFormat>(number_in(value)); break;
      case COAP_OPTION_BLOCK1: post.block1 = block_of(number_in(value)); break;
      default: break;
    }
  });
  return post;
}

}  // namespace ferrule::coap
