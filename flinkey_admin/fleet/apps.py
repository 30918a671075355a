"""Ties the fleet to the journal: it knows what a person should read before a yes."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "flinkey_admin.fleet"

    def ready(self) -> None:
        """Models are there only from here on, so the imports stand here."""
        # Django loads this module before any model.
        from flinkey_admin.fleet.warnings import warnings
        from flinkey_admin.operations import signals

        signals.warnings.connect(warnings)
