#include "rest/metrics.h"

#include <charconv>
#include <cmath>
#include <span>

namespace ferrule {

namespace {

// One metric of a kind of report: a family of lines, one a report.
template <class Report>
struct Series {
  std::string_view name, type, help;
  double (*value)(const Report&);
};

// Defines a counter or gauge that is simply a field of the report.
#define FERRULE_FIELD(report, field) [](const report& r) { return static_cast<double>(r.field); }

constexpr Series<GatewayReport> kGateway[] = {
    {"ferrule_healthy", "gauge", "1 when nothing makes health red.",
     [](const GatewayReport& r) { return r.problems.empty() ? 1. : 0.; }},
    {"ferrule_problems", "gauge", "What makes health red, counted.", FERRULE_FIELD(GatewayReport, problems.size())},
    {"ferrule_config_refused", "gauge", "1 when the configuration file on disk is not the one that runs.",
     [](const GatewayReport& r) { return r.config_trouble.empty() ? 0. : 1.; }},
    {"ferrule_uptime_seconds", "gauge", "Time since the start.",
     [](const GatewayReport& r) { return std::chrono::duration<double>(r.uptime).count(); }},
    {"ferrule_boot", "gauge", "The persisted number of this start.", FERRULE_FIELD(GatewayReport, boot)},
    {"ferrule_tags", "gauge", "Configured tags.", FERRULE_FIELD(GatewayReport, tags)},
};

constexpr Series<ChannelReport> kChannel[] = {
    {"ferrule_channel_connected", "gauge", "1 when the link is up.",
     [](const ChannelReport& r) { return r.state == "connected" ? 1. : 0.; }},
    {"ferrule_channel_devices", "gauge", "Devices on the channel.", FERRULE_FIELD(ChannelReport, devices)},
    {"ferrule_channel_tags", "gauge", "Tags on the channel.", FERRULE_FIELD(ChannelReport, tags)},
    {"ferrule_channel_busy_ratio", "gauge", "Share of the last minute with an exchange on the wire.",
     FERRULE_FIELD(ChannelReport, busy)},
    {"ferrule_channel_requests_total", "counter", "Exchanges begun.", FERRULE_FIELD(ChannelReport, requests)},
    {"ferrule_channel_answered_total", "counter", "Exchanges answered.", FERRULE_FIELD(ChannelReport, answered)},
    {"ferrule_channel_timeouts_total", "counter", "Exchanges without an answer in time.", FERRULE_FIELD(ChannelReport, timeouts)},
    {"ferrule_channel_refused_total", "counter", "Exchanges that the device refused.", FERRULE_FIELD(ChannelReport, refused)},
    {"ferrule_channel_bad_replies_total", "counter", "Replies that cannot be one to the request.",
     FERRULE_FIELD(ChannelReport, bad_replies)},
    {"ferrule_channel_disconnects_total", "counter", "Losses of the link.", FERRULE_FIELD(ChannelReport, disconnects)},
    {"ferrule_channel_polls_total", "counter", "Polls of a group.", FERRULE_FIELD(ChannelReport, polls)},
    {"ferrule_channel_overruns_total", "counter", "Polls that were not begun in their own period.",
     FERRULE_FIELD(ChannelReport, overruns)},
    {"ferrule_channel_sent_bytes_total", "counter", "Bytes put on the wire.", FERRULE_FIELD(ChannelReport, bytes_out)},
    {"ferrule_channel_received_bytes_total", "counter", "Bytes taken from the wire.", FERRULE_FIELD(ChannelReport, bytes_in)},
};

constexpr Series<DeviceReport> kDevice[] = {
    {"ferrule_device_online", "gauge", "1 when the device answers.", [](const DeviceReport& r) { return r.online ? 1. : 0.; }},
    {"ferrule_device_last_answer_timestamp_seconds", "gauge", "When it last answered, 0 for never.",
     [](const DeviceReport& r) { return r.last_answer ? static_cast<double>(unix_ms(*r.last_answer)) / 1000 : 0.; }},
    {"ferrule_device_requests_total", "counter", "Requests to the device.", FERRULE_FIELD(DeviceReport, requests)},
    {"ferrule_device_answered_total", "counter", "Answers.", FERRULE_FIELD(DeviceReport, answered)},
    {"ferrule_device_timeouts_total", "counter", "Requests without an answer in time.", FERRULE_FIELD(DeviceReport, timeouts)},
    {"ferrule_device_refused_total", "counter", "Requests that it refused.", FERRULE_FIELD(DeviceReport, refused)},
    {"ferrule_device_bad_replies_total", "counter", "Replies that cannot be one to the request.",
     FERRULE_FIELD(DeviceReport, bad_replies)},
    {"ferrule_device_writes_total", "counter", "Commands written.", FERRULE_FIELD(DeviceReport, writes)},
};

constexpr Series<UplinkReport> kUplink[] = {
    {"ferrule_uplink_connected", "gauge", "1 when the link is up.", [](const UplinkReport& r) { return r.connected ? 1. : 0.; }},
    {"ferrule_uplink_in_flight", "gauge", "Messages sent and not acknowledged.", FERRULE_FIELD(UplinkReport, in_flight)},
    {"ferrule_uplink_waiting_records", "gauge", "Records that wait for this uplink.",
     FERRULE_FIELD(UplinkReport, waiting_records)},
    {"ferrule_uplink_ack_seconds", "gauge", "How long an acknowledgement takes now.",
     [](const UplinkReport& r) { return r.ack_ms / 1000; }},
    {"ferrule_uplink_connects_total", "counter", "Connections made.", FERRULE_FIELD(UplinkReport, connects)},
    {"ferrule_uplink_messages_sent_total", "counter", "Messages sent, repeats included.",
     FERRULE_FIELD(UplinkReport, messages_sent)},
    {"ferrule_uplink_messages_settled_total", "counter", "Messages acknowledged.", FERRULE_FIELD(UplinkReport, messages_settled)},
    {"ferrule_uplink_messages_unheard_total", "counter", "Messages acknowledged that nobody subscribes to.",
     FERRULE_FIELD(UplinkReport, unheard)},
    {"ferrule_uplink_messages_refused_total", "counter", "Messages refused for a passing reason.",
     FERRULE_FIELD(UplinkReport, refused)},
    {"ferrule_uplink_messages_rejected_total", "counter", "Messages refused for good: dead letters.",
     FERRULE_FIELD(UplinkReport, rejected)},
    {"ferrule_uplink_sent_bytes_total", "counter", "Bytes of payload sent.", FERRULE_FIELD(UplinkReport, bytes_sent)},
    {"ferrule_uplink_samples_read_total", "counter", "Samples for this uplink: sent + stored + suppressed + dropped.",
     FERRULE_FIELD(UplinkReport, read)},
    {"ferrule_uplink_samples_sent_total", "counter", "Samples acknowledged.", FERRULE_FIELD(UplinkReport, sent)},
    {"ferrule_uplink_samples_stored", "gauge", "Samples that wait.", FERRULE_FIELD(UplinkReport, stored)},
    {"ferrule_uplink_samples_suppressed_total", "counter", "Samples that a deadband or rule kept back.",
     FERRULE_FIELD(UplinkReport, suppressed)},
    {"ferrule_uplink_samples_dropped_total", "counter", "Samples lost, each in a loss record.",
     FERRULE_FIELD(UplinkReport, dropped)},
};

constexpr Series<OutboxReport> kOutbox[] = {
    {"ferrule_outbox_memory_bytes", "gauge", "Records that wait in memory.", FERRULE_FIELD(OutboxReport, memory_bytes)},
    {"ferrule_outbox_disk_bytes", "gauge", "Size of the log on disk.", FERRULE_FIELD(OutboxReport, disk_bytes)},
    {"ferrule_outbox_max_bytes", "gauge", "Its limit.", FERRULE_FIELD(OutboxReport, max_size)},
    {"ferrule_outbox_blocks", "gauge", "Blocks in the log.", FERRULE_FIELD(OutboxReport, blocks)},
    {"ferrule_outbox_trouble", "gauge", "1 when the log cannot be written.",
     [](const OutboxReport& r) { return r.trouble.empty() ? 0. : 1.; }},
    {"ferrule_outbox_commits_total", "counter", "Commits to disk.", FERRULE_FIELD(OutboxReport, commits)},
    {"ferrule_outbox_written_bytes_total", "counter", "Bytes written to disk.", FERRULE_FIELD(OutboxReport, bytes_written)},
};

constexpr Series<RestCounters> kRest[] = {
    {"ferrule_rest_connections", "gauge", "Open connections of this API.", FERRULE_FIELD(RestCounters, connections)},
    {"ferrule_rest_streams", "gauge", "Open live streams.", FERRULE_FIELD(RestCounters, streams)},
    {"ferrule_rest_connections_total", "counter", "Connections accepted.", FERRULE_FIELD(RestCounters, accepted)},
    {"ferrule_rest_turned_away_total", "counter", "Connections and streams beyond the limit.",
     FERRULE_FIELD(RestCounters, turned_away)},
    {"ferrule_rest_accept_pauses_total", "counter", "Times that no connection could be accepted.",
     FERRULE_FIELD(RestCounters, accept_pauses)},
    {"ferrule_rest_requests_total", "counter", "Requests answered.", FERRULE_FIELD(RestCounters, requests)},
    {"ferrule_rest_client_errors_total", "counter", "Answers 4xx.", FERRULE_FIELD(RestCounters, client_errors)},
    {"ferrule_rest_server_errors_total", "counter", "Answers 5xx.", FERRULE_FIELD(RestCounters, server_errors)},
    {"ferrule_rest_live_samples_lost_total", "counter", "Live samples that slow readers did not get.",
     FERRULE_FIELD(RestCounters, lost_live)},
};

#undef FERRULE_FIELD

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '"': out += "\\\""; break;
      case '\n': out += "\\n"; break;
      default: out += c;
    }
  }
}

