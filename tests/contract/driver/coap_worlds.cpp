// The contract on CoAP, plain and with DTLS, with Debian's coap-server at the other end.
#include "driver_contract.h"
#include "tests/fakes/coap_channel.h"
#include "tests/fakes/coap_server.h"

namespace ferrule {

namespace {

class CoapWorld final : public DriverWorld {
 public:
  explicit CoapWorld(bool secure) {
    if (secure) server_ = std::make_unique<CoapServer>(std::vector<std::string>{"-k", "secret-key"});
    if (!secure) server_ = std::make_unique<CoapServer>();
    std::vector<Setting> fields;
    if (secure) {
      const Fields dtls = settings_of(table("dtls"), {{"identity", text("gateway7")}, {"key", text("secret-key")}});
      fields.emplace_back("dtls", object(dtls));
    }
    channel_.device(secure ? server_->secure_port() : server_->port(), fields);
    channel_.tag("/time");
    channel_.tag("/time?ticks");
    writable_ = channel_.tag("/example_data", {}, true);
    channel_.device(silent_.port());
    channel_.tag("/time");
  }
  const DriverType& type() const override { return k_coap_driver; }
  const ChannelSettings& channel() const override { return channel_.settings; }
  const Names& names() const override { return channel_.names; }
  TagId writable() const override { return writable_; }
  void cut_link() override { server_.reset(); }
  bool has_link() const override { return false; }

 private:
  static std::span<const FieldSpec> table(std::string_view name) {
    for (const FieldSpec& field : k_coap_driver.device_fields) {
      if (field.name == name) return field.fields;
    }
    return {};
  }
  std::unique_ptr<CoapServer> server_;
  UdpSocket silent_;
  CoapChannel channel_;
  TagId writable_ = TagId::none;
};

INSTANTIATE_TEST_SUITE_P(Coap, DriverContract,
                         testing::Values(DriverCase{"plain", [] { return std::make_unique<CoapWorld>(false); }},
                                         DriverCase{"dtls", [] { return std::make_unique<CoapWorld>(true); }}),
                         [](const testing::TestParamInfo<DriverCase>& one) { return one.param.name; });

}  // namespace

}  // namespace ferrule
