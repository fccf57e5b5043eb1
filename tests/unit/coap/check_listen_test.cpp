// What check says about a channel to which devices post.
#include <gmock/gmock.h>

#include "coap/point.h"
#include "tests/fakes/stream_channel.h"

namespace ferrule {

extern const DriverType k_coap_driver;

namespace coap {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Inbox {
  StreamChannel channel{k_coap_driver};
  explicit Inbox(const std::vector<Setting>& listen = {}) { channel.channel("listen", listen); }
  Inbox& device(const std::vector<Setting>& fields = {}, bool writable = false, const std::vector<Setting>& tag = {}) {
    channel.device(fields);
    std::vector<Setting> all{{"path", text("/t")}};
    all.insert(all.end(), tag.begin(), tag.end());
    channel.tag(all, writable);
    return *this;
  }
  std::vector<std::string> complaints() const { return channel.complaints(); }
};

std::vector<Setting> dtls(const std::vector<Setting>& fields) {
  const auto field = std::ranges::find(k_coap_driver.device_fields, "dtls", &FieldSpec::name);
  return {{"dtls", object(settings_of(field->fields, fields))}};
}
std::vector<Setting> secured(const std::string& identity) { return dtls({{"identity", text(identity)}, {"key", text("k")}}); }
std::vector<Setting> certified(const std::string& name) { return dtls({{"common_name", text(name)}}); }

TEST(CheckListen, devices_at_the_same_resource_must_be_told_apart) {
  EXPECT_THAT(Inbox().device().device().complaints(), ElementsAre(HasSubstr("d0 and d1 post to the same /t")));
  EXPECT_THAT(Inbox().device({{"root", text("/a")}}).device().complaints(), IsEmpty());
  EXPECT_THAT(Inbox().device({{"address", text("10.0.0.1")}}).device({{"address", text("10.0.0.2")}}).complaints(), IsEmpty());
  EXPECT_THAT(Inbox().device(secured("a")).device(secured("b")).complaints(), IsEmpty());
  EXPECT_THAT(Inbox().device(secured("a")).device(secured("a")).complaints(), ElementsAre(HasSubstr("post to the same")));
}

TEST(CheckListen, an_address_is_one_however_it_is_written) {
  EXPECT_THAT(Inbox().device({{"address", text("::1")}}).device({{"address", text("0:0:0:0:0:0:0:1")}}).complaints(),
              ElementsAre(HasSubstr("post to the same")));
  EXPECT_THAT(Inbox().device({{"address", text("porch.local")}}).complaints(),
              ElementsAre("'porch.local' is no IP address: write it in numbers, such as 192.168.10.31"));
}

struct CertifiedInbox : Inbox {
  CertifiedInbox() {
    channel.channel("dtls", {{"ca", text("ca.pem")}, {"certificate", text("g.pem")}, {"private_key", text("g.key")}});
  }
};

TEST(CheckListen, a_device_may_say_which_certificate_is_its_own) {
  EXPECT_THAT(CertifiedInbox().device(certified("a")).device(certified("b")).complaints(), IsEmpty());
  EXPECT_THAT(CertifiedInbox().device(certified("a")).device(certified("a")).complaints(),
              ElementsAre(HasSubstr("post to the same")));
  CertifiedInbox whole;
  whole.channel.channel("dtls", {{"common_name", text("a")}});
  EXPECT_THAT(whole.complaints(), ElementsAre(HasSubstr("common_name is of one device")));
  EXPECT_THAT(Inbox().device(certified("a")).complaints(), ElementsAre(HasSubstr("common_name is that of a certificate")));
  const auto both = dtls({{"common_name", text("a")}, {"identity", text("i")}, {"key", text("k")}});
  EXPECT_THAT(CertifiedInbox().device(both).complaints(), testing::Contains(HasSubstr("is of a device that has no certificate")));
}

TEST(CheckListen, unit_ids_make_roots_and_addresses) {
  Inbox inbox;
  for (const int64_t unit : {1, 2}) inbox.device({{"unit_id", whole(unit)}, {"root", text("/n/{unit_id}")}});
  EXPECT_THAT(inbox.complaints(), IsEmpty());
  EXPECT_EQ(device_text(inbox.channel.settings.devices[1].fields, "root"), "/n/2");
}

TEST(CheckListen, what_goes_with_asking_is_refused) {
  EXPECT_THAT(Inbox().device({{"host", text("h")}}).complaints(), ElementsAre(HasSubstr("host is for devices that are asked")));
  EXPECT_THAT(Inbox().device({}, true).complaints(), ElementsAre(HasSubstr("takes no commands")));
  EXPECT_THAT(Inbox().device({}, false, {{"observe", FieldValue(true)}}).complaints(), ElementsAre(HasSubstr("observe is for")));
}

TEST(CheckListen, with_dtls_everybody_needs_it) {
  EXPECT_THAT(Inbox().device(secured("a")).device({{"root", text("/b")}}).complaints(), ElementsAre(HasSubstr("d1 has no dtls")));
}

TEST(CheckListen, two_channels_cannot_have_one_port) {
  EXPECT_EQ(k_coap_driver.resource(Inbox().channel.settings), "udp port 5683 of 127.0.0.1");
  EXPECT_EQ(k_coap_driver.resource(Inbox().device(secured("a")).channel.settings), "udp port 5684 of 127.0.0.1");
  EXPECT_EQ(k_coap_driver.resource(Inbox({{"port", whole(0)}}).channel.settings), "");
}

}  // namespace

}  // namespace coap

}  // namespace ferrule
