"""Erases a person."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from flinkey_admin.node import copies, persons


class Command(BaseCommand):
    """`python manage.py forget_person ADDRESS`."""

    help = "Erase a person: name, addresses and texts that name the person. Receipts stay, without the name"

    def add_arguments(self, parser: ArgumentParser) -> None:
        named(parser)
        parser.add_argument("--dry-run", action="store_true", help="Change nothing, only say where the person stands")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        person = found(options)
        done = persons.forget(person, dry_run=dry_run)
        self.stdout.write(f"{'Stands in' if dry_run else 'Erased from'} so many rows:")
        for table, count in sorted(done.rows.items()):
            if count:
                self.stdout.write(f"  {count:6} {table}")
        if not any(done.rows.values()):
            self.stdout.write("  none: nothing here names this person.")
        if done.loosely:
            self.stdout.write(f"The last name alone stands in: {', '.join(done.loosely)}. Whoever knows them decides.")
        if person.namesakes:
            self.stdout.write("Another user has the very same name, and keeps it in all that is about that user.")
        if person.is_current:
            self.stdout.write(
                "flinkey still lists this person, and what it lists is read again. Remove the person there, "
                "then run this once more."
            )
        if kept := copies.asides():
            listed = ", ".join(map(str, kept))
            self.stdout.write(f"Of before a restore, perhaps with this person in them: {listed}. Delete them yourself.")
        self.stdout.write("Not ours to erase: what flinkey itself has, backups, and the logs that your system keeps.")
        if not done.swept:
            raise CommandError(
                "Somebody has been reading the database for so long that its files may still have the words. "
                "Wait for the end of that, as of a backup, then run this once more."
            )


def named(parser: ArgumentParser) -> None:
    """How a person is named."""
    parser.add_argument("address", nargs="?", default="", help="The e-mail address")
    parser.add_argument("--user-id", type=int, help="flinkey's number of the user, instead of the address")
    parser.add_argument("--customer", default="", help="flinkey's number of the customer, for --user-id")
    parser.add_argument("--also", action="append", default=[], help="Another word for the person, as a phone number")


def found(options: dict[str, Any]) -> persons.Person:
    """The person. Raises CommandError."""
    try:
        return persons.find(options["address"], options["user_id"], options["customer"], options["also"])
    except persons.Unclear as why:
        raise CommandError(str(why)) from None
