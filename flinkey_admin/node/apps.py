"""This installation as an application of Django: for its commands and tests."""

from django.apps import AppConfig


class NodeConfig(AppConfig):
    name = "flinkey_admin.node"

    def ready(self) -> None:
        # Models can be imported only now.
        from flinkey_admin.node import clock, retention
        from flinkey_admin.operations import signals

        signals.looked.connect(retention.if_due)
        signals.looked.connect(clock.look)
