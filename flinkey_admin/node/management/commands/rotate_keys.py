"""Puts the newest keys to use for all that an older one has sealed or signed."""

from typing import Any

from django.core.management.base import BaseCommand

from flinkey_admin.accounts import rotation


class Command(BaseCommand):
    """`python manage.py rotate_keys`: after it, the old keys can be taken out of the settings."""

    help = "Seal the tokens with the newest of TOKEN_KEYS and sign the sessions with SECRET_KEY"

    def handle(self, **_options: Any) -> None:
        done = rotation.rotate()
        self.stdout.write(
            f"{done.sessions} sessions: {done.sealed} tokens sealed with the newest of TOKEN_KEYS, "
            f"{done.signed} signed with SECRET_KEY. Nobody was signed out."
        )
        if done.unreadable:
            self.stdout.write(
                f"{done.unreadable} could not be read, for their key is gone: who has them signs in again."
            )
        self.stdout.write("If every process has the new keys by now, the old ones can be taken out of the settings.")
