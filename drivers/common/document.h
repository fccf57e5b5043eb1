// A structured payload (JSON, CBOR, MessagePack) as a flat tree, for taking values out of it by path.
//
// The readers keep no stack on the machine's: depth, nodes and bytes are limited, so that hostile input costs a bounded time and
// memory. Values of text point nowhere: they own what they say. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/value.h"

namespace ferrule {

class Document {
 public:
  static constexpr size_t kMostDepth = 32;
  static constexpr size_t kMostNodes = 10'000;
  static constexpr size_t kMostBytes = 256 * 1024;

  enum class Kind : uint8_t {
    value,
    array,
    map,
    other,  // there, but no value that we could hold: a number beyond 64 bits, a simple value that CBOR has not assigned
  };
  struct Node {
    Kind kind = Kind::value;
    uint32_t parent = 0;
    uint32_t next = 0;   // sibling; 0: none
    uint32_t child = 0;  // first; 0: none
    Value key;           // in a map: text or a whole number (CBOR)
    Value value;         // null is a value of kind none
  };

  // bad_reply: not well-formed, trailing bytes, or beyond a limit; the text says where. Null and undefined become an empty value,
  // byte strings Value::bytes. Of CBOR's tags those of numbers count (big numbers, decimal fractions, bigfloats); the others are
  // passed over. The last of two equal keys counts.
  static Result<Document> json(std::span<const uint8_t> bytes);
  static Result<Document> cbor(std::span<const uint8_t> bytes);
  static Result<Document> messagepack(std::span<const uint8_t> bytes);

  const Node& root() const { return nodes_.front(); }
  const Node& operator[](uint32_t index) const { return nodes_[index]; }
  // The node at this path of keys and array indexes (RFC 6901 once split and unescaped); nullptr: not there. A token that is a
  // number also finds a map's whole-number key.
  const Node* find(std::span<const std::string> path) const;
  // A map's entry; nullptr: not there.
  const Node* entry(const Node& map, std::string_view key) const;
  const Node* entry(const Node& map, int64_t key) const;
  const Node* next(const Node& node) const { return node.next == 0 ? nullptr : &nodes_[node.next]; }
  const Node* child(const Node& node) const { return node.child == 0 ? nullptr : &nodes_[node.child]; }

 private:
  friend class DocumentBuilder;
  std::vector<Node> nodes_;
};

// "/sensors/0/t" -> sensors, 0, t; "~1" is "/" and "~0" is "~". Empty: the whole document. invalid: no leading slash, or too
// deep.
Result<std::vector<std::string>> parse_pointer(std::string_view pointer);

// What the readers share: adds nodes within the limits.
class DocumentBuilder {
 public:
  bool key(Value key);  // of the next node of a map
  bool add(Value value);
  bool add_other();
  bool open(Document::Kind kind);
  bool close();
  size_t depth() const { return open_.size(); }
  bool in_map() const { return !open_.empty() && document_.nodes_[open_.back().node].kind == Document::Kind::map; }
  // The first limit that was reached; empty: none.
  const std::string& trouble() const { return trouble_; }
  Document take() { return std::move(document_); }
  bool complete() const { return !document_.nodes_.empty() && open_.empty(); }

 private:
  struct Open {
    uint32_t node;
    uint32_t last;  // child; 0: none
  };
  bool append(Document::Node node);
  bool refuse(std::string why);

  Document document_;
  std::vector<Open> open_;
  Value key_;
  std::string trouble_;
};

}  // namespace ferrule
