#include "config/document.h"

namespace ferrule::config {

NodeKind Node::kind() const { return document_ == nullptr ? NodeKind::null : document_->cells_[at_].kind; }

Mark Node::mark() const {
  if (document_ == nullptr) return {};
  const Document::Cell& cell = document_->cells_[at_];
  return {cell.line, cell.column, document_->file_};
}

std::string_view Node::text() const {
  if (!is_scalar()) return {};
  const Document::Cell& cell = document_->cells_[at_];
  return std::string_view(document_->text_).substr(cell.text, cell.size);
}

bool Node::quoted() const { return document_ != nullptr && document_->cells_[at_].quoted; }
bool Node::secret() const { return document_ != nullptr && document_->cells_[at_].secret; }
uint32_t Node::size() const { return is_list() || is_map() ? document_->cells_[at_].size : 0; }
uint32_t Node::after() const { return document_->cells_[at_].next; }

Node Node::find(std::string_view key) const {
  for (const MapEntry entry : entries()) {
    if (entry.key.text() == key) return entry.value;
  }
  return {};
}

Node::Items::Iterator& Node::Items::Iterator::operator++() {
  --left_;
  node_ = left_ == 0 ? Node() : Node(*node_.document_, node_.after());
  return *this;
}

Node::Items::Iterator Node::Items::begin() const {
  if (!list_.is_list() || list_.size() == 0) return end();
  return Iterator(Node(*list_.document_, list_.at_ + 1), list_.size());
}

MapEntry Node::Entries::Iterator::operator*() const { return {key_, Node(*key_.document_, key_.after())}; }

Node::Entries::Iterator& Node::Entries::Iterator::operator++() {
  --left_;
  const Node value = (**this).value;
  key_ = left_ == 0 ? Node() : Node(*value.document_, value.after());
  return *this;
}

Node::Entries::Iterator Node::Entries::begin() const {
  if (!map_.is_map() || map_.size() == 0) return end();
  return Iterator(Node(*map_.document_, map_.at_ + 1), map_.size());
}

}  // namespace ferrule::config
