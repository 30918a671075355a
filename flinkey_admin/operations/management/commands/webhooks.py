"""Shows what flinkey has sent that nobody can make anything of, whichever customer it is about."""

from typing import Any

from django.core.management.base import BaseCommand

from flinkey_admin.operations.models import Webhook


class Command(BaseCommand):
    """`python manage.py webhooks`: for whoever runs the server, since such a message may name no customer."""

    help = "Show the messages of flinkey that have another shape than the known ones"

    def handle(self, **_options: Any) -> None:
        for one in Webhook.objects.filter(is_odd=True).order_by("last_at"):
            self.stdout.write(f"{one.last_at:%Y-%m-%d %H:%M:%S} {one.event or 'shared'} {one.times}x {one.body}")