void append_number(std::string& out, double number) {
  constexpr double kExact = 9007199254740992;  // 2^53
  char digits[40];
  const bool whole = std::fabs(number) <= kExact && std::floor(number) == number;
  const auto end = whole ? std::to_chars(digits, digits + sizeof digits, static_cast<int64_t>(number))
                         : std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end.ptr);
}

void append_head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

std::string label(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  append_escaped(text, value);
  return text += '"';
}

std::string labels(const ChannelReport& report) { return label("channel", report.name) + "," + label("driver", report.driver); }
std::string labels(const DeviceReport& report) { return label("channel", report.channel) + "," + label("device", report.name); }
std::string labels(const UplinkReport& report) { return label("uplink", report.name); }
template <class Single>
std::string labels(const Single&) {
  return {};
}

template <class Report, size_t N>
void append_all(std::string& out, const Series<Report> (&table)[N], std::span<const Report> reports) {
  std::vector<std::string> labelled;
  labelled.reserve(reports.size());
  for (const Report& report : reports) labelled.push_back(labels(report));
  for (const Series<Report>& series : table) {
    append_head(out, series.name, series.type, series.help);
    for (size_t i = 0; i < reports.size(); ++i) {
      out += series.name;
      if (!labelled[i].empty()) out.append("{").append(labelled[i]).append("}");
      out += ' ';
      append_number(out, series.value(reports[i]));
      out += '\n';
    }
  }
}

