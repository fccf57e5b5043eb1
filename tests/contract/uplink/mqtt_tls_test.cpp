// TLS: whoever cannot prove to be this host gets no payload, and there is no way back to plain TCP.
#include <gtest/gtest.h>

#include "tests/contract/uplink/certificates.h"
#include "tests/contract/uplink/listener.h"
#include "tests/contract/uplink/recorder.h"
#include "tests/contract/uplink/setup.h"

namespace ferrule {
namespace {

constexpr const char* kRightHost = "DNS:localhost,IP:127.0.0.1";

class MqttTls : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates_ = new Certificates;
    certificates_->issue("right", kRightHost);
    certificates_->issue("wrong_host", "DNS:elsewhere.example,IP:127.0.0.9");
    certificates_->issue("expired", kRightHost, "-startdate 20200101000000Z -enddate 20200201000000Z");
    certificates_->issue("not_yet", kRightHost, "-startdate 20480101000000Z -enddate 20480201000000Z");
    certificates_->issue("client", "DNS:client");
  }
  static void TearDownTestSuite() {
    delete certificates_;
    certificates_ = nullptr;
  }
  static std::string file(const std::string& name) { return certificates_->file(name); }

  static std::vector<std::string> server(const std::string& name, bool client_needed = false) {
    std::vector<std::string> options = {"certfile " + file(name + ".pem"), "keyfile " + file(name + ".key")};
    if (client_needed) {
      options.push_back("cafile " + file("ca.pem"));
      options.push_back("require_certificate true");
    }
    return options;
  }
  struct TlsSetup : UplinkSetup {
    explicit TlsSetup(const Mosquitto& broker, const std::string& ca = "ca") : UplinkSetup(broker.port()) {
      settings.mqtt.tls.on = true;
      if (!ca.empty()) settings.mqtt.tls.ca_file = file(ca + ".pem");
    }
  };
  // Connects, and says what became of it.
  static Recorder::Seen attempt(UplinkSetup& with) {
    Recorder recorder;
    const auto uplink = with.make(recorder);
    uplink->connect();
    EXPECT_TRUE(recorder.wait([](const auto& seen) { return seen.connects + seen.losses.size() > 0; }));
    if (recorder.seen().connects > 0) {
      EXPECT_TRUE(uplink->publish({"t", "secret", 1, false}, 1).ok());
      EXPECT_TRUE(recorder.wait_answers(1));
    } else {
      EXPECT_FALSE(uplink->publish({"t", "secret", 1, false}, 1).ok());
    }
    return recorder.seen();
  }

  static Certificates* certificates_;
};
Certificates* MqttTls::certificates_ = nullptr;

TEST_F(MqttTls, the_right_certificate_is_taken_by_name_and_by_address) {
  Mosquitto broker(server("right"));
  for (const char* host : {"127.0.0.1", "localhost"}) {
    TlsSetup with(broker);
    with.settings.mqtt.host = host;
    EXPECT_EQ(attempt(with).connects, 1) << host;
  }
}

TEST_F(MqttTls, what_cannot_be_trusted_gets_nothing_and_the_second_attempt_knows_why) {
  const struct {
    const char *server, *ca, *why;
  } cases[] = {{"right", "other_ca", "unable to get local issuer"},
               {"right", "", "unable to get local issuer"},
               {"expired", "ca", "expired"},
               {"not_yet", "ca", "not yet valid"},
               {"wrong_host", "ca", "IP address mismatch"}};
  for (const auto& of : cases) {
    Mosquitto broker(server(of.server));
    TlsSetup with(broker, of.ca);
    Recorder recorder;
    const auto uplink = with.make(recorder);
    for (size_t attempt = 1; attempt <= 2; ++attempt) {
      uplink->connect();
      ASSERT_TRUE(recorder.wait_lost(attempt));
      EXPECT_FALSE(uplink->publish({"t", "secret", 1, false}, attempt).ok());
    }
    const auto seen = recorder.seen();
    EXPECT_EQ(seen.connects, 0) << of.server << " " << of.ca;
    EXPECT_EQ(seen.losses[1].fault(), Fault::refused);
    EXPECT_NE(seen.losses[1].what().find(of.why), std::string::npos) << of.server << ": " << seen.losses[1].what();
  }
}

TEST_F(MqttTls, a_file_that_is_not_there_is_named) {
  Mosquitto broker(server("right"));
  TlsSetup with(broker, "no_such");
  Recorder recorder;
  const auto uplink = with.make(recorder);
  for (size_t attempt = 1; attempt <= 2; ++attempt) {
    uplink->connect();
    ASSERT_TRUE(recorder.wait_lost(attempt));
  }
  EXPECT_NE(recorder.seen().losses[1].what().find("no_such.pem"), std::string::npos) << recorder.seen().losses[1].what();
}

TEST_F(MqttTls, a_plain_broker_is_not_spoken_to_in_plain) {
  Mosquitto broker;
  Listener listener(broker.port(), "t");
  TlsSetup with(broker);
  EXPECT_EQ(attempt(with).connects, 0);
  UplinkSetup plain(broker.port());
  EXPECT_EQ(attempt(plain).connects, 1);
  ASSERT_TRUE(listener.hear("t", "secret"));
  EXPECT_EQ(listener.heard().size(), 1u);  // only the plain one's
}

TEST_F(MqttTls, a_broker_that_wants_to_know_its_client_gets_the_certificate) {
  Mosquitto broker(server("right", true));
  TlsSetup with(broker);
  EXPECT_EQ(attempt(with).connects, 0);
  with.settings.mqtt.tls.certificate_file = file("client.pem");
  with.settings.mqtt.tls.key_file = file("client.key");
  EXPECT_EQ(attempt(with).connects, 1);
}

}  // namespace
}  // namespace ferrule
