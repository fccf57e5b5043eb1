// The subcommands of the command line and their options; each ends in a call of the function that does the work.
#pragma once

namespace CLI {
class App;
}

namespace ferrule {

// `exit_code` is what the chosen command returned: 0 done, 1 refused or wrong, 2 no gateway, 3 a line would be
// overloaded (plan).
void add_commands(CLI::App& app, int& exit_code);

}  // namespace ferrule