// One series, a label per kind of event.
void append_events(std::string& out, std::span<const ChannelReport> channels) {
  append_head(out, "ferrule_channel_events_total", "counter", "What a listening channel counts beside its samples.");
  for (const ChannelReport& channel : channels) {
    for (const ChannelEvent& event : channel.events) {
      out += "ferrule_channel_events_total{" + labels(channel) + "," + label("event", event.what) + "} ";
      append_number(out, event.times);
      out += '\n';
    }
  }
}

}  // namespace

std::string metrics_text(const GatewayApi& api, const RestCounters& rest) {
  std::string out;
  const GatewayReport gateway = api.gateway();
  append_head(out, "ferrule_info", "gauge", "Always 1; its labels say which gateway this is.");
  out += "ferrule_info{" + label("gateway", gateway.id) + "," + label("version", gateway.version) + "} 1\n";
  append_all<GatewayReport>(out, kGateway, {&gateway, 1});
  const std::vector<ChannelReport> channels = api.channels();
  append_all<ChannelReport>(out, kChannel, channels);
  append_events(out, channels);
  append_all<DeviceReport>(out, kDevice, api.devices());
  append_all<UplinkReport>(out, kUplink, api.uplinks());
  const OutboxReport outbox = api.outbox();
  append_all<OutboxReport>(out, kOutbox, {&outbox, 1});
  append_all<RestCounters>(out, kRest, {&rest, 1});
  return out;
}

}  // namespace ferrule
