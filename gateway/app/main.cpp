// The program: one command line, one subcommand per thing that a person wants.
#include <malloc.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 2);  // an arena per thread would cost more memory than all our data
  // Else it rises with each large block that is freed, and the next ones lie in the heap and hold it open.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  CLI::App app("ferrule, the industrial IoT edge gateway", "ferrule");
  app.require_subcommand(1);
  app.footer(
      "Examples:\n  ferrule check /etc/ferrule/ferrule.yaml\n  ferrule run --config /etc/ferrule/ferrule.yaml\n  ferrule status\n"
      "Each command has its own help: ferrule get --help");
  int exit_code = 0;
  ferrule::add_commands(app, exit_code);
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}
