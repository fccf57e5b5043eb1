// What is wrong with the gateway right now, in words for its operator. Empty: healthy.
#pragma once

#include <string>
#include <vector>

namespace ferrule {

class Gateway;

std::vector<std::string> problems(const Gateway& gateway);

}  // namespace ferrule
