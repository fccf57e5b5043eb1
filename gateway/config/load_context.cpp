#include "config/load_context.h"

#include <utility>

namespace ferrule::config {

namespace {

// The mark kept for this id so far, which becomes `mark` where there is none.
Mark exchange(std::vector<Mark>& marks, uint32_t index, Mark mark) {
  if (index >= marks.size()) marks.resize(index + 1 + marks.size() / 2);
  if (marks[index].line != 0) return marks[index];
  marks[index] = mark;
  return {};
}

}  // namespace

DeviceId LoadContext::claim_device(std::string_view name, Mark mark) {
  const DeviceId id = names.device(name);
  if (id == DeviceId::none) {
    report.add(mark, "more devices than the gateway can hold: restart it to forget the names of old configurations");
    return id;
  }
  const Mark first = exchange(device_marks, index_of(id), mark);
  if (first.line == 0) return id;
  report.add(mark, "the device " + cited(name) + " stands here twice (first " + place_text(first, mark, sources.files()) +
                       "): give it another name");
  return DeviceId::none;
}

TagId LoadContext::claim_tag(DeviceId device, std::string_view name, Mark mark) {
  if (++tags > kMostTags) {
    report.add(mark, "more than " + std::to_string(kMostTags) + " tags: share them between several gateways");
    return TagId::none;
  }
  const TagId id = names.tag(device, name);
  if (id == TagId::none) {
    report.add(mark, "more tags than the gateway can hold: restart it to forget the names of old configurations");
    return id;
  }
  const Mark first = exchange(tag_marks, index_of(id), mark);
  if (first.line == 0) return id;
  report.add(mark, "the tag " + cited(names.full_name(id)) + " stands here twice (first " +
                       place_text(first, mark, sources.files()) + "): give it another name");
  return TagId::none;
}

void LoadContext::warn(Mark mark, std::string what) {
  if (warnings.size() < Report::kMost) warnings.push_back(format(Complaint{mark, std::move(what)}, sources.files()));
}

void LoadContext::lacks(Mark mark, std::string what) {
  if (options.secrets != Secrets::spared) return report.add(mark, std::move(what));
  warn(mark, std::move(what));
}

Aside::Aside(LoadContext& context) : context_(context), tags_(context.tags) {
  device_marks_.swap(context.device_marks);
  tag_marks_.swap(context.tag_marks);
}

Aside::~Aside() {
  device_marks_.swap(context_.device_marks);
  tag_marks_.swap(context_.tag_marks);
  context_.tags = tags_;
}

void UniqueNames::claim(const std::string& name, Mark mark, LoadContext& context) {
  const auto [known, fresh] = known_.emplace(name, mark);
  if (fresh) return;
  context.report.add(mark, "the " + std::string(kind_) + " " + cited(name) + " stands here twice (first " +
                               place_text(known->second, mark, context.sources.files()) + "): give it another name");
}

std::string place_text(Mark mark, Mark from, const std::vector<std::string>& files) {
  const std::string line = std::to_string(mark.line);
  if (mark.file == from.file || mark.file >= files.size()) return "in line " + line;
  return "in " + files[mark.file] + ":" + line;
}

}  // namespace ferrule::config
