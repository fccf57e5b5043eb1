#include "modbus/parts.h"

#include <algorithm>
#include <tuple>

namespace ferrule::modbus {

namespace {

using Pieces = std::vector<Piece>;

Pieces pieces_of(const Cuts& cuts) {
  Pieces pieces;
  for (const Cut cut : cuts) pieces.push_back(piece_of(cut));
  std::ranges::stable_sort(pieces, {}, [](const Piece& piece) { return std::tuple(piece.start, piece.end); });
  return pieces;
}

uint32_t end_of(std::span<const Piece> pieces) {
  uint32_t end = 0;
  for (const Piece& piece : pieces) end = std::max(end, piece.end);
  return end;
}

// Indices at which a new part begins.
std::vector<size_t> at_gaps(const Pieces& pieces) {
  std::vector<size_t> cuts;
  uint32_t end = pieces[0].end;
  for (size_t i = 1; i < pieces.size(); ++i) {
    if (pieces[i].start > end) cuts.push_back(i);
    end = std::max(end, pieces[i].end);
  }
  return cuts;
}

std::vector<size_t> in_the_middle(const Pieces& pieces) {
  const uint32_t middle = (pieces[0].start + end_of(pieces)) / 2;
  const auto distance = [middle](uint32_t at) { return at > middle ? at - middle : middle - at; };
  size_t best = 0;
  uint32_t end = pieces[0].end;
  for (size_t i = 1; i < pieces.size(); ++i) {
    const bool no_value_across = pieces[i].start >= end;
    if (no_value_across && (best == 0 || distance(pieces[i].start) < distance(pieces[best].start))) best = i;
    end = std::max(end, pieces[i].end);
  }
  if (best == 0) return {};
  return {best};
}

std::vector<size_t> one_by_one(const Pieces& pieces) {
  std::vector<size_t> cuts;
  for (size_t i = 1; i < pieces.size(); ++i) {
    if (pieces[i].start != pieces[i - 1].start || pieces[i].end != pieces[i - 1].end) cuts.push_back(i);
  }
  return cuts;
}

Request request_of(const Request& whole, std::span<const Piece> pieces, std::vector<RefusedTag> refused,
                   const std::shared_ptr<Trial>& trial) {
  const auto& body = static_cast<const ReadBody&>(*whole.body);
  const uint32_t first = pieces[0].start;
  Question question = body.question;
  question.address = static_cast<uint16_t>(question.address + first);
  question.count = static_cast<uint16_t>(end_of(pieces) - first);
  std::vector<Cut> cuts;
  cuts.reserve(pieces.size());
  for (const Piece& piece : pieces) cuts.push_back(moved(piece.cut, static_cast<int32_t>(first)));
  return make_read(whole.device, question, body.models, cuts, std::move(refused), trial);
}

}  // namespace

Parts parts_of(const Request& request, const std::shared_ptr<Trial>& trial) {
  const auto& body = static_cast<const ReadBody&>(*request.body);
  if (body.cuts.empty()) return {};
  const Pieces pieces = pieces_of(body.cuts);
  std::vector<size_t> begins = at_gaps(pieces);
  if (begins.empty()) begins = in_the_middle(pieces);
  if (begins.empty()) begins = one_by_one(pieces);
  Parts parts;
  if (begins.empty()) return parts;
  begins.insert(begins.begin(), 0);
  for (size_t i = 0; i < begins.size(); ++i) {
    const size_t end = i + 1 < begins.size() ? begins[i + 1] : pieces.size();
    const auto some = std::span(pieces).subspan(begins[i], end - begins[i]);
    // What the whole answered without asking, its first part answers.
    parts.requests.push_back(request_of(request, some, i == 0 ? body.refused : std::vector<RefusedTag>{}, trial));
    if (i > 0) parts.boundaries.push_back(body.question.address + some[0].start);
  }
  return parts;
}

}  // namespace ferrule::modbus
