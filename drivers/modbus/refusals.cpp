#include "modbus/refusals.h"

#include <algorithm>

#include "modbus/exception.h"
#include "modbus/parts.h"
#include "modbus/refusals_text.h"

namespace ferrule::modbus {

namespace {

const ReadBody& body_of(const Request& request) { return static_cast<const ReadBody&>(*request.body); }

bool same_place(const Question& a, const Question& b) {
  return a.unit == b.unit && a.function == b.function && a.address == b.address && a.count == b.count;
}

}  // namespace

Refusals::Refusals(const Clock& clock, LearntStore* store) : clock_(clock), store_(store) {
  if (store_ == nullptr) return;
  LearntText learnt = parse_learnt(store_->load());
  refused_ = std::move(learnt.refused);
  walls_ = std::move(learnt.walls);
  refused_.resize(std::min(refused_.size(), kMost));
  walls_.resize(std::min(walls_.size(), kMost));
}

void Refusals::save() const {
  // What cannot be kept is learnt again after the next restart.
  if (store_ != nullptr) (void)store_->store(to_text(LearntText{refused_, walls_})).ok();
}

// --- for the plan

const Refused* Refusals::find(uint8_t unit, Area area, uint32_t start, uint32_t end) const {
  const auto at = std::ranges::find_if(
      refused_, [&](const Refused& one) { return one.unit == unit && one.area == area && one.start == start && one.end == end; });
  return at == refused_.end() ? nullptr : &*at;
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
  const ReadBody& body = body_of(request);
  if (body.refused.empty()) return false;
  return std::ranges::any_of(refused_, [&](const Refused& one) { return one.unit == body.question.unit && is_due(one); });
}

// --- what was heard

Refusals::Lesson Refusals::answered(const Request& request) {
  const ReadBody& body = body_of(request);
  heard(body.question.unit);
  if (!suspects_.empty()) std::erase_if(suspects_, [&](const Suspect& one) { return same_place(one.question, body.question); });
  Lesson lesson;
  lesson.replan = any_due(request);
  if (forget(request)) lesson.replan = true;
  if (body.trial != nullptr) close(*body.trial, true, lesson);
  return lesson;
}

Refusals::Lesson Refusals::refused(const Request& request, uint8_t code) {
  const ReadBody& body = body_of(request);
  if (body.models) return {};
  if (code == kDeviceFailure) return missed(request, code);
  if (code != kIllegalAddress && code != kIllegalValue) return {};
  heard(body.question.unit);
  Lesson lesson;
  const auto root = body.trial != nullptr ? body.trial->root : std::make_shared<Trial::Root>();
  if (body.trial != nullptr) close(*body.trial, false, lesson);
  if (root->good == 0 && root->asked >= kMostInVain) return lesson;  // it refuses everything
  lesson.instead = part(request, root, false);
  if (lesson.instead.empty()) learn_refused(request, code, lesson);
  return lesson;
}

Refusals::Lesson Refusals::silent(const Request& request) {
  if (body_of(request).models) return {};
  return missed(request, 0);
}

Refusals::Lesson Refusals::missed(const Request& request, uint8_t code) {
  const ReadBody& body = body_of(request);
  Lesson lesson;
  if (body.trial != nullptr) {
    Trial& trial = *body.trial;
    trial.silent.push_back(body.question);
    close(trial, false, lesson);
    lesson.unit_lives = trial.of_silence && (trial.open > 0 || trial.good > 0);
    return lesson;
  }
  Suspect& suspect = this->suspect(body.question);
  if (++suspect.failures < kSilences || !heard_shortly(body.question.unit)) return lesson;
  lesson.instead = part(request, std::make_shared<Trial::Root>(), true);
  if (lesson.instead.empty() && suspect.convicted) learn_refused(request, code, lesson);
  lesson.unit_lives = lesson.replan || !lesson.instead.empty();
  return lesson;
}

Requests Refusals::part(const Request& request, std::shared_ptr<Trial::Root> root, bool of_silence) const {
  const Question& question = body_of(request).question;
  auto trial = std::make_shared<Trial>();
  Parts parts = parts_of(request, trial);
  for (const uint32_t address : parts.boundaries) trial->walls.push_back({question.unit, area_of(question.function), address});
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
  if (all_good) return learn(trial.walls, lesson);
  if (!trial.of_silence) return;  // the refused part is taken further apart
  if (trial.good == 0) {          // it may have been the unit as a whole
    suspect(trial.whole).failures = -kPatience;
    return;
  }
  learn(trial.walls, lesson);
  for (const Question& question : trial.silent) suspect(question) = {question, kSilences - 1, true};
}

// --- what is learnt

void Refusals::learn(std::span<const Wall> walls, Lesson& lesson) {
  for (const Wall& wall : walls) {
    if (walls_.size() >= kMost || std::ranges::find(walls_, wall) != walls_.end()) continue;
    walls_.push_back(wall);
    lesson.replan = true;
  }
  if (lesson.replan) save();
}

void Refusals::learn_refused(const Request& request, uint8_t code, Lesson& lesson) {
  const Question& question = body_of(request).question;
  const Area area = area_of(question.function);
  const uint32_t end = uint32_t{question.address} + question.count;
  for (Refused& known : refused_) {
    if (known.unit != question.unit || known.area != area || known.start != question.address || known.end != end) continue;
    lesson.replan = is_due(known);
    known.code = code;
    known.retry_at = clock_.wall() + kRetry;
    return save();
  }
  if (refused_.size() >= kMost) return;
  refused_.push_back({question.unit, area, question.address, end, code, clock_.wall() + kFirstRetry});
  lesson.replan = true;
  save();
}

bool Refusals::forget(const Request& request) {
  if (refused_.empty()) return false;
  const Question& question = body_of(request).question;
  const size_t known = std::erase_if(refused_, [&](const Refused& one) {
    return one.unit == question.unit && one.area == area_of(question.function) && one.start == question.address &&
           one.end == uint32_t{question.address} + question.count;
  });
  if (known > 0) save();
  return known > 0;
}

Refusals::Suspect& Refusals::suspect(const Question& question) {
  const auto at = std::ranges::find_if(suspects_, [&](const Suspect& one) { return same_place(one.question, question); });
  if (at != suspects_.end()) return *at;
  if (suspects_.size() >= kMost) suspects_.erase(suspects_.begin());
  return suspects_.emplace_back(Suspect{question, 0, false});
}

void Refusals::heard(uint8_t unit) { heard_.set(unit, clock_.now()); }

bool Refusals::heard_shortly(uint8_t unit) const { return heard_[unit] != MonoTime() && clock_.now() - heard_[unit] <= kShortly; }

}  // namespace ferrule::modbus
