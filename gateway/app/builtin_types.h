// The drivers and payload formats that this program was built with.
#pragma once

#include "sdk/catalogue.h"

namespace ferrule {

const Catalogue& builtin_types();

}  // namespace ferrule
