// The values that a user wrote for one table of FieldSpec, each with the place where it stands.
//
// config fills a Fields after checking it against the table, so the typed accessors below cannot fail: they return what was
// written, else the table's `initial`, else 0, "" or nothing. Asking for a name that is not in the table is a programming error
// (asserted in debug builds, the zero value otherwise). Values; may be read on any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "sdk/field_spec.h"

namespace ferrule {

// A place in a configuration file. Lines and columns count from 1; line 0 means "not written anywhere". Columns beyond 65535 are
// kept as 65535. `file` indexes the list of files that the loader read.
struct Mark {
  uint32_t line = 0;
  uint16_t column = 0;
  uint16_t file = 0;
  bool operator==(const Mark&) const = default;
};

// Something wrong at a place, with its remedy.
struct Complaint {
  Mark mark;
  std::string what;
};
using Complaints = std::vector<Complaint>;

class Fields;
using Texts = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;
using FieldValue =
    std::variant<bool, int64_t, double, Duration, std::string, Texts, Pairs, std::vector<Fields>>;  // object: 1 element

class Fields {
 public:
  Fields() = default;
  explicit Fields(std::span<const FieldSpec> table, Mark mark = {}) : table_(table), mark_(mark) {}

  // For the loader and for tests. `name` must be in the table; the value must be of its kind (size and integer as int64_t).
  void set(std::string_view name, FieldValue value, Mark mark = {});

  bool has(std::string_view name) const { return find(name) != nullptr; }  // written by the user
  bool boolean(std::string_view name) const;
  int64_t integer(std::string_view name) const;  // integer and size
  double number(std::string_view name) const;
  Duration duration(std::string_view name) const;
  std::string text(std::string_view name)
      const;  // text, name, choice, expression; secret: what the secret says; where secrets are not read, its name
  const Texts& texts(std::string_view name) const;
  const Pairs& pairs(std::string_view name) const;
  const Fields* object(std::string_view name) const;  // nullptr when not written
  std::span<const Fields> objects(std::string_view name) const;

  Mark mark() const { return mark_; }      // of the whole map
  Mark mark(std::string_view name) const;  // of the value; the map's when not written
  std::span<const FieldSpec> table() const { return table_; }
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    const FieldSpec* spec;
    Mark mark;
    FieldValue value;
  };
  const Entry* find(std::string_view name) const;
  const FieldSpec* spec(std::string_view name) const;

  std::span<const FieldSpec> table_;
  Mark mark_;
  std::vector<Entry> entries_;
};

}  // namespace ferrule
