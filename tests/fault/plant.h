// What a plant sends: a thousand slow waves with the noise of transmitters, once a second, as one record.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/names.h"
#include "core/record.h"

namespace ferrule {

class Plant {
 public:
  enum class Shape : uint8_t { float32, float64, tenths };  // tenths: what `scale: 0.1` makes

  Plant(Names& names, size_t tags, Shape shape) : shape_(shape), device_(names.device("plant")) {
    for (size_t i = 0; i < tags; ++i) {
      tags_.push_back(names.tag(device_, std::to_string(i)));
      phases_.push_back(static_cast<double>(random_() % 10000) / 100);
      sines_.push_back(std::sin(phases_.back()));
      cosines_.push_back(std::cos(phases_.back()));
    }
    for (double& each : noise_) each = normal_(random_);
  }

  RecordPtr poll(const Clock& clock) {
    auto record = std::make_shared<Record>();
    record->device = device_;
    record->read_at = clock.now();
    record->timestamp = clock.wall();
    const double t = static_cast<double>(clock.now().time_since_epoch().count()) / 1e9;
    const double sine = std::sin(t / 600), cosine = std::cos(t / 600);
    Samples samples(tags_.size());
    size_t noise = random_();
    for (size_t i = 0; i < tags_.size(); ++i) {
      // sin(t / 600 + phase), from the two above: this runs 259 million times
      const double wave = sine * cosines_[i] + cosine * sines_[i];
      const double value = 20 + phases_[i] + 5 * wave + 0.002 * noise_[noise++ % std::size(noise_)];
      samples[i].tag = tags_[i];
      samples[i].read_at = clock.now() + std::chrono::nanoseconds(i * 60);
      samples[i].value = shape_ == Shape::float32   ? Value(static_cast<float>(value))
                         : shape_ == Shape::float64 ? Value(value)
                                                    : Value(std::nearbyint(value * 10) * 0.1);
    }
    record->body = std::move(samples);
    return record;
  }

 private:
  const Shape shape_;
  const DeviceId device_;
  std::vector<TagId> tags_;
  std::vector<double> phases_, sines_, cosines_;
  std::mt19937 random_{7};
  std::normal_distribution<double> normal_{};
  double noise_[65'536];
};

}  // namespace ferrule
