"""Where things are: in a clone, and where the wheel has put them. Needs the standard library only."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# In a clone these two are links to the folders at its root; the wheel holds what they lead to.
TEMPLATES, STATIC = PACKAGE / "templates", PACKAGE / "static"
IS_CLONE = (PACKAGE.parent / "manage.py").is_file()
VAR = PACKAGE.parent / "var" if IS_CLONE else Path("/var/lib/flinkey-admin")
SETTINGS_FILE = Path(os.environ.get("SETTINGS_FILE") or "/etc/flinkey-admin/settings.env")
