#include "modbus/refusals.h"

#include <algorithm>

#include "modbus/exception.h"
#include "modbus/parts.h"
#include "modbus/refusals_text.h"

namespace ferrule::modbus {

namespace {

const ReadBody& body_of(const Request& request) { return static_cast<const ReadBody&>(*request.body); }

uint32_t end_of(const Question& question) { return uint32_t{question.address} + question.count; }

bool same_place(const Question& a, const Question& b) {
  return a.unit == b.unit && a.function == b.function && a.address == b.address && a.count == b.count;
}

bool is_silence(uint8_t code) { return code != kIllegalAddress && code != kIllegalValue; }

}  // namespace

bool Refused::covers(const Question& question) const {
  return unit == question.unit && area == area_of(question.function) && start <= question.address && end >= end_of(question);
}

bool Refused::touches(const Question& question) const {
  return unit == question.unit && area == area_of(question.function) && start < end_of(question) && end > question.address;
}

Refusals::Refusals(const Clock& clock, LearntStore* store) : clock_(clock), store_(store) {
  if (store_ == nullptr) return;
  LearntText learnt = parse_learnt(store_->load());
  refused_ = std::move(learnt.refused);
  walls_ = std::move(learnt.walls);
  refused_.resize(std::min(refused_.size(), kMost));
  walls_.resize(std::min(walls_.size(), kMost));
}

void Refusals::save() const {
  if (store_ == nullptr) return;
  LearntText learnt{refused_, {}};
  std::ranges::copy_if(walls_, std::back_inserter(learnt.walls), &Wall::kept);
  // What cannot be kept is learnt again after the next restart.
  (void)store_->store(to_text(learnt)).ok();
}

// --- for the plan

const Refused* Refusals::find(uint8_t unit, Area area, uint32_t start, uint32_t end) const {
  const auto at = std::ranges::find_if(
      refused_, [&](const Refused& one) { return one.unit == unit && one.area == area && one.start <= start && one.end >= end; });
  return at == refused_.end() ? nullptr : &*at;
}

const Refused* Refusals::known(const Question& question) const {
  return find(question.unit, area_of(question.function), question.address, end_of(question));
}

std::vector<uint32_t> Refusals::walls(uint8_t unit, Area area) const {
  std::vector<uint32_t> addresses;
  for (const Wall& wall : walls_) {
    if (wall.unit == unit && wall.area == area) addresses.push_back(wall.address);
  }
  for (const Refused& one : refused_) {  // what is refused alone is not bridged either
    if (one.unit == unit && one.area == area) addresses.push_back(one.start);
  }
  std::ranges::sort(addresses);
  return addresses;
}

bool Refusals::any_due(const Request& request) const {
  return std::ranges::any_of(body_of(request).refused, [this](const RefusedTag& one) { return is_due(one.retry_at); });
}

bool Refusals::set_aside(const Request& request) const {
  const ReadBody& body = body_of(request);
  if (!body.all_refused || !heard_shortly(body.question.unit)) return false;
  const Refused* refused = known(body.question);
  return refused != nullptr && is_silence(refused->code) && !is_due(refused->retry_at);
}

// --- what was heard

Refusals::Lesson Refusals::answered(const Request& request) {
  const ReadBody& body = body_of(request);
  heard(body.question.unit);
  Lesson lesson;
  if (body.models) return lesson;
  if (!suspects_.empty()) std::erase_if(suspects_, [&](const Suspect& one) { return same_place(one.question, body.question); });
  lesson.replan = any_due(request);
  if (forget(body.question)) {
    lesson.replan = true;
    if (body.all_refused) hasten(body.question.unit);
    save();
  }
  if (drop_walls(body.question.unit)) lesson.replan = true;
  if (body.trial != nullptr) close(*body.trial, true, lesson);
  return lesson;
}

Refusals::Lesson Refusals::refused(const Request& request, uint8_t code) {
  const ReadBody& body = body_of(request);
  if (body.models) return {};
  if (code == kDeviceFailure || speaks_for_silent_unit(code)) return missed(request, code);
  if (code != kIllegalAddress && code != kIllegalValue) return {};
  heard(body.question.unit);
  Lesson lesson;
  const auto root = body.trial != nullptr ? body.trial->root : std::make_shared<Trial::Root>();
  if (body.trial != nullptr) close(*body.trial, false, lesson);
  if (root->good == 0 && root->asked >= kMostInVain) return lesson;  // it refuses everything
  lesson.instead = part(request, root, false);
  if (!lesson.instead.empty()) return lesson;
  learn_refused(body.question, code, lesson);
  if (any_due(request)) lesson.replan = true;
  return lesson;
}

Refusals::Lesson Refusals::silent(const Request& request) {
  if (body_of(request).models) return {};
  return missed(request, 0);
}

Refusals::Lesson Refusals::part_missed(Trial& trial, const Question& question, uint8_t code) {
  Lesson lesson;
  trial.silent.push_back(question);
  trial.code = code;
  close(trial, false, lesson);
  lesson.unit_lives = trial.of_silence && (trial.open > 0 || trial.good > 0 || lesson.replan);
  return lesson;
}

Refusals::Lesson Refusals::missed(const Request& request, uint8_t code) {
  const ReadBody& body = body_of(request);
  if (body.trial != nullptr) return part_missed(*body.trial, body.question, code);
  const uint8_t unit = body.question.unit;
  Suspect& suspect = this->suspect(body.question);
  const bool beside = suspect.failed_at != MonoTime() && heard_[unit] > suspect.failed_at;
  if (beside) ++suspect.beside;
  suspect.failed_at = clock_.now();
  const bool proven = suspect.convicted || suspect.beside >= kBeside || known(body.question) != nullptr;
  Lesson lesson;
  if ((++suspect.failures < kSilences && !proven) || !heard_shortly(unit)) return lesson;
  lesson.instead = part(request, std::make_shared<Trial::Root>(), true);
  if (lesson.instead.empty() && proven) learn_refused(body.question, code, lesson);
  lesson.unit_lives = proven || !lesson.instead.empty();
  return lesson;
}

Requests Refusals::part(const Request& request, std::shared_ptr<Trial::Root> root, bool of_silence) const {
  const Question& question = body_of(request).question;
  auto trial = std::make_shared<Trial>();
  Parts parts = parts_of(request, trial);
  for (const uint32_t address : parts.boundaries)
    trial->walls.push_back({question.unit, area_of(question.function), address, {}});
  trial->root = std::move(root);
  trial->whole = question;
  trial->of_silence = of_silence;
  trial->open = parts.requests.size();
  return std::move(parts.requests);
}

void Refusals::close(Trial& trial, bool good, Lesson& lesson) {
  ++trial.root->asked;
  if (good) ++trial.root->good;
  if (good) ++trial.good;
  if (trial.open == 0 || --trial.open > 0) return;
  const bool all_good = trial.good == trial.walls.size() + 1;
  if (trial.of_silence) return close_silent(trial, all_good, lesson);
  if (all_good) learn(trial.walls, kRetry, true, lesson);  // else the refused part is taken further apart
}

void Refusals::close_silent(Trial& trial, bool all_good, Lesson& lesson) {
  Suspect& whole = suspect(trial.whole);
  if (trial.good == 0) {
    if (whole.beside >= kBeside || known(trial.whole) != nullptr) return learn_refused(trial.whole, trial.code, lesson);
    whole.failures = -kPatience;  // it may have been the unit as a whole
    return;
  }
  if (all_good) {
    if (++whole.proofs >= kProofs) return learn(trial.walls, kRetry, true, lesson);
    whole.failures = kSilences - 1;
    return;
  }
  learn(trial.walls, kFirstRetry, false, lesson);
  for (const Question& question : trial.silent) {
    suspect(question) = {.question = question, .failures = kSilences - 1, .convicted = true, .failed_at = {}};
  }
}

// --- what is learnt

void Refusals::learn(std::span<const Wall> walls, Duration time, bool kept, Lesson& lesson) {
  for (Wall wall : walls) {
    wall.retry_at = clock_.wall() + time;
    wall.kept = kept;
    const auto at = std::ranges::find_if(
        walls_, [&](const Wall& one) { return one.unit == wall.unit && one.area == wall.area && one.address == wall.address; });
    if (at != walls_.end()) {
      *at = wall;
    } else if (walls_.size() < kMost) {
      walls_.push_back(wall);
      lesson.replan = true;
    }
  }
  if (kept) save();
}

bool Refusals::drop_walls(uint8_t unit) {
  const auto dropped = std::erase_if(walls_, [&](const Wall& one) { return one.unit == unit && is_due(one.retry_at); });
  if (dropped > 0) save();
  return dropped > 0;
}

void Refusals::learn_refused(const Question& question, uint8_t code, Lesson& lesson) {
  const auto at = std::ranges::find_if(refused_, [&](const Refused& one) { return one.covers(question); });
  if (at != refused_.end()) {
    if (!is_due(at->retry_at)) return;
    at->code = code;
    at->retry_at = clock_.wall() + (is_silence(code) ? kFirstRetry : kRetry);
  } else if (refused_.size() < kMost) {
    const Duration time = is_silence(code) ? kSilentRetry : kFirstRetry;
    refused_.push_back(
        {question.unit, area_of(question.function), question.address, end_of(question), code, clock_.wall() + time});
  } else {
    return;
  }
  lesson.replan = true;
  save();
}

// A value that is refused may overlap others that are not.
bool Refusals::forget(const Question& question) {
  if (refused_.empty()) return false;
  const auto disproved = [&](const Refused& one) {
    const bool within = one.start >= question.address && one.end <= end_of(question);
    return one.touches(question) && (within || is_silence(one.code));
  };
  return std::erase_if(refused_, disproved) > 0;
}

// The unit refused everything in a group, and now it does not: whatever else it refused is due.
void Refusals::hasten(uint8_t unit) {
  for (Refused& one : refused_) {
    if (one.unit == unit) one.retry_at = clock_.wall();
  }
}

Refusals::Suspect& Refusals::suspect(const Question& question) {
  const auto at = std::ranges::find_if(suspects_, [&](const Suspect& one) { return same_place(one.question, question); });
  if (at != suspects_.end()) return *at;
  if (suspects_.size() >= kMost) suspects_.erase(suspects_.begin());
  return suspects_.emplace_back(Suspect{.question = question, .failed_at = {}});
}

void Refusals::heard(uint8_t unit) { heard_.set(unit, clock_.now()); }

bool Refusals::heard_shortly(uint8_t unit) const { return heard_[unit] != MonoTime() && clock_.now() - heard_[unit] <= kShortly; }

}  // namespace ferrule::modbus
