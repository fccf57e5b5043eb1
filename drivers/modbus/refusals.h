// What units refuse to read, found out by asking in parts.
//
// Exception 2 or 3 to a request of several values: it is parted, first at the gaps that were bridged, then in halves, at once and
// never within a value, until the value that is refused stands alone. That one is remembered and not asked for again until
// kFirstRetry, then kRetry later. Where every part is good, the place where they meet is to blame (a gap that does not exist, two
// memories of the device, a request too long for it): it becomes a wall, which no request crosses until kRetry has passed.
//
// Silence, exception 4, or a gateway's word that the unit is silent may be the whole unit's, and may be over the next moment. So
// a request is parted only when it failed kSilences times in a row and the unit had answered anything shortly before. One level
// of parts a poll.
//   - Some parts answer: they are asked apart from the others for kFirstRetry, and the silent ones are taken further apart.
//   - All of them answer: the silence is over. Only if that happens kProofs times, the whole being silent before each, is it a
//   wall.
//   - None answers, or it cannot be parted: when the unit has answered something else kBeside times, each time between two
//     failures of this request, the request is set aside until kSilentRetry, then kFirstRetry later.
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

// A value that its unit refuses, or values that it is silent about.
struct Refused {
  uint8_t unit = 1;
  Area area = Area::holding;
  uint32_t start = 0;
  uint32_t end = 0;
  uint8_t code = 0;   // the exception; 0: silence
  WallTime retry_at;  // when it is asked for again
  bool covers(const Question& question) const;
  bool touches(const Question& question) const;
};

struct Wall {
  uint8_t unit = 1;
  Area area = Area::holding;
  uint32_t address = 0;
  WallTime retry_at;  // when it is no more
  bool kept = true;   // over a restart
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
  uint8_t code = 0;              // of the last part that was
  size_t open = 0;               // parts not heard of yet
  size_t good = 0;               // parts that were answered
  std::vector<Question> silent;  // the parts that were not, with of_silence
};

class Refusals {
 public:
  static constexpr Duration kFirstRetry = std::chrono::minutes(10);
  static constexpr Duration kRetry = std::chrono::hours(24);
  static constexpr Duration kSilentRetry = std::chrono::minutes(1);
  static constexpr int kSilences = 2;
  static constexpr int kBeside = 3;
  static constexpr int kProofs = 3;
  static constexpr int kPatience = 20;  // failures more before a trial that proved nothing is repeated
  static constexpr Duration kShortly = std::chrono::seconds(60);
  static constexpr size_t kMost = 4096;      // of refused values, and of walls; further ones are not remembered
  static constexpr size_t kMostInVain = 24;  // parts asked without one good answer

  // `store` may be null. Both outlive this.
  Refusals(const Clock& clock, LearntStore* store);

  // --- for the plan

  // What covers these registers.
  const Refused* find(uint8_t unit, Area area, uint32_t start, uint32_t end) const;
  // The wall clock, because it is remembered over restarts; after a step of that clock, at once.
  bool is_due(WallTime retry_at) const {
    const Duration left = retry_at - clock_.wall();
    return left <= Duration{0} || left > kRetry;
  }
  std::vector<uint32_t> walls(uint8_t unit, Area area) const;

  // --- before a read

  // The unit is silent about this and answers others: it is not to be asked yet, although nothing else of its group is.
  bool set_aside(const Request& request) const;

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
    int beside = 0;          // failures with an answer of the unit to something else since the one before
    int proofs = 0;          // times that its parts were all answered when it was not
    MonoTime failed_at;
  };

  Lesson missed(const Request& request, uint8_t code);
  Lesson part_missed(Trial& trial, const Question& question, uint8_t code);
  Requests part(const Request& request, std::shared_ptr<Trial::Root> root, bool of_silence) const;
  // A part has been asked; the last one of a trial has a lesson.
  void close(Trial& trial, bool good, Lesson& lesson);
  void close_silent(Trial& trial, bool all_good, Lesson& lesson);
  void learn(std::span<const Wall> walls, Duration time, bool kept, Lesson& lesson);
  void learn_refused(const Question& question, uint8_t code, Lesson& lesson);
  bool forget(const Question& question);
  void hasten(uint8_t unit);
  bool drop_walls(uint8_t unit);
  bool any_due(const Request& request) const;
  const Refused* known(const Question& question) const;
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
