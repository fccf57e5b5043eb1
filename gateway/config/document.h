// A YAML file as a compact tree: about 20 bytes a node, one arena of text, a place for each.
//
// yaml-cpp's own tree takes 3.6 kB a tag and gives in to alias bombs, duplicate keys and surprises such as octal 010; this one is
// built from its events (document_parser.cpp), takes none of these, and keeps scalars as the text that was written. Immutable
// once parsed; a Node is a cheap view and is valid as long as its Document stays where it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/fields.h"

namespace ferrule::config {

enum class NodeKind : uint8_t { null, scalar, list, map };

class Document;
struct MapEntry;

class Node {
 public:
  Node() = default;
  Node(const Document& document, uint32_t at) : document_(&document), at_(at) {}

  explicit operator bool() const { return document_ != nullptr; }  // false: there is no such node
  NodeKind kind() const;                                           // null also where there is no node
  bool is_null() const { return kind() == NodeKind::null; }
  bool is_scalar() const { return kind() == NodeKind::scalar; }
  bool is_list() const { return kind() == NodeKind::list; }
  bool is_map() const { return kind() == NodeKind::map; }

  Mark mark() const;
  std::string_view text() const;  // of a scalar; "" for the others
  bool quoted() const;            // a scalar in quotes, or a block of text
  bool secret() const;            // tagged !secret
  uint32_t size() const;          // items of a list, entries of a map

  Node find(std::string_view key) const;  // in a map; no node when it is not there

  // for (Node item : node.items()); nothing unless it is a list.
  class Items;
  Items items() const;
  // for (MapEntry entry : node.entries()); nothing unless it is a map. Keys are scalars and unique.
  class Entries;
  Entries entries() const;

 private:
  uint32_t after() const;  // the index of what follows this node and all in it

  const Document* document_ = nullptr;
  uint32_t at_ = 0;
};

struct MapEntry {
  Node key, value;
};

class Document {
 public:
  struct Cell {  // in the order of the file: a container, then what is in it
    uint32_t line = 0;
    uint16_t column = 0;
    NodeKind kind = NodeKind::null;
    bool quoted : 1 = false;
    bool secret : 1 = false;
    uint32_t next = 0;  // index after everything in this node
    uint32_t text = 0;  // scalar: offset in the arena
    uint32_t size = 0;  // scalar: length; list: items; map: entries
  };

  Document() = default;
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  Document(Document&&) = default;
  Document& operator=(Document&&) = default;

  Node root() const { return cells_.empty() ? Node() : Node(*this, 0); }
  size_t size() const { return cells_.size(); }
  uint16_t file() const { return file_; }

 private:
  friend class Node;
  friend class DocumentBuilder;
  std::vector<Cell> cells_;
  std::string text_;
  uint16_t file_ = 0;
};

class Node::Items {
 public:
  class Iterator {
   public:
    explicit Iterator(Node node, uint32_t left) : node_(node), left_(left) {}
    Node operator*() const { return node_; }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return left_ != other.left_; }

   private:
    Node node_;
    uint32_t left_;
  };
  explicit Items(Node list) : list_(list) {}
  Iterator begin() const;
  Iterator end() const { return Iterator({}, 0); }

 private:
  Node list_;
};

class Node::Entries {
 public:
  class Iterator {
   public:
    explicit Iterator(Node key, uint32_t left) : key_(key), left_(left) {}
    MapEntry operator*() const;
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return left_ != other.left_; }

   private:
    Node key_;
    uint32_t left_;
  };
  explicit Entries(Node map) : map_(map) {}
  Iterator begin() const;
  Iterator end() const { return Iterator({}, 0); }

 private:
  Node map_;
};

inline Node::Items Node::items() const { return Items(*this); }
inline Node::Entries Node::entries() const { return Entries(*this); }

}  // namespace ferrule::config
