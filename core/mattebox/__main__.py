"""``python -m mattebox``: the command line, for hosts that know an interpreter and no PATH."""

from mattebox.cli import main

if __name__ == "__main__":
    main()
