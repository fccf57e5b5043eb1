// Gives every node of a tree its type and says what does not fit.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rules/syntax.h"

namespace ferrule {

// The kind of the tag with this full name; nothing when there is none, and then `complaint` says so.
using TagLookup = std::function<std::optional<ValueClass>(const std::string& name, std::string& complaint)>;

// Appends a problem for each mistake, but none for what only follows from another one. Returns the type of the whole.
ValueClass check_expression(Tree& tree, const TagLookup& lookup, std::vector<Problem>& problems);

// "a number", "a boolean", "text"
std::string_view describe(ValueClass type);

}  // namespace ferrule
