// What `ferrule status`, `get`, `set` and `watch` print and return, against a server over a fake gateway.
#include "app/client_commands.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>

#include "app/client_answer.h"
#include "app/frames_command.h"
#include "app/text_table.h"
#include "tests/unit/rest/rest_fixture.h"

namespace ferrule {
namespace {

using testing::HasSubstr;
using testing::Not;

// A file whose text a test can read, also while another thread writes.
class Paper {
 public:
  Paper() : file_(std::tmpfile()) {}
  ~Paper() { std::fclose(file_); }
  Paper(const Paper&) = delete;
  Paper& operator=(const Paper&) = delete;
  std::FILE* file() const { return file_; }
  std::string text() const {
    std::fflush(file_);
    std::string text(65536, '\0');
    const ssize_t got = ::pread(::fileno(file_), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return text;
  }

 private:
  std::FILE* file_;
};

class ClientCommands : public RestFixture {
 protected:
  ClientCall call(bool json = false) const { return {settings.socket, json, out.file(), err.file()}; }
  Paper out, err;
};

TEST_F(ClientCommands, without_a_gateway_each_returns_2_and_names_the_remedy) {
  EXPECT_EQ(show_status(call()), 2);
  EXPECT_EQ(get_values(call(), {}), 2);
  EXPECT_EQ(set_value(call(), "boiler.setpoint", "65", ""), 2);
  EXPECT_EQ(watch_values(call(), {}), 2);
  EXPECT_THAT(err.text(), HasSubstr("is it running? try `systemctl status ferrule`"));
  EXPECT_EQ(out.text(), "");
}

TEST_F(ClientCommands, frames_shows_each_exchange_in_bytes_and_words) {
  start();
  EXPECT_EQ(show_frames(call(), "line_a"), 0);
  EXPECT_THAT(out.text(), HasSubstr(" boiler: ok, 12.0 ms\n  sent     05 03 00 64 00 01 44 43\n"
                                    "           unit 5, read holding 100\n  received 05 03 02 00 41 88 74\n"));
  EXPECT_EQ(show_frames(call(), "line_b"), 1);
}

TEST_F(ClientCommands, status_shows_what_is_in_trouble) {
  gateway.report.problems = {"uplink cloud is not connected"};
  gateway.report.uptime = std::chrono::hours(49);
  gateway.channel_reports[0].busy = 0.123;
  gateway.outbox_report.disk_bytes = 3u << 20;
  start();
  EXPECT_EQ(show_status(call()), 0);
  for (const char* part : {"plant7", "up 2d 1h", "NOT GOOD", "- uplink cloud is not connected", "line_a", "12%", "1 of 2 online",
                           "press    ", "does not answer", "never", "cloud", "3.0 MiB on disk"}) {
    EXPECT_THAT(out.text(), HasSubstr(part));
  }
  EXPECT_THAT(out.text(), Not(HasSubstr("boiler")));  // it is well
}

TEST_F(ClientCommands, get_shows_value_units_quality_and_age) {
  gateway.tags[1].sample = {.value = {}, .read_at = {}, .quality = Quality::bad, .reason = Reason::device_refused, .detail = 2};
  gateway.tags[1].timestamp = std::chrono::system_clock::now() - std::chrono::seconds(200);
  start();
  EXPECT_EQ(get_values(call(), {}), 0);
  EXPECT_THAT(out.text(), testing::ContainsRegex("boiler.temperature +81.4  °C +good "));
  EXPECT_THAT(out.text(), testing::ContainsRegex("boiler.setpoint +- +bad: device_refused 2 +3m 20s"));
}

TEST_F(ClientCommands, outbox_status_says_what_waits_for_whom) {
  gateway.outbox_report.trouble = "disk full: no space left";
  gateway.uplink_reports[0].waiting_records = 4711;
  start();
  EXPECT_EQ(show_outbox(call()), 0);
  EXPECT_THAT(out.text(), HasSubstr("disk full: no space left"));
  EXPECT_THAT(out.text(), testing::ContainsRegex("cloud +4711"));
}

TEST_F(ClientCommands, outbox_export_prints_a_line_for_each_record_over_all_pages) {
  gateway.waiting_records.clear();
  for (uint64_t at = 1; at <= 450; ++at) {
    gateway.waiting_records.push_back({.at = at, .boot = 3, .seq = at, .uplink = "cloud", .kind = "samples"});
  }
  start();
  EXPECT_EQ(export_outbox(call(), "cloud", false), 0);
  EXPECT_EQ(std::ranges::count(out.text(), '\n'), 450);
  EXPECT_THAT(out.text(), HasSubstr("\"seq\":450"));
  EXPECT_EQ(export_outbox(call(), "clod", false), 1);
  EXPECT_THAT(err.text(), HasSubstr("clod"));
}

TEST_F(ClientCommands, outbox_purge_says_how_much_it_gave_up) {
  start();
  EXPECT_EQ(purge_outbox(call(), "cloud", false), 0);
  EXPECT_THAT(out.text(), HasSubstr("1 records given up"));
  EXPECT_EQ(purge_outbox(call(), "", true), 0);
  EXPECT_TRUE(gateway.dead_letters.empty());
}

TEST_F(ClientCommands, get_takes_devices_and_tags) {
  gateway.tags.push_back(tag_report("press.count", Value(int64_t{7})));
  start();
  EXPECT_EQ(get_values(call(), {"press", "boiler.setpoint"}), 0);
  EXPECT_THAT(out.text(), HasSubstr("press.count"));
  EXPECT_THAT(out.text(), HasSubstr("boiler.setpoint"));
  EXPECT_THAT(out.text(), Not(HasSubstr("boiler.temperature")));
}

TEST_F(ClientCommands, what_is_not_there_returns_1_with_the_nearest_name) {
  start();
  EXPECT_EQ(get_values(call(), {"boiler.setpont"}), 1);
  EXPECT_THAT(err.text(), HasSubstr("did you mean 'boiler.setpoint'?"));
  EXPECT_EQ(watch_values(call(), {"boiler.setpont"}), 1);
}

TEST_F(ClientCommands, json_prints_what_the_gateway_sent) {
  start();
  EXPECT_EQ(get_values(call(true), {"boiler.setpoint"}), 0);
  EXPECT_EQ(parsed(out.text())["values"][0]["value"], 65);
}

TEST_F(ClientCommands, set_sends_the_kind_of_value_that_was_written) {
  struct Case {
    const char* text;
    Value value;
  };
  const Case cases[] = {{"65", Value(int64_t{65})},    {"-0.5", Value(-0.5)},
                        {"true", Value(true)},         {"auto", Value::text("auto")},
                        {"\"65\"", Value::text("65")}, {"null", Value::text("null")},
                        {"[1]", Value::text("[1]")},   {"a \"b\"", Value::text("a \"b\"")}};
  start();
  for (const Case& c : cases) {
    EXPECT_EQ(set_value(call(), "boiler.setpoint", c.text, "2s"), 0) << c.text << err.text();
    EXPECT_EQ(gateway.writes().back().value, c.value) << c.text;
    EXPECT_EQ(gateway.writes().back().expires_in, std::chrono::seconds(2));
  }
  EXPECT_THAT(out.text(), HasSubstr("boiler.setpoint = 65: done"));
}

TEST_F(ClientCommands, a_refused_set_returns_1_and_says_why) {
  gateway.on_write = [](const WriteRequest&, const std::function<void(WriteReply)>& done) {
    done({"x", CommandResult::unknown, "no answer within 500ms"});
    return Status{};
  };
  start();
  EXPECT_EQ(set_value(call(), "boiler.setpoint", "65", ""), 1);
  EXPECT_THAT(err.text(), HasSubstr("no answer within 500ms"));
  EXPECT_THAT(err.text(), HasSubstr("read the value before you repeat it"));
  EXPECT_EQ(set_value(call(), "boiler.setpoint", "65", "soon"), 1);
  EXPECT_EQ(out.text(), "");
}

TEST_F(ClientCommands, watch_prints_a_line_for_each_change) {
  start();
  std::thread publisher([&] {
    await([&] { return gateway.watchers() == 1; });
    for (const double value : {1.5, 1.5, 2.5, 2.5, 2.5, 1.5}) gateway.publish(tag_report("boiler.temperature", Value(value)));
    await([&] {
      return out.text().find("2.5") != std::string::npos && out.text().find("1.5", out.text().find("2.5")) != std::string::npos;
    });
    server.reset();
  });
  EXPECT_EQ(watch_values(call(), {"boiler.temperature"}), 0);
  publisher.join();
  const std::string text = out.text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
}

TEST(TextTable, columns_line_up_and_nothing_escapes_to_the_terminal) {
  TextTable table({"NAME", ">VALUE"});
  table.add({"°C", "1"});
  table.add({"evil\x1b[2J", "22"});
  Paper paper;
  table.print(paper.file());
  EXPECT_EQ(paper.text(), "NAME      VALUE\n°C            1\nevil?[2J     22\n");
}

TEST(AgeText, is_two_units_at_most) {
  struct Case {
    double seconds;
    const char* text;
  };
  for (const Case& c : {Case{0.35, "350ms"}, Case{12.7, "12s"}, Case{200, "3m 20s"}, Case{3600, "1h"}, Case{90061, "1d 1h"},
                        Case{-5, "in the future"}}) {
    EXPECT_EQ(age_text(c.seconds), c.text);
  }
}

}  // namespace
}  // namespace ferrule
