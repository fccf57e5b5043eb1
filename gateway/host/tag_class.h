// What kind of value a tag gives, as far as its configuration can tell.
#pragma once

#include "rules/rules.h"
#include "sdk/settings.h"

namespace ferrule {

ValueClass class_of(const TagSettings& tag);

}  // namespace ferrule
