"""Ends sessions from the machine: of one person whose device is lost, or of everybody."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from flinkey_admin.accounts import sessions
from flinkey_admin.accounts.models import Manager


class Command(BaseCommand):
    """`python manage.py sign_out ADDRESS` or `--all`."""

    help = "Sign a person out in every browser, or everybody with --all"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", nargs="?", default="", help="The e-mail address")
        parser.add_argument("--all", action="store_true", dest="everybody", help="Everybody, in every browser")

    def handle(self, *, address: str, everybody: bool, **_options: Any) -> None:
        if everybody == bool(address):
            raise CommandError("Name one person by the e-mail address, or say --all.")
        person = None if everybody else Manager.objects.filter(email=address.strip().lower()).first()
        if not everybody and person is None:
            raise CommandError("Nobody with this address has ever signed in here.")
        count = sessions.end_all(person)
        self.stdout.write(f"Sessions ended: {count}. What was typed in them and not sent is gone.")
        self.stdout.write(
            "Who must not come back: close the account in flinkey, for it is flinkey that lets people in."
        )
