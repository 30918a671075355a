"""`python -m flinkey_admin COMMAND`: the same as the console command flinkey-admin."""

import sys

from flinkey_admin.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
