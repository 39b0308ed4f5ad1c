"""``python -m itsm_bridge``."""

from itsm_bridge.cli import main

main()
