// Gives back what only the start, or a reload, needed. On a small box the parser, the command line and the initialisation of the
// TLS library would otherwise stay in memory for five years.
#pragma once

namespace ferrule {

// Returns freed heap to the system and unmaps clean pages of program and library files; what is used again comes back from the
// page cache, at the price of a soft fault. Any thread; takes about a millisecond.
void release_startup_memory();

}  // namespace ferrule
