// Nodes of a document -> Fields, by tables of FieldSpec. Everything that does not fit is reported with its place and remedy.
#pragma once

#include <span>

#include "config/document.h"
#include "config/report.h"
#include "sdk/fields.h"

namespace ferrule::config {

// The keys of one map may belong to several tables: a channel's are the gateway's own and its driver's. A key goes to the first
// table that knows it. Kinds object and objects whose table is empty are the caller's: they are known keys, and left alone.
struct Target {
  std::span<const FieldSpec> table;
  Fields* fields = nullptr;
};

// `unit_id: 1-8`: the one integer field that may be written as a range. `from` goes into its Fields.
struct RangeField {
  std::string_view name;  // of the field; empty: none may be a range
  bool found = false;
  int64_t from = 0, to = 0;
  Mark mark;
};

// Decodes one map over what the Fields hold already, so that a device's own fields win over its profile's. Something that is not
// a map is reported; `what` names it: "a device". Null counts as an empty map.
void decode_map(Node map, std::string_view what, std::span<const Target> targets, Report& report, RangeField* range = nullptr);

// Reports each required field that none of `maps` has written.
void require(std::span<const Node> maps, std::string_view what, std::span<const Target> targets, Mark mark, Report& report);

// The items of a list; null counts as an empty list. Something else is reported.
bool expect_list(Node list, std::string_view key, Report& report);

}  // namespace ferrule::config
