// Decides which samples are news.
#pragma once

#include "bus/treatment.h"

namespace ferrule {

// What the uplinks were last told of a tag.
struct Told {
  Value value;
  MonoTime read_at;
  Quality quality = Quality::bad;
  Reason reason = Reason::none;
  bool ever = false;
};

// Whether `sample` (treated) goes north after `told`, as bus.h promises.
bool is_news(const Treatment& treatment, const Told& told, const Sample& sample);

}  // namespace ferrule
