// What units refuse to read, found out by asking in parts.
//
// Exception 2 or 3 to a request of several values: it is parted, first at the gaps that were bridged, then in halves, at once and
// never within a value, until the value that is refused stands alone. That one is remembered and not asked for again until
// kFirstRetry, then kRetry later. Where every part is good, the place where they meet is to blame (a gap that does not exist, two
// memories of the device, a request too long for it): it becomes a wall that no request crosses any more.
//
// Silence, or exception 4, may be the whole unit's. So a request is parted only when it failed kSilences times in a row and the
// unit had answered anything shortly before; and a lesson is drawn only when one part answers and another does not. One level of
// parts a poll.
//
// Learnt things survive a restart through the LearntStore. One thread.
#pragma once

#include <memory>
#include <vector>

#include "core/clock.h"
#include "modbus/address.h"
#include "modbus/by_unit.h"
#include "modbus/read_plan.h"
#include "sdk/driver.h"

namespace ferrule::modbus {

// A value that its unit refuses.
struct Refused {
  uint8_t unit = 1;
  Area area = Area::holding;
  uint32_t start = 0;
  uint32_t end = 0;
  uint8_t code = 0;   // the exception; 0: silence
  WallTime retry_at;  // when it is asked for again
};

struct Wall {
  uint8_t unit = 1;
  Area area = Area::holding;
  uint32_t address = 0;
  bool operator==(const Wall&) const = default;
};

// Parts that are asked in the place of one request.
struct Trial {
  // Of the whole tree of parts: a unit that refuses everything is not taken apart to the last register.
  struct Root {
    size_t asked = 0;
    size_t good = 0;
  };
  std::shared_ptr<Root> root;
  Question whole;
  std::vector<Wall> walls;       // where the parts meet
  bool of_silence = false;       // the whole was silent (or said 4), rather than refused
  size_t open = 0;               // parts not heard of yet
  size_t good = 0;               // parts that were answered
  std::vector<Question> silent;  // the parts that were not, with of_silence
};

class Refusals {
 public:
  static constexpr Duration kFirstRetry = std::chrono::minutes(10);
  static constexpr Duration kRetry = std::chrono::hours(24);
  static constexpr int kSilences = 2;
  static constexpr int kPatience = 20;  // failures more before a trial that proved nothing is repeated
  static constexpr Duration kShortly = std::chrono::seconds(60);
  static constexpr size_t kMost = 4096;      // of refused values, and of walls; further ones are not remembered
  static constexpr size_t kMostInVain = 24;  // parts asked without one good answer

  // `store` may be null. Both outlive this.
  Refusals(const Clock& clock, LearntStore* store);

  // --- for the plan

  const Refused* find(uint8_t unit, Area area, uint32_t start, uint32_t end) const;
  // The wall clock, because it is remembered over restarts; after a step of that clock, at once.
  bool is_due(const Refused& refused) const {
    const Duration left = refused.retry_at - clock_.wall();
    return left <= Duration{0} || left > kRetry;
  }
  std::vector<uint32_t> walls(uint8_t unit, Area area) const;

  // --- after each exchange of a read

  struct Lesson {
    Requests instead;         // ask these in its place
    bool replan = false;      // something was learnt
    bool unit_lives = false;  // after a silence: other parts are yet to be asked or have answered, so it is not the unit's
  };
  Lesson answered(const Request& request);
  Lesson refused(const Request& request, uint8_t code);
  Lesson silent(const Request& request);

 private:
  struct Suspect {  // a request that failed of late
    Question question;
    int failures = 0;
    bool convicted = false;  // its neighbours answered when it did not
  };

  Lesson missed(const Request& request, uint8_t code);
  Requests part(const Request& request, std::shared_ptr<Trial::Root> root, bool of_silence) const;
  // A part has been asked; the last one of a trial has a lesson.
  void close(Trial& trial, bool good, Lesson& lesson);
  void learn(std::span<const Wall> walls, Lesson& lesson);
  void learn_refused(const Request& request, uint8_t code, Lesson& lesson);
  bool forget(const Request& request);
  bool any_due(const Request& request) const;
  Suspect& suspect(const Question& question);
  void heard(uint8_t unit);
  bool heard_shortly(uint8_t unit) const;
  void save() const;

  const Clock& clock_;
  LearntStore* const store_;
  std::vector<Refused> refused_;
  std::vector<Wall> walls_;
  std::vector<Suspect> suspects_;
  ByUnit<MonoTime> heard_;  // its last answer
};

}  // namespace ferrule::modbus
