"""The look at what has stopped outlives whatever goes wrong in it, and is missed when it does not come any more."""

import logging
import time
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from flinkey_admin.node import pulse
from flinkey_admin.node.checkup import here
from flinkey_admin.node.checkup.lines import BAD, GOOD
from flinkey_admin.operations import signals, upkeep


class End(BaseException):
    """What nobody catches, so that the test gets its turn again."""


def test_a_fault_that_nobody_thought_of_does_not_end_it(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "EVERY", 0.01)
    looks = []

    def receive(**_kwargs: Any) -> None:
        looks.append(1)
        raise KeyError("nobody thought of this") if len(looks) < 3 else End

    signals.looked.connect(receive)
    try:
        with caplog.at_level(logging.ERROR, "flinkey_admin.operations.upkeep"), pytest.raises(End):
            upkeep.watch()
    finally:
        signals.looked.disconnect(receive)
    assert len(looks) == 3
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [KeyError, KeyError]


def test_a_worker_that_looks_no_more_is_missed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def beat() -> Any:
        pulse.beat(pulse.served(["default", "runs", "sweep"]))
        return here.workers()

    signals.looked.send(sender=None)
    assert beat().state == GOOD
    monkeypatch.setattr(pulse.LastLook, "at", time.monotonic() - pulse.LONG - 1)
    line = beat()
    assert (line.state, line.detail.endswith("(default,runs without its look,sweep); missing: runs")) == (BAD, True)
    assert pulse.running(), "a restore still waits for it"
    signals.looked.send(sender=None)
    assert beat().state == GOOD
    assert not DBTaskResult.objects.failed().exists()
