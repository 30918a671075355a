#!/usr/bin/env python
"""Django's command line, and `manage.py sandbox`: the embedded flinkey, which needs no settings."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["sandbox"]:
        # The sandbox imports nothing of the project and must run where the dashboard is not configured.
        from flinkey_admin.sandbox.cli import main as sandbox

        sys.exit(sandbox(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flinkey_admin.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        # Whoever sets this up reads what to write, not where Python noticed.
        sys.exit(str(wrong))


if __name__ == "__main__":
    main()
