"""The product's own settings with the environment of a test: nothing else differs but the disk's speed and patience."""

import os
import tempfile

os.environ.update(
    DEBUG="true",
    FLINKEY_API_URL="http://127.0.0.1:9/v3",
    FLINKEY_API_KEY="sandbox-key",
    FLINKEY_WEBHOOK_SECRET="test-secret",
    VAR_DIR=tempfile.mkdtemp(prefix="flinkey-admin-tests-"),
    TIME_ZONE="Europe/Berlin",
)

from flinkey_admin.settings import *  # noqa: F403

DEBUG = False
FIRST_LOOK = 20.0  # a crowded machine is no slow flinkey
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405 - `make pg` names another one
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"  # noqa: F405
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
