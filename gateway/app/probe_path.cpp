#include "app/probe_path.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "app/builtin_types.h"
#include "app/client_answer.h"
#include "core/units.h"
#include "rest/client.h"
#include "rest/target.h"
#include "sdk/driver.h"

namespace ferrule {

namespace {

using nlohmann::json;

constexpr std::chrono::seconds kConnecting{5};

std::span<const FieldSpec> fields_of(std::span<const FieldSpec> table, std::string_view name) {
  for (const FieldSpec& field : table) {
    if (field.name == name) return field.fields;
  }
  return {};
}

Status set_checked(Fields& fields, std::string_view name, const std::string& value) {
  for (const FieldSpec& field : fields.table()) {
    if (field.name != name || field.words.empty()) continue;
    for (const std::string_view word : field.words) {
      if (word == value) return fields.set(name, value), Status();
    }
    return {Fault::invalid, "--" + std::string(name) + " is none, even or odd, not '" + value + "'"};
  }
  return {};
}

// A channel of the Modbus driver without devices, for probing only.
class OwnLine final : public ProbePath {
 public:
  static Result<std::unique_ptr<ProbePath>> open(const ProbeTarget& target) {
    std::unique_ptr<OwnLine> line(new OwnLine);
    if (Status status = line->describe(target); !status.ok()) return status;
    const DriverType& type = *builtin_types().driver("modbus");
    auto driver = type.build(line->channel_, line->context_);
    if (!driver) return driver.status();
    line->driver_ = std::move(driver).value();
    if (Status status = line->driver_->connect(line->clock_.now() + kConnecting); !status.ok()) return status;
    return std::unique_ptr<ProbePath>(std::move(line));
  }

  ProbeAnswer ask(const ProbeQuestion& question) override {
    if (Status status = driver_->connect(clock_.now() + kConnecting); !status.ok()) return {.status = status};
    return driver_->prober()->probe(question, clock_.now() + question.timeout);
  }

 private:
  OwnLine() { channel_.fields = Fields(builtin_types().driver("modbus")->channel_fields); }

  Status describe(const ProbeTarget& target) {
    channel_.name = "probe";
    channel_.driver = "modbus";
    return target.serial.empty() ? describe_tcp(target) : describe_serial(target);
  }

  Status describe_tcp(const ProbeTarget& target) {
    Fields tcp(fields_of(channel_.fields.table(), "tcp"));
    const size_t colon = target.tcp.rfind(':');
    const bool one_colon = colon != std::string::npos && target.tcp.find(':') == colon;  // more: an IPv6 address
    tcp.set("host", target.tcp.substr(0, one_colon ? colon : std::string::npos));
    if (one_colon) {
      uint16_t port = 0;
      const char* end = target.tcp.data() + target.tcp.size();
      const auto parsed = std::from_chars(target.tcp.data() + colon + 1, end, port);
      if (parsed.ec != std::errc() || parsed.ptr != end || port == 0) return {Fault::invalid, "--tcp takes HOST or HOST:PORT"};
      tcp.set("port", int64_t{port});
    }
    channel_.fields.set("tcp", std::vector<Fields>{tcp});
    if (target.rtu_over_tcp) channel_.fields.set("rtu_over_tcp", true);
    return {};
  }

  Status describe_serial(const ProbeTarget& target) {
    Fields serial(fields_of(channel_.fields.table(), "serial"));
    serial.set("port", target.serial);
    serial.set("baud", target.baud);
    serial.set("stop_bits", target.stop_bits);
    if (Status status = set_checked(serial, "parity", target.parity); !status.ok()) return status;
    channel_.fields.set("serial", std::vector<Fields>{serial});
    return {};
  }

  const SystemClock clock_;
  const Names names_;
  const StopSignal stop_;
  ChannelSettings channel_;
  const ChannelContext context_{.clock = clock_, .names = names_, .stop = stop_};
  std::unique_ptr<Driver> driver_;
};

// The running gateway's own connection.
class GatewayLine final : public ProbePath {
 public:
  GatewayLine(std::string socket, const std::string& channel)
      : socket_(std::move(socket)), target_("/api/v1/channels/" + percent_encoded(channel) + "/probe") {}

  ProbeAnswer ask(const ProbeQuestion& question) override {
    const json body{{"unit", question.unit},
                    {"address", question.address},
                    {"count", question.count},
                    {"timeout", to_text(question.timeout)}};
    const auto reply = rest_call(socket_, "POST", target_, body.dump(), kAsking);
    if (!reply.ok()) return {.status = Status(Fault::disconnected, reply.status().what())};
    const json said = json::parse(reply->body, nullptr, false);
    if (reply->status != 200) return {.status = Status(fault_of(reply->status), text_of(said, "error"))};
    ProbeAnswer answer;
    answer.refused = static_cast<uint16_t>(number_of(said, "refused"));
    answer.refusal = text_of(said, "refusal");
    answer.took = std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(number_of(said, "took_ms")));
    if (!from_hex(text_of(said, "bytes"), answer.bytes)) answer.status = {Fault::bad_reply, "the gateway's answer is no answer"};
    return answer;
  }

 private:
  static constexpr std::chrono::seconds kAsking{40};

  static Fault fault_of(int status) {
    switch (status) {
      case 400: return Fault::invalid;
      case 404: return Fault::not_found;
      case 504: return Fault::timeout;
      default: return Fault::disconnected;
    }
  }

  static bool from_hex(const std::string& text, std::vector<uint8_t>& bytes) {
    for (size_t at = 0; at + 1 < text.size(); at += 2) {
      uint8_t byte = 0;
      const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 2, byte, 16);
      if (error != std::errc() || end != text.data() + at + 2) return false;
      bytes.push_back(byte);
    }
    return text.size() % 2 == 0;
  }

  const std::string socket_, target_;
};

}  // namespace

Result<std::unique_ptr<ProbePath>> open_probe_path(const ProbeTarget& target, const ClientCall& call) {
  const int ways = int{!target.tcp.empty()} + int{!target.serial.empty()} + int{!target.channel.empty()};
  if (ways != 1) return Status(Fault::invalid, "say where: one of --tcp HOST[:PORT], --serial DEVICE, --channel NAME");
  if (!target.channel.empty()) return std::unique_ptr<ProbePath>(new GatewayLine(call.socket, target.channel));
  return OwnLine::open(target);
}

}  // namespace ferrule
