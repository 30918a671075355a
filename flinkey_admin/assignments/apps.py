"""Ties the windows to the journal: they know what has changed since a series was planned, and who has a car by now."""

from django.apps import AppConfig


class AssignmentsConfig(AppConfig):
    name = "flinkey_admin.assignments"

    def ready(self) -> None:
        """Models are there only from here on, so the imports stand here."""
        # Django loads this module before any model.
        from flinkey_admin.assignments.series_truth import outdated
        from flinkey_admin.assignments.undo_notes import warnings
        from flinkey_admin.operations import signals

        signals.outdated.connect(outdated)
        signals.warnings.connect(warnings)
