#include "coap/read_plan.h"

#include <cmath>
#include <map>

namespace ferrule::coap {

namespace {

void answer_tag(TagId tag, Taken&& taken, SampleSink& sink) {
  if (taken.value.empty()) return sink.bad(tag, taken.reason);
  const bool real = taken.value.kind() == Value::Kind::float32 || taken.value.kind() == Value::Kind::float64;
  if (real && !std::isfinite(*taken.value.number())) return sink.bad(tag, Reason::not_a_number);
  sink.good(tag, std::move(taken.value), taken.source_ns);
}

}  // namespace

Result<Requests> plan_reads(const DeviceSettings& device, std::span<const TagSettings* const> tags) {
  std::map<std::pair<std::string, bool>, std::shared_ptr<ReadBody>> bodies;
  for (const TagSettings* tag : tags) {
    auto point = point_of(device.fields, tag->fields);
    if (!point) return point.status();
    const ContentFormat accept = point->place.format ? content_format(*point->place.format) : ContentFormat::none;
    std::string key = full_path(device.fields, tag->fields);
    if (accept != ContentFormat::none) key += " as " + tag->fields.text("format");
    auto& body = bodies[{key, point->observe}];
    if (!body) {
      body = std::make_shared<ReadBody>();
      body->key = key;
      body->resource = std::move(point->resource);
      body->accept = accept;
      body->confirmable = device.fields.boolean("confirmable");
      body->observe = point->observe;
    }
    body->wanted.push_back({tag->id, std::move(point->place)});
  }
  Requests requests;
  for (auto& [key, body] : bodies) {
    Request request;
    request.device = device.id;
    request.text = (body->observe ? "observe " : "get ") + body->key + " (" + std::to_string(body->wanted.size()) +
                   (body->wanted.size() == 1 ? " tag)" : " tags)");
    for (const ReadBody::Wanted& one : body->wanted) request.tags.push_back(one.tag);
    request.body = std::move(body);
    requests.push_back(std::move(request));
  }
  return requests;
}

void answer_tags(const ReadBody& body, const Incoming& message, WallTime now, SampleSink& sink) {
  if (!is_success(message.code)) {
    for (const ReadBody::Wanted& one : body.wanted) sink.bad(one.tag, Reason::device_refused, decimal(message.code));
    return;
  }
  Payload payload(message.content_format, message.payload, now);
  for (const ReadBody::Wanted& one : body.wanted) answer_tag(one.tag, payload.take(one.place), sink);
}

}  // namespace ferrule::coap
