#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "app/builtin_types.h"
#include "app/check_command.h"
#include "app/client_commands.h"
#include "app/discover_command.h"
#include "app/frames_command.h"
#include "app/plan_command.h"
#include "app/probe_command.h"
#include "app/simulate_command.h"
#include "core/units.h"
#include "host/log.h"
#include "host/service.h"

namespace ferrule {

namespace {

// systemd tells a service its folders in these; by hand the Debian defaults hold.
std::string folder_from(const char* variable, std::string otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr || *value == '\0' ? std::move(otherwise) : std::string(value);
}

void add_folder_options(CLI::App& command, Folders& folders) {
  folders.state = folder_from("STATE_DIRECTORY", folders.state);
  folders.runtime = folder_from("RUNTIME_DIRECTORY", folders.runtime);
  command.add_option("--state", folders.state, "Folder of the outbox, the token and the last good configuration")
      ->capture_default_str();
  command.add_option("--runtime", folders.runtime, "Folder of the command line's socket")->capture_default_str();
  command.add_option("--profiles", folders.profiles, "Folder of device profiles, searched first; may be given several times");
  command.add_option("--secrets", folders.secrets,
                     "Folder of secret files (default: $CREDENTIALS_DIRECTORY, then /etc/ferrule/secrets)");
}

int run(const Folders& folders) {
  static const SystemClock clock;
  Names names;
  open_log("info");
  return run_service({builtin_types(), clock, names, folders, FERRULE_VERSION});
}

void add_run(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("run", "Run the gateway until SIGTERM or Ctrl-C; SIGHUP reloads the configuration");
  auto folders = std::make_shared<Folders>();
  command->add_option("--config", folders->config_file, "Configuration file; conf.d/*.yaml beside it is merged in")
      ->capture_default_str();
  add_folder_options(*command, *folders);
  command->footer("Example:\n  ferrule run --config my.yaml --state /tmp/state --runtime /tmp/run");
  command->callback([folders, &exit_code] { exit_code = run(*folders); });
}

void add_check(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("check", "Say everything that is wrong with a configuration: file:line:column: what, and the remedy");
  auto folders = std::make_shared<Folders>();
  command->add_option("file", folders->config_file, "Configuration file")->capture_default_str();
  add_folder_options(*command, *folders);
  command->footer("Example:\n  ferrule check /etc/ferrule/ferrule.yaml\nExit code 0: it may run. 1: something is wrong.");
  command->callback([folders, &exit_code] { exit_code = check(*folders, stdout); });
}

void add_plan(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("plan", "What a configuration is going to ask on each line, and whether the line bears it");
  auto folders = std::make_shared<Folders>();
  auto json = std::make_shared<bool>(false);
  command->add_option("file", folders->config_file, "Configuration file")->capture_default_str();
  command->add_flag("--json", *json, "Print the plan as JSON");
  add_folder_options(*command, *folders);
  command->footer(
      "Example:\n  ferrule plan /etc/ferrule/ferrule.yaml\nMS is the time on the wire at this baud rate with the device's usual "
      "turnaround, SHARE what it takes of the line's time at its period.\n"
      "Exit code 0: it fits. 1: the configuration is wrong. 3: a line would need more than all of its time.");
  command->callback([folders, json, &exit_code] { exit_code = show_plan(*folders, *json, stdout); });
}

void add_simulate(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "simulate",
      "Serve simulated Modbus devices over TCP and pseudo terminals, from a YAML of registers or your own configuration");
  auto file = std::make_shared<std::string>();
  auto seconds = std::make_shared<double>(0);
  auto desk = std::make_shared<std::string>("/tmp/ferrule-desk");
  auto folders = std::make_shared<Folders>();
  folders->config_file.clear();
  auto* plant = command->add_option("file", *file, "Plant file");
  auto* from =
      command->add_option("--from", folders->config_file, "A gateway's configuration: play its devices instead of a plant file");
  from->excludes(plant);
  command->add_option("--desk", *desk, "With --from: folder for copies of the configuration that lead to the simulated devices")
      ->capture_default_str();
  command->add_option("--seconds", *seconds, "End by itself after this long; without it, run until Ctrl-C");
  add_folder_options(*command, *folders);
  command->footer(
      "Examples:\n  ferrule simulate /usr/share/doc/ferrule/examples/plant.yaml --seconds 60\n"
      "  ferrule simulate --from /etc/ferrule/ferrule.yaml    then run the command that it prints\n"
      "With --from, uplinks to other machines are out of service in the copies: nobody gets simulated values.");
  command->callback([file, folders, desk, seconds, &exit_code] {
    std::optional<Duration> limit;
    if (*seconds > 0) limit = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds));
    if (!folders->config_file.empty()) {
      exit_code = simulate_from(*folders, *desk, limit, stdout);
    } else if (!file->empty()) {
      exit_code = simulate(*file, limit, stdout);
    } else {
      throw CLI::RequiredError("a plant file, or --from with a configuration,");
    }
  });
}

