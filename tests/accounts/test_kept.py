"""flinkey fails under a form: what was typed is there again on the next try, for the same person alone."""

import pytest

from flinkey_admin.sandbox import Remote
from tests.conftest import Person


@pytest.mark.parametrize("kind", ["reset-before", "status", "html"])
def test_a_group_s_name_survives_a_failing_flinkey(coordinator: Person, remote: Remote, kind: str) -> None:
    remote.fault("getGroups", kind, times=9)
    failed = coordinator.post("/groups/new/", {"name": "Lübeck & Umland"})
    assert failed.status_code == 503
    assert ">Back to what you entered</a>" in failed.content.decode()
    remote.clear_faults()

    again = coordinator.get("/groups/new/").content.decode()
    assert 'value="Lübeck &amp; Umland"' in again
    assert 'value="Lübeck' not in coordinator.get("/groups/new/").content.decode(), "handed out once"
    assert remote.requests("createGroup") == []


def test_a_failed_page_leads_to_another_try(coordinator: Person, remote: Remote) -> None:
    remote.fault("getCars", "reset-before", times=9)
    page = coordinator.get("/cars/?q=pool&sort=-name").content.decode()
    assert '<a class="button main" href="/cars/?q=pool&amp;sort=-name">Try again</a>' in page
