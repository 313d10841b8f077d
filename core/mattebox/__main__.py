"""``python -m mattebox``: the command line, for hosts that know an interpreter and no PATH."""

import os
import sys

try:
    here = os.getcwd()  # noqa: PTH109 - pathlib itself would come from there
except OSError:  # it is gone, and nothing can come from it
    here = ""
if sys.path and sys.path[0] in ("", here):
    # A host may start us in any folder, and a file there must not pass for one of our libraries.
    del sys.path[0]

from mattebox.cli import main

if __name__ == "__main__":
    main()
