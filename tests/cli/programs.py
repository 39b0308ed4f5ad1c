"""How tests start the program: with hardly any environment, as cron does it, and always the one of this tree."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]

BARE = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
