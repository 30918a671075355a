"""Ties the copy to the journal: what we have done, and what flinkey tells us, changes the copy at once."""

from django.apps import AppConfig


class MirrorConfig(AppConfig):
    name = "flinkey_admin.mirror"

    def ready(self) -> None:
        """Models are there only from here on, so the imports stand here."""
        # Django loads this module before any model.
        from flinkey_admin.mirror import hooks
        from flinkey_admin.operations import signals

        signals.confirmed.connect(hooks.confirmed)
        signals.paused.connect(hooks.paused)
        signals.told.connect(hooks.told)
        signals.pause_left.connect(hooks.pause_left)
