// The known word that a mistyped one most likely meant, for messages that name the remedy.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ferrule {

// Empty when nothing is near: more than a third of the letters would have to change. Words over 64 letters match nothing.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// ", did you mean 'x'?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace ferrule
