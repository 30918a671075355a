"""Says what is stored about a person."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from flinkey_admin.node import persons
from flinkey_admin.node.management.commands.forget_person import found, named


class Command(BaseCommand):
    """`python manage.py export_person ADDRESS`: JSON, by table. It may name others: look before it is handed on."""

    help = "Write all that is stored about a person, as JSON"

    def add_arguments(self, parser: ArgumentParser) -> None:
        named(parser)

    def handle(self, **options: Any) -> None:
        rows = persons.export(found(options))
        self.stdout.write(json.dumps(rows, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False))
