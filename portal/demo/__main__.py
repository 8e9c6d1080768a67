"""`python -m portal.demo FOLDER`: prepares a folder for the demo; see `portal.demo.prepare`."""

import sys

from portal.demo.prepare import main

if __name__ == "__main__":
    sys.exit(main())
