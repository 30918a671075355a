#!/usr/bin/env python
"""Django's command line, and `manage.py sandbox`: the embedded flinkey, which needs no settings."""

import sys

from flinkey_admin.cli import manage

if __name__ == "__main__":
    sys.exit(manage(sys.argv))
