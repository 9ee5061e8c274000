"""The command line. Commands are loaded when they are used: start-up is a feature."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    from lossproof.cli.app import run

    return run([*(sys.argv[1:] if argv is None else argv)])  # list is also the name of a command's module here


if __name__ == "__main__":
    sys.exit(main())
