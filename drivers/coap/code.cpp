#include "coap/code.h"

#include <array>
#include <string_view>
#include <utility>

namespace ferrule::coap {

namespace {
constexpr std::array<std::pair<uint16_t, std::string_view>, 19> kTexts{{
    {400, "the device does not understand the request"},
    {401, "not authorised: check the credentials of `dtls`"},
    {402, "the device does not know an option of the request"},
    {403, "forbidden"},
    {404, "there is no such resource: check `path`"},
    {405, "the resource does not take this method"},
    {406, "the device cannot answer in the wanted format: check `format`"},
    {408, "the device has lost a part of a block-wise transfer"},
    {409, "conflicts with the state of the resource"},
    {412, "precondition failed"},
    {413, "too large for the device"},
    {415, "the device does not take this format: check `format`"},
    {422, "the device does not take this value"},
    {429, "too many requests: read it less often"},
    {500, "the device has an error of its own"},
    {501, "not implemented"},
    {502, "the device's own source has failed"},
    {503, "the device cannot answer just now"},
    {504, "the device's own source does not answer"},
}};
}  // namespace

std::string code_text(uint8_t code) {
  const uint16_t number = decimal(code);
  std::string text = std::to_string(number / 100) + "." + (number % 100 < 10 ? "0" : "") + std::to_string(number % 100);
  for (const auto& [known, what] : kTexts) {
    if (known == number) return text + ": " + std::string(what);
  }
  return text;
}

}  // namespace ferrule::coap
