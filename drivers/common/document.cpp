#include "drivers_common/document.h"

#include <charconv>

namespace ferrule {

bool DocumentBuilder::refuse(std::string why) {
  if (trouble_.empty()) trouble_ = std::move(why);
  return false;
}

bool DocumentBuilder::key(Value key) {
  key_ = std::move(key);
  return true;
}

bool DocumentBuilder::append(Document::Node node) {
  auto& nodes = document_.nodes_;
  if (nodes.size() >= Document::kMostNodes) return refuse("more than " + std::to_string(Document::kMostNodes) + " values");
  if (!nodes.empty() && open_.empty()) return refuse("a second value behind the first");
  const auto index = static_cast<uint32_t>(nodes.size());
  node.key = std::exchange(key_, Value());
  if (!open_.empty()) {
    Open& parent = open_.back();
    node.parent = parent.node;
    (parent.last == 0 ? nodes[parent.node].child : nodes[parent.last].next) = index;
    parent.last = index;
  }
  nodes.push_back(std::move(node));
  return true;
}

bool DocumentBuilder::add(Value value) {
  Document::Node node;
  node.value = std::move(value);
  return append(std::move(node));
}

bool DocumentBuilder::add_other() {
  Document::Node node;
  node.kind = Document::Kind::other;
  return append(std::move(node));
}

bool DocumentBuilder::open(Document::Kind kind) {
  if (open_.size() >= Document::kMostDepth) return refuse("nested deeper than " + std::to_string(Document::kMostDepth));
  Document::Node node;
  node.kind = kind;
  if (!append(std::move(node))) return false;
  open_.push_back({static_cast<uint32_t>(document_.nodes_.size() - 1), 0});
  return true;
}

bool DocumentBuilder::close() {
  if (open_.empty()) return refuse("an end without a beginning");
  open_.pop_back();
  return true;
}

const Document::Node* Document::entry(const Node& map, std::string_view key) const {
  const Node* found = nullptr;
  if (map.kind != Kind::map) return found;
  for (const Node* node = child(map); node != nullptr; node = next(*node)) {
    if (node->key.is_text() && node->key.as_text() == key) found = node;
  }
  return found;
}

const Document::Node* Document::entry(const Node& map, int64_t key) const {
  const Node* found = nullptr;
  if (map.kind != Kind::map) return found;
  for (const Node* node = child(map); node != nullptr; node = next(*node)) {
    const Value& own = node->key;
    const bool same = own.kind() == Value::Kind::integer ? own.as_int() == key
                                                         : own.kind() == Value::Kind::unsigned_integer && key >= 0 &&
                                                               own.as_uint() == static_cast<uint64_t>(key);
    if (same) found = node;
  }
  return found;
}

const Document::Node* Document::find(std::span<const std::string> path) const {
  const Node* node = &root();
  for (const std::string& token : path) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
    const bool is_number = error == std::errc() && end == token.data() + token.size();
    const Node* found = nullptr;
    if (node->kind == Kind::array && is_number && number >= 0) {
      found = child(*node);
      for (; found != nullptr && number > 0; --number) found = next(*found);
    } else if (node->kind == Kind::map) {
      found = entry(*node, std::string_view(token));
      if (found == nullptr && is_number) found = entry(*node, number);
    }
    if (found == nullptr) return nullptr;
    node = found;
  }
  return node;
}

Result<std::vector<std::string>> parse_pointer(std::string_view pointer) {
  std::vector<std::string> path;
  if (pointer.empty()) return path;
  if (pointer[0] != '/')
    return {Fault::invalid, "'" + std::string(pointer) + "' is no path: it begins with a slash, /sensors/0/t"};
  for (size_t at = 0; at < pointer.size(); ++at) {
    const char letter = pointer[at];
    if (letter == '/') {
      path.emplace_back();
    } else if (letter == '~' && at + 1 < pointer.size() && (pointer[at + 1] == '0' || pointer[at + 1] == '1')) {
      path.back() += pointer[++at] == '0' ? '~' : '/';
    } else if (letter == '~') {
      return {Fault::invalid, "'" + std::string(pointer) + "' is no path: ~ is written ~0, and / in a name ~1"};
    } else {
      path.back() += letter;
    }
  }
  if (path.size() > Document::kMostDepth) {
    return {Fault::invalid, "a path of more than " + std::to_string(Document::kMostDepth) + " steps"};
  }
  return path;
}

}  // namespace ferrule
