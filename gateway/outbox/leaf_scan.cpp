#include "outbox/leaf_scan.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <unordered_map>

#include "outbox/database.h"

namespace ferrule::outbox {

namespace {

// The format is SQLite's own, see "Database File Format" of its documentation.
constexpr std::array<size_t, 2> kPageSizes = {Database::kPage, 4096};  // of new files, and of those of the first version
constexpr size_t kWalHeader = 32, kFrameHeader = 24;
constexpr uint64_t kLongest = 64u << 20;
constexpr char kTableLeaf = 0x0d;

uint64_t big_endian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<uint8_t>(c);
  return number;
}

// SQLite's varint: big end first, at most 9 bytes. False: it does not fit.
bool take_varint(std::string_view& in, uint64_t& number) {
  number = 0;
  for (int i = 0; i < 9; ++i) {
    if (in.empty()) return false;
    const auto byte = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    if (i == 8) return number = number << 8 | byte, true;
    number = number << 7 | (byte & 0x7f);
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

bool take_value(std::string_view& body, uint64_t type, ScannedValue& value) {
  constexpr std::array<size_t, 10> kSizes = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  if (type == 10 || type == 11) return false;
  const uint64_t size = type < 10 ? kSizes[type] : (type - 12) / 2;
  if (size > body.size()) return false;
  const std::string_view bytes = body.substr(0, size);
  body.remove_prefix(size);
  if (type >= 12) {
    value = {type % 2 == 0 ? ScannedValue::Kind::blob : ScannedValue::Kind::text, 0, std::string(bytes)};
  } else if (type >= 1 && type <= 6) {
    const auto shift = static_cast<unsigned>(64 - 8 * size);
    value = {ScannedValue::Kind::number, static_cast<int64_t>(big_endian(bytes) << shift) >> shift, {}};
  } else if (type >= 8) {
    value = {ScannedValue::Kind::number, static_cast<int64_t>(type - 8), {}};
  } else {
    value.kind = type == 0 ? ScannedValue::Kind::null : ScannedValue::Kind::other;
  }
  return true;
}

bool parse_row(std::string_view payload, ScannedRow& row) {
  std::string_view head = payload;
  uint64_t head_size = 0;
  if (!take_varint(head, head_size) || head_size > payload.size()) return false;
  const size_t used = payload.size() - head.size();
  if (head_size < used) return false;
  head = payload.substr(used, head_size - used);
  std::string_view body = payload.substr(head_size);
  while (!head.empty()) {
    uint64_t type = 0;
    ScannedValue value;
    if (row.values.size() > 16 || !take_varint(head, type) || !take_value(body, type, value)) return false;
    row.values.push_back(std::move(value));
  }
  return !row.values.empty();
}

class Scan {
 public:
  Scan(const std::string& path, size_t page) : page_(page), file_(path, std::ios::binary), wal_(path + "-wal", std::ios::binary) {
    file_.seekg(0, std::ios::end);
    pages_ = file_ ? static_cast<uint64_t>(file_.tellg()) / page_ : 0;
    read_wal();
  }

  void run(const std::function<void(ScannedRow&)>& use) {
    std::string page;
    for (uint64_t number = 1; number <= pages_; ++number) {
      if (read(number, page)) leaf(page, number == 1 ? 100 : 0, use);
    }
  }

 private:
  // Where the write-ahead log has a newer version of a page. Frames of an earlier round of the log have another salt.
  void read_wal() {
    std::string header(kWalHeader, '\0'), frame(kFrameHeader, '\0');
    if (!wal_.read(header.data(), kWalHeader) || big_endian(std::string_view(header).substr(8, 4)) != page_) return;
    for (uint64_t at = kWalHeader; wal_.seekg(static_cast<std::streamoff>(at)); at += kFrameHeader + page_) {
      if (!wal_.read(frame.data(), kFrameHeader) || frame.compare(8, 8, header, 16, 8) != 0) return;
      const uint64_t number = big_endian(std::string_view(frame).substr(0, 4));
      if (number == 0 || number > pages_ + kLongest / page_) return;
      in_wal_[number] = at + kFrameHeader;
      pages_ = std::max(pages_, number);
    }
  }

  bool read(uint64_t number, std::string& page) {
    if (number == 0 || number > pages_) return false;
    const auto newer = in_wal_.find(number);
    std::ifstream& from = newer == in_wal_.end() ? file_ : wal_;
    const uint64_t at = newer == in_wal_.end() ? (number - 1) * page_ : newer->second;
    page.resize(page_);
    from.clear();
    from.seekg(static_cast<std::streamoff>(at));
    from.read(page.data(), static_cast<std::streamsize>(page_));
    return from.good();
  }

  void leaf(std::string_view page, size_t head, const std::function<void(ScannedRow&)>& use) {
    if (page[head] != kTableLeaf) return;
    const uint64_t cells = big_endian(page.substr(head + 3, 2));
    for (uint64_t i = 0; i < cells && head + 10 + 2 * i <= page.size(); ++i) {
      const uint64_t at = big_endian(page.substr(head + 8 + 2 * i, 2));
      ScannedRow row;
      if (at < page.size() && cell(page.substr(at), row)) use(row);
    }
  }

  bool cell(std::string_view bytes, ScannedRow& row) {
    const size_t most_local = page_ - 35, least_local = (page_ - 12) * 32 / 255 - 23;
    uint64_t size = 0, id = 0;
    if (!take_varint(bytes, size) || !take_varint(bytes, id) || size > std::min(kLongest, pages_ * page_)) return false;
    row.id = static_cast<int64_t>(id);
    size_t local = size;
    if (size > most_local) {
      const size_t surplus = least_local + (size - least_local) % (page_ - 4);
      local = surplus <= most_local ? surplus : least_local;
    }
    if (local + (local < size ? 4 : 0) > bytes.size()) return false;
    std::string payload(bytes.substr(0, local));
    if (local < size && !follow(big_endian(bytes.substr(local, 4)), size, payload)) return false;
    return parse_row(payload, row);
  }

  // The chain of overflow pages; every page adds something, so it ends.
  bool follow(uint64_t next, size_t size, std::string& payload) {
    std::string page;
    while (payload.size() < size) {
      if (!read(next, page)) return false;
      next = big_endian(std::string_view(page).substr(0, 4));
      payload.append(page, 4, std::min(size - payload.size(), page_ - 4));
    }
    return true;
  }

  const size_t page_;
  std::ifstream file_, wal_;
  uint64_t pages_ = 0;
  std::unordered_map<uint64_t, uint64_t> in_wal_;  // page number -> where in the log
};

}  // namespace

void scan_leaves(const std::string& path, const std::function<void(ScannedRow&)>& use) {
  for (const size_t page : kPageSizes) Scan(path, page).run(use);
}

}  // namespace ferrule::outbox
