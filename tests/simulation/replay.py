"""Play one schedule alone and print what happened: ``python -m tests.simulation.replay race|calm SEED [SETTING]``."""

from __future__ import annotations

import sys

from tests.simulation.schedule import play

if __name__ == "__main__":
    told = play(int(sys.argv[2]), race=sys.argv[1] == "race", under="".join(sys.argv[3:]))
    sys.stdout.write("\n".join([*told.trace, "", str(told)]) + "\n")
