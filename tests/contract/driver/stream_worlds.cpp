// The contract on raw TCP, UDP and a serial port, with an instrument that speaks lines at the other end.
#include "driver_contract.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/serial_cable.h"
#include "tests/fakes/stream_channel.h"

namespace ferrule {

namespace {

std::vector<std::string> instrument(const std::string& kind, const std::string& port = "") {
  std::vector<std::string> words{FERRULE_PYTHON, "-u", std::string(FERRULE_SOURCE_DIR) + "/tests/fakes/instrument.py", kind};
  if (!port.empty()) words.push_back(port);
  return words;
}

class StreamWorld : public DriverWorld {
 public:
  explicit StreamWorld(const DriverType& type) : channel_(type) {}
  const DriverType& type() const override { return channel_.type; }
  const ChannelSettings& channel() const override { return channel_.settings; }
  const Names& names() const override { return channel_.names; }
  TagId writable() const override { return writable_; }

 protected:
  void add_devices() {
    channel_.channel("payload", {{"format", text("delimited")}, {"separator", text(";")}});
    channel_.device({{"unit_id", whole(1)}, {"request", text("R {unit}")}});
    channel_.tag({{"at", text("3")}});
    channel_.tag({{"at", text("5")}, {"type", text("string")}});
    channel_.tag({{"at", text("2")}, {"request", text("R  {unit}")}});
    writable_ = channel_.tag(
        {{"at", text("4")}, {"type", text("int32")}, {"set", text("W {unit} {value}")}, {"confirm", text("^OK")}}, true);
    channel_.device({{"unit_id", whole(9)}, {"request", text("R {unit}")}});
    channel_.tag({{"at", text("3")}});
  }
  StreamChannel channel_;

 private:
  TagId writable_ = TagId::none;
};

// The number behind "ready ".
int64_t port_of(ChildProcess& peer) { return std::stoll(peer.hear().substr(6)); }

class SocketWorld final : public StreamWorld {
 public:
  explicit SocketWorld(const std::string& kind) : StreamWorld(k_tcp_driver), peer_(std::in_place, instrument(kind)) {
    channel_.channel(kind, {{"host", text("127.0.0.1")}, {"port", whole(port_of(*peer_))}});
    add_devices();
  }
  void cut_link() override { peer_.reset(); }

 private:
  std::optional<ChildProcess> peer_;
};

class SerialLineWorld final : public StreamWorld {
 public:
  SerialLineWorld() : StreamWorld(k_serial_driver), peer_(std::in_place, instrument("serial", cable_->second())) {
    peer_->hear();
    channel_.channel("serial", {{"port", text(cable_->first())}, {"baud", whole(115200)}});
    add_devices();
  }
  void cut_link() override { cable_.reset(); }

 private:
  std::optional<SerialCable> cable_{std::in_place};
  std::optional<ChildProcess> peer_;
};

INSTANTIATE_TEST_SUITE_P(Streams, DriverContract,
                         testing::Values(DriverCase{"tcp", [] { return std::make_unique<SocketWorld>("tcp"); }},
                                         DriverCase{"udp", [] { return std::make_unique<SocketWorld>("udp"); }},
                                         DriverCase{"serial", [] { return std::make_unique<SerialLineWorld>(); }}),
                         [](const testing::TestParamInfo<DriverCase>& one) { return one.param.name; });

}  // namespace

}  // namespace ferrule
