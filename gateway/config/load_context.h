// What the parts of the loader share during one load().
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "config/report.h"
#include "config/sources.h"

namespace ferrule::config {

// Tags of one configuration, rows and bits included: 500 bytes each.
constexpr size_t kMostTags = 400'000;

struct LoadContext {
  const LoadOptions& options;
  const Catalogue& catalogue;
  Names& names;
  Report& report;
  Sources& sources;
  std::vector<std::string>& warnings;

  // Where each device and tag of this configuration stands, by id; line 0: it is not in it.
  std::vector<Mark> device_marks{};
  std::vector<Mark> tag_marks{};
  size_t tags = 0;

  // The id, or none where the name is taken or there are too many, which has been reported.
  DeviceId claim_device(std::string_view name, Mark mark);
  TagId claim_tag(DeviceId device, std::string_view name, Mark mark);

  void warn(Mark mark, std::string what);
  // A secret or a file of TLS is not there: a mistake, or a warning where those are spared.
  void lacks(Mark mark, std::string what);
};

// While it lives, names are claimed apart from the rest: what is out of service is checked, and its names stay free.
class Aside {
 public:
  explicit Aside(LoadContext& context);
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

 private:
  LoadContext& context_;
  std::vector<Mark> device_marks_, tag_marks_;
  size_t tags_;
};

// Names that may be used once: of channels, rules and uplinks.
class UniqueNames {
 public:
  explicit UniqueNames(std::string_view kind) : kind_(kind) {}
  void claim(const std::string& name, Mark mark, LoadContext& context);

 private:
  std::string_view kind_;  // "channel"
  std::unordered_map<std::string, Mark> known_;
};

// "in line 12", or "in ferrule.yaml:12" where that is another file than the complaint's.
std::string place_text(Mark mark, Mark from, const std::vector<std::string>& files);

}  // namespace ferrule::config
