// The contract on all three ways to a Modbus device, with pymodbus at the other end.
#include "driver_contract.h"
#include "tests/fakes/modbus_channel.h"
#include "tests/fakes/pymodbus_server.h"
#include "tests/fakes/serial_cable.h"

namespace ferrule {

namespace {

class ModbusWorld : public DriverWorld {
 public:
  const DriverType& type() const override { return k_modbus_driver; }
  const ChannelSettings& channel() const override { return channel_.settings; }
  const Names& names() const override { return channel_.names; }
  TagId writable() const override { return writable_; }

 protected:
  void add_devices() {
    channel_.device(1);
    channel_.tag("holding:100");
    channel_.tag("holding:101", "float32");
    channel_.tag("holding:40.3");
    channel_.tag("input:5", "int32");
    channel_.tag("coil:7");
    channel_.tag("10002");
    channel_.tag("holding:104", "string", false, 7);
    writable_ = channel_.tag("holding:1010", "int32", true);
    channel_.device(9);
    channel_.tag("holding:0");
  }
  ModbusChannel channel_;

 private:
  TagId writable_ = TagId::none;
};

class TcpWorld final : public ModbusWorld {
 public:
  explicit TcpWorld(bool rtu) {
    std::vector<std::string> options{"--mute-missing"};
    if (rtu) options.emplace_back("--rtu");
    server_.emplace(options);
    channel_.tcp(server_->port(), rtu);
    add_devices();
  }
  void cut_link() override { server_.reset(); }

 private:
  std::optional<PymodbusServer> server_;
};

// The driver's port, a cable, the server's port.
class SerialWorld final : public ModbusWorld {
 public:
  SerialWorld() {
    server_.emplace(std::vector<std::string>{"--serial", cable_->second()});
    channel_.serial(cable_->first());
    add_devices();
  }
  void cut_link() override { cable_.reset(); }

 private:
  std::optional<SerialCable> cable_{std::in_place};
  std::optional<PymodbusServer> server_;
};

INSTANTIATE_TEST_SUITE_P(Modbus, DriverContract,
                         testing::Values(DriverCase{"tcp", [] { return std::make_unique<TcpWorld>(false); }},
                                         DriverCase{"rtu_over_tcp", [] { return std::make_unique<TcpWorld>(true); }},
                                         DriverCase{"rtu_serial", [] { return std::make_unique<SerialWorld>(); }}),
                         [](const testing::TestParamInfo<DriverCase>& one) { return one.param.name; });

}  // namespace

}  // namespace ferrule