// What the client commands share.
struct ClientOptions {
  std::string runtime = folder_from("RUNTIME_DIRECTORY", "/run/ferrule");
  std::string socket;
  bool json = false;
  std::vector<std::string> names;
  std::string value, expires;

  ClientCall call() const {
    ClientCall made;
    made.socket = socket.empty() ? runtime + "/ferrule.sock" : socket;
    made.json = json;
    return made;
  }
};

std::string client_footer(std::string_view example) {
  return "Example:\n  " + std::string(example) + "\nExit code 0: done. 1: refused. 2: no gateway answers.";
}

std::shared_ptr<ClientOptions> add_client_options(CLI::App& command) {
  auto options = std::make_shared<ClientOptions>();
  command.add_option("--runtime", options->runtime, "Folder of the running gateway's socket")->capture_default_str();
  command.add_option("--socket", options->socket, "The socket itself, where the configuration names another");
  command.add_flag("--json", options->json, "Print what the gateway answers, as JSON");
  return options;
}

void add_probe_options(CLI::App& command, ProbeOptions& options) {
  command.add_option("--tcp", options.target.tcp, "HOST or HOST:PORT of a device or gateway that speaks Modbus TCP");
  command.add_flag("--rtu-over-tcp", options.target.rtu_over_tcp, "With --tcp: RTU frames instead");
  command.add_option("--serial", options.target.serial, "Serial device of an RS-485 line");
  command.add_option("--baud", options.target.baud, "Of the line")->capture_default_str();
  command.add_option("--parity", options.target.parity, "Of the line: none, even or odd")->capture_default_str();
  command.add_option("--stop-bits", options.target.stop_bits, "Of the line")->check(CLI::Range(1, 2))->capture_default_str();
  command.add_option("--channel", options.target.channel, "A channel of the running gateway: ask over it, between its polls");
  command.add_option("--unit", options.units, "Unit to read from; with --scan a range")->capture_default_str();
  command.add_flag("--scan", options.scan, "Ask every unit of --unit (1-247 where that is not given) whether it is there");
  command.add_option("--read", options.address, "First register: holding:100, input:0, coil:7, or a manual's 40101")
      ->capture_default_str();
  command.add_option("--count", options.count, "How many")->check(CLI::Range(1, 2000))->capture_default_str();
  command.add_option("--expect", options.expect, "A value seen on the device: says which type, order and scale gives it");
  command.add_option("--within", options.within, "How far it may be off: 0.5 or 1%; without it, half of its last digit");
  command.add_flag("--all", options.all, "Show every reading, of 64 bits and decimal digits too");
}

void add_probe(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("probe", "Find units on a line, and what their registers mean");
  auto options = std::make_shared<ProbeOptions>();
  auto timeout_ms = std::make_shared<int>(500);
  auto client = add_client_options(*command);
  add_probe_options(*command, *options);
  command->add_option("--timeout", *timeout_ms, "Milliseconds to wait for each answer")
      ->check(CLI::Range(10, 60000))
      ->capture_default_str();
  command->remove_option(command->get_option("--json"));
  command->footer(
      "Examples:\n  ferrule probe --serial /dev/ttyUSB0 --baud 19200 --scan\n"
      "  ferrule probe --tcp 192.168.10.20 --unit 1 --read input:0 --count 10\n"
      "  ferrule probe --tcp 192.168.10.20 --read input:0 --count 20 --expect 230.1\n"
      "  ferrule probe --channel line_a --unit 7\n"
      "A serial line must not be in use: of a running gateway ask with --channel.\n"
      "Exit code 0: found. 1: not found, or refused. 2: nobody is there.");
  command->callback([command, options, timeout_ms, client, &exit_code] {
    options->timeout = std::chrono::milliseconds(*timeout_ms);
    if (options->scan && command->count("--unit") == 0) options->units = "1-247";
    exit_code = probe(*options, client->call());
  });
}

void add_discover(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("discover", "Which resources a CoAP device has, and the tags that would read them");
  auto options = std::make_shared<DiscoverOptions>();
  auto timeout_ms = std::make_shared<int>(10000);
  command->add_option("device", options->device, "HOST or HOST:PORT; the port is 5683, with DTLS 5684")->required();
  command->add_option("--identity", options->identity, "DTLS with a pre-shared key: whose key it is");
  command->add_option("--key-file", options->key_file, "DTLS with a pre-shared key: the file whose first line is the key");
  command->add_option("--ca", options->ca, "DTLS with certificates: the authorities that may have signed the device's");
  command->add_option("--timeout", *timeout_ms, "Milliseconds to wait for the answer")
      ->check(CLI::Range(10, 60000))
      ->capture_default_str();
  command->footer(
      "Example:\n  ferrule discover 192.168.10.31\n"
      "Exit code 0: found. 1: refused. 2: nobody is there.");
  command->callback([options, timeout_ms, &exit_code] {
    options->timeout = std::chrono::milliseconds(*timeout_ms);
    exit_code = discover(*options, ClientCall());
  });
}

