#include "rest/answers.h"

#include <algorithm>

#include "core/json_text.h"
#include "core/nearest.h"
#include "rest/metrics.h"
#include "rest/report_json.h"

namespace ferrule {

namespace {

using json::Object;

// Appends [ ... ] of what `append` writes for each.
template <class Items, class Append>
void append_list(std::string& out, const Items& items, Append append) {
  json::Array array(out);
  for (const auto& item : items) array.next(), append(item);
  array.close();
}

template <class Items, class Append>
HttpReply list_reply(std::string_view name, const Items& items, Append append) {
  HttpReply reply;
  Object object(reply.body);
  object.key(name);
  append_list(reply.body, items, [&](const auto& item) { append(reply.body, item); });
  object.close();
  return reply;
}

// The one with this name, or a 404 that names the nearest.
template <class Report, class Append>
HttpReply one_reply(const std::vector<Report>& reports, std::string_view what, std::string_view name, Append append) {
  HttpReply reply;
  std::vector<std::string_view> names;
  for (const Report& report : reports) {
    if (report.name == name) return append(reply.body, report), reply;
    names.push_back(report.name);
  }
  return error_reply(404, "there is no " + std::string(what) + " '" + std::string(name) + "'" + did_you_mean(name, names));
}

void append_devices_in_short(std::string& out, const std::vector<DeviceReport>& devices) {
  const auto online = static_cast<uint64_t>(std::ranges::count_if(devices, &DeviceReport::online));
  Object object(out);
  object.number("total", static_cast<uint64_t>(devices.size()));
  object.number("online", online);
  object.key("in_trouble");
  json::Array array(out);
  for (const DeviceReport& device : devices) {
    if (!device.online || !device.trouble.empty()) array.next(), append_device(out, device);
  }
  array.close();
  object.close();
}

void append_channel_in_short(std::string& out, const ChannelReport& report) { append_channel(out, report, false); }

HttpReply values_reply(const std::vector<TagReport>& tags) { return list_reply("values", tags, append_tag); }

}  // namespace

HttpReply answer_hint(const RouteCall& call) {
  const GatewayReport gateway = call.api.gateway();
  HttpReply reply;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = "ferrule " + gateway.version + ", gateway " + gateway.id + ": try /api/v1/status, /api/v1/values or /metrics\n";
  return reply;
}

HttpReply answer_status(const RouteCall& call) {
  const GatewayReport gateway = call.api.gateway();
  HttpReply reply;
  std::string& out = reply.body;
  Object object(out);
  object.key("gateway"), append_gateway(out, gateway);
  object.key("health"), append_problems(out, gateway);
  object.key("channels"), append_list(out, call.api.channels(), [&](const auto& item) { append_channel_in_short(out, item); });
  object.key("devices"), append_devices_in_short(out, call.api.devices());
  object.key("uplinks"), append_list(out, call.api.uplinks(), [&](const auto& item) { append_uplink(out, item); });
  object.key("outbox"), append_outbox(out, call.api.outbox());
  object.close();
  return reply;
}

HttpReply answer_health(const RouteCall& call) {
  const GatewayReport gateway = call.api.gateway();
  HttpReply reply;
  reply.status = gateway.problems.empty() ? 200 : 503;
  append_problems(reply.body, gateway);
  return reply;
}

HttpReply answer_channels(const RouteCall& call) { return list_reply("channels", call.api.channels(), append_channel_in_short); }

HttpReply answer_channel(const RouteCall& call) {
  return one_reply(call.api.channels(), "channel", call.argument,
                   [](std::string& out, const ChannelReport& report) { append_channel(out, report, true); });
}

HttpReply answer_frames(const RouteCall& call) {
  const auto frames = call.api.frames(call.argument);
  return frames.ok() ? list_reply("frames", *frames, append_frame) : error_reply(frames.status());
}

HttpReply answer_devices(const RouteCall& call) { return list_reply("devices", call.api.devices(), append_device); }

HttpReply answer_device(const RouteCall& call) { return one_reply(call.api.devices(), "device", call.argument, append_device); }

HttpReply answer_values(const RouteCall& call) {
  const std::vector<std::string> devices = call.request.target.all("device");
  const std::vector<std::string> tags = call.request.target.all("tag");
  std::vector<TagReport> found;
  if (tags.empty() && devices.empty()) {
    const Result<std::vector<TagReport>> all = call.api.values({});
    return all.ok() ? values_reply(*all) : error_reply(all.status());
  }
  if (devices.size() > 1)
    return error_reply(400, "?device= may stand once");  // else one request could ask for all tags 800 times
  if (!devices.empty()) {
    if (devices[0].empty()) return error_reply(400, "?device= names no device");
    Result<std::vector<TagReport>> of_device = call.api.values(devices[0]);
    if (!of_device.ok()) return error_reply(of_device.status());
    found = std::move(*of_device);
  }
  for (const std::string& tag : tags) {
    Result<TagReport> one = call.api.value(tag);
    if (!one.ok()) return error_reply(one.status());
    found.push_back(std::move(*one));
  }
  return values_reply(found);
}

HttpReply answer_value(const RouteCall& call) {
  const Result<TagReport> tag = call.api.value(call.argument);
  if (!tag.ok()) return error_reply(tag.status());
  HttpReply reply;
  append_tag(reply.body, *tag);
  return reply;
}

HttpReply answer_uplinks(const RouteCall& call) { return list_reply("uplinks", call.api.uplinks(), append_uplink); }

HttpReply answer_outbox(const RouteCall& call) {
  HttpReply reply;
  append_outbox(reply.body, call.api.outbox());
  return reply;
}

HttpReply answer_metrics(const RouteCall& call) {
  HttpReply reply;
  reply.content_type = kMetricsType;
  reply.body = metrics_text(call.api, call.counters);
  return reply;
}

HttpReply answer_reload(const RouteCall& call) {
  const Status status = call.api.reload();
  if (!status.ok()) {
    return error_reply(status.fault() == Fault::invalid ? 422 : 503, status.what(), "the configuration that ran keeps running");
  }
  HttpReply reply;
  reply.status = 202;  // the gateway reads the file in its own time; a refusal is told where every other trouble is
  reply.body = R"({"accepted":true,"hint":"gateway.config_trouble in /api/v1/status says so when the file is refused"})";
  return reply;
}

HttpReply answer_write(const WriteReply& outcome) {
  struct Meaning {
    unsigned status;
    std::string_view error, hint;
  };
  constexpr std::string_view kSafe = "nothing was written: safe to repeat, with a new id";
  const auto meaning = [&]() -> Meaning {
    switch (outcome.result) {
      case CommandResult::done: return {200, {}, {}};
      case CommandResult::refused: return {409, "the device refused it", {}};
      case CommandResult::expired: return {503, "it expired before the device could be asked", kSafe};
      case CommandResult::failed: return {503, "it did not reach the device", kSafe};
      case CommandResult::unknown: break;
    }
    return {504, "it was sent and no answer came", "it may have been written: read the value before you repeat it"};
  }();
  HttpReply reply;
  reply.status = meaning.status;
  Object object(reply.body);
  object.text("outcome", to_text(outcome.result));
  object.text("id", outcome.id);
  if (outcome.waited > Duration::zero()) object.number("waited", std::chrono::duration<double>(outcome.waited).count());
  if (outcome.repeated) object.boolean("repeated", true);
  if (!outcome.reason.empty()) object.text("reason", outcome.reason);
  if (!meaning.error.empty()) object.text("error", meaning.error);
  if (!meaning.hint.empty()) object.text("hint", meaning.hint);
  object.close();
  return reply;
}

}  // namespace ferrule
