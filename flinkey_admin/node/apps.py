"""This installation as an application of Django: for its commands and tests."""

from django.apps import AppConfig
from django.conf import settings


class NodeConfig(AppConfig):
    name = "flinkey_admin.node"

    def ready(self) -> None:
        # Models can be imported only now.
        from flinkey_admin import upstream
        from flinkey_admin.node import clock, counting, pulse, retention
        from flinkey_admin.operations import signals

        signals.looked.connect(pulse.looked)
        signals.looked.connect(retention.if_due)
        signals.looked.connect(clock.look)
        signals.working.connect(pulse.begin)
        if settings.METRICS_TOKEN:
            upstream.called.connect(counting.called)