void add_status(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("status", "What the running gateway does, and what is wrong with it");
  auto options = add_client_options(*command);
  command->footer(client_footer("ferrule status"));
  command->callback([options, &exit_code] { exit_code = show_status(options->call()); });
}

void add_get(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("get", "Latest values of devices or tags; of everything when none is named");
  auto options = add_client_options(*command);
  command->add_option("name", options->names, "Device (boiler) or tag (boiler.temperature)");
  command->footer(client_footer("ferrule get boiler meter_1.power"));
  command->callback([options, &exit_code] { exit_code = get_values(options->call(), options->names); });
}

void add_set(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("set", "Write a value to a device and wait for the outcome");
  auto options = add_client_options(*command);
  auto tag = std::make_shared<std::string>();
  command->add_option("tag", *tag, "Tag to write, e.g. boiler.setpoint; it must have `write:` in the configuration")->required();
  command->add_option("value", options->value, "Value in engineering units, or the name of an enumeration's value")->required();
  command->add_option("--expires", options->expires, "Do not write later than this from now");
  command->footer(client_footer("ferrule set boiler.setpoint 65"));
  command->callback(
      [options, tag, &exit_code] { exit_code = set_value(options->call(), *tag, options->value, options->expires); });
}

void add_watch(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("watch", "Values as they change, a line each, until Ctrl-C");
  auto options = add_client_options(*command);
  command->add_option("tag", options->names, "Tags or devices; everything when none is named");
  command->footer(client_footer("ferrule watch boiler.temperature"));
  command->callback([options, &exit_code] { exit_code = watch_values(options->call(), options->names); });
}

void add_outbox(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("outbox", "What waits for the uplinks: look at it, take it out, give it up");
  command->require_subcommand(1);
  auto* status = command->add_subcommand("status", "How much waits, for whom, and whether the disk is well");
  auto* to_lines =
      command->add_subcommand("export", "Records as lines of JSON: what an uplink has not acknowledged, or dead letters");
  auto* purge = command->add_subcommand("purge", "Give up what an uplink has not acknowledged, or all dead letters");
  auto status_options = add_client_options(*status), export_options = add_client_options(*to_lines),
       purge_options = add_client_options(*purge);
  auto uplink = std::make_shared<std::string>();
  auto dead = std::make_shared<bool>(false);
  for (auto* each : {to_lines, purge}) {
    auto* choice = each->add_option_group("what")->require_option(1);
    choice->add_option("--uplink", *uplink, "What this uplink has not acknowledged");
    choice->add_flag("--dead-letters", *dead, "What receivers have refused for good");
  }
  status->footer(client_footer("ferrule outbox status"));
  to_lines->footer(client_footer("ferrule outbox export --uplink cloud > backlog.jsonl"));
  purge->footer(client_footer("ferrule outbox purge --dead-letters"));
  command->footer("Example:\n  ferrule outbox export --uplink cloud > backlog.jsonl\n  ferrule outbox purge --dead-letters");
  status->callback([status_options, &exit_code] { exit_code = show_outbox(status_options->call()); });
  to_lines->callback(
      [export_options, uplink, dead, &exit_code] { exit_code = export_outbox(export_options->call(), *uplink, *dead); });
  purge->callback([purge_options, uplink, dead, &exit_code] { exit_code = purge_outbox(purge_options->call(), *uplink, *dead); });
}

void add_frames(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("frames", "The last exchanges of a channel as they crossed the wire: bytes, words, outcome");
  auto options = add_client_options(*command);
  auto channel = std::make_shared<std::string>();
  command->add_option("channel", *channel, "Channel, e.g. line_a")->required();
  command->footer(client_footer("ferrule frames line_a"));
  command->callback([options, channel, &exit_code] { exit_code = show_frames(options->call(), *channel); });
}

}  // namespace

void add_commands(CLI::App& app, int& exit_code) {
  add_run(app, exit_code);
  add_check(app, exit_code);
  add_plan(app, exit_code);
  add_simulate(app, exit_code);
  add_probe(app, exit_code);
  add_discover(app, exit_code);
  add_status(app, exit_code);
  add_get(app, exit_code);
  add_set(app, exit_code);
  add_watch(app, exit_code);
  add_outbox(app, exit_code);
  add_frames(app, exit_code);
  auto* schema = app.add_subcommand("schema", "The JSON Schema of the configuration file, for editors");
  schema->footer("Example:\n  ferrule schema > ferrule.schema.json");
  schema->callback([&exit_code] { exit_code = print_schema(stdout); });
  auto* version = app.add_subcommand("version", "The version of this program");
  version->footer("Example:\n  ferrule version");
  version->callback([] { std::printf("ferrule %s\n", FERRULE_VERSION); });
}

}  // namespace ferrule
