"""A wall clock that a test steps by years, for one program only: libfaketime (Debian's package faketime), preloaded. The monotonic
clock stays the machine's own."""
import glob
import os


class FakedClock:
    def __init__(self, folder, shift="+0"):
        [self.library] = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        self.file = folder / "clock"
        self.step(shift)

    def step(self, shift):
        """The clock is `shift` away from the machine's from now on: +10y, -10y, +0."""
        aside = self.file.with_suffix(".next")
        aside.write_text(shift + "\n")
        os.replace(aside, self.file)

    def environment(self):
        return {"LD_PRELOAD": self.library, "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
