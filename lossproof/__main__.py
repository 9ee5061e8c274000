"""``python -m lossproof``."""

import sys

from lossproof.cli import main

if __name__ == "__main__":
    sys.exit(main())
