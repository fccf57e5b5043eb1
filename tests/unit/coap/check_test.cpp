// What check says about a channel, and how paths are read.
#include <gmock/gmock.h>

#include "coap/code.h"
#include "coap/fields.h"
#include "coap/point.h"
#include "tests/fakes/coap_channel.h"

namespace ferrule::coap {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Resource, is_parted_at_slashes_and_ampersands_and_unescaped) {
  const auto resource = parse_resource("/a%2Fb/c?u=%C2%B0&v");
  ASSERT_TRUE(resource.ok());
  EXPECT_THAT(resource->path, ElementsAre("a/b", "c"));
  EXPECT_THAT(resource->query, ElementsAre("u=\xC2\xB0", "v"));
  EXPECT_TRUE(parse_resource("/")->path.empty());
}

TEST(Resource, says_what_to_write_instead) {
  EXPECT_EQ(check_path("temp").what(), "a path begins with a slash: /sensors/temp");
  EXPECT_THAT(check_path("/100%").what(), HasSubstr("%25"));
  EXPECT_THAT(check_path("/" + std::string(256, 'x')).what(), HasSubstr("255"));
}

TEST(Code, is_told_as_people_write_it) {
  EXPECT_EQ(decimal(code(4, 4)), 404);
  EXPECT_EQ(code_text(code(4, 4)), "4.04: there is no such resource: check `path`");
  EXPECT_EQ(code_text(code(5, 31)), "5.31");
}

std::string complaint(const Complaints& complaints) { return complaints.empty() ? "" : complaints.front().what; }

TEST(Check, a_sound_channel_has_no_complaint) {
  CoapChannel channel;
  channel.device(5683);
  channel.tag("/t");
  channel.tag("/j", {{"value", text("/t")}, {"format", text("json")}});
  EXPECT_EQ(complaint(channel.complaints()), "");
}

struct TagCase {
  std::vector<Setting> settings;
  std::string complaint;
};

TEST(Check, places_must_fit_their_format) {
  const std::vector<TagCase> cases{
      {{{"record", text("t")}, {"value", text("/t")}}, "record names a SenML record"},
      {{{"record", text("t")}, {"format", text("json")}}, "record goes with SenML, not with json"},
      {{{"value", text("/t")}, {"format", text("text")}}, "value is a place in JSON or CBOR, not in text"},
      {{{"value", text("/t")}, {"format", text("senml_cbor")}}, "name the record"},
      {{{"type", text("number")}, {"format", text("bytes")}}, "bytes are taken as they are"},
  };
  for (const TagCase& one : cases) {
    CoapChannel channel;
    channel.device(5683);
    channel.tag("/t", one.settings);
    EXPECT_THAT(complaint(channel.complaints()), HasSubstr(one.complaint));
  }
}

TEST(Check, dtls_knows_a_device_by_a_key_or_by_a_certificate) {
  const std::vector<TagCase> cases{
      {{{"identity", text("g")}}, "identity and key belong together"},
      {{{"identity", text("g")}, {"key", text("k")}, {"ca", text("/f")}}, "a device is known by a key or by its certificate"},
      {{{"server_name", text("s")}}, "write how the device is known"},
      {{{"ca", text("/f")}, {"certificate", text("/c")}}, "certificate and private_key belong together"},
  };
  for (const TagCase& one : cases) {
    CoapChannel channel;
    channel.device(5684, {{"dtls", object(settings_of(kDtlsFields, one.settings))}});
    EXPECT_THAT(complaint(channel.complaints()), HasSubstr(one.complaint));
  }
}

TEST(Check, a_device_needs_a_host) {
  CoapChannel channel;
  channel.device(5683);
  channel.settings.devices[0].fields = Fields(k_coap_driver.device_fields);
  EXPECT_EQ(complaint(channel.complaints()), "device d0 needs host: its name or address");
}

}  // namespace

}  // namespace ferrule::coap
