"""Each of the example alerts stays quiet while all is well, and comes when it is not: by Prometheus' own tool."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.project.source import ROOT

ALERTS = ROOT / "deploy" / "prometheus-alerts.yml"
RULE = re.compile(r'- alert: (\w+)\n.*?severity: (\w+).*?summary: "([^"]+)"', re.DOTALL)
WELL, ILL = 120, 240  # minutes: all is well until the one, and has not been since at the other
CALLS = "upstream_call_seconds"


def stands(well: float, ill: float) -> str:
    """A figure that stands at one value, then at another."""
    return f"{well}+0x{WELL} {ill}+0x{ILL - WELL}"


def counts(well: int, ill: int) -> str:
    """One that grows by so many each minute, then by so many."""
    return f"0+{well}x{WELL} {well * WELL + ill}+{ill}x{ILL - WELL}"


# What the alert is named after goes wrong, and nothing else.
SERIES: dict[str, dict[str, str]] = {
    "DashboardDown": {'up{job="flinkey-admin"}': stands(1, 0)},
    "DashboardNotReady": {"flinkey_admin_ready": stands(1, 0)},
    "WorkerDoesNothing": {'flinkey_admin_task_oldest_seconds{queue="runs"}': stands(100, 140)},
    "ReadingAheadStands": {'flinkey_admin_task_oldest_seconds{queue="sweep"}': stands(800, 1000)},
    "ApiKeyRefused": {'flinkey_admin_upstream_trouble{trouble="key"}': stands(0, 1)},
    "FlinkeyDown": {'flinkey_admin_upstream_trouble{trouble="down"}': stands(0, 1)},
    "FlinkeySlow": {
        f'flinkey_admin_{CALLS}_bucket{{operation="getCars",le="5.0"}}': counts(96, 90),
        f'flinkey_admin_{CALLS}_bucket{{operation="getCars",le="10.0"}}': counts(100, 100),
        f'flinkey_admin_{CALLS}_bucket{{operation="getCars",le="+Inf"}}': counts(100, 100),
    },
    "FlinkeyFails": {
        f'flinkey_admin_{CALLS}_count{{operation="getCars",result="200"}}': counts(72, 68),
        f'flinkey_admin_{CALLS}_count{{operation="getCar",result="404"}}': counts(20, 20),
        f'flinkey_admin_{CALLS}_count{{operation="getCars",result="500"}}': counts(4, 6),
        f'flinkey_admin_{CALLS}_count{{operation="getCars",result="timeout"}}': counts(4, 6),
    },
    "ChangeUnfinished": {"flinkey_admin_operation_oldest_seconds": stands(3500, 3700)},
    "ChangeAsks": {'flinkey_admin_operations_held{hold="asks"}': stands(0, 1)},
    "AccessUnconfirmed": {"flinkey_admin_access_oldest_seconds": stands(800, 1000)},
    "MessagesNotUnderstood": {'flinkey_admin_webhooks{shape="odd"}': counts(0, 1)},
    "NoMessages": {
        "flinkey_admin_webhook_last_seconds": stands(86_000, 87_000),
        "flinkey_admin_sessions": stands(1, 1),
    },
}
# As bad as above, or worse, and no reason to wake anybody.
QUIET: dict[str, dict[str, str]] = {
    "DashboardDown": {'up{job="another"}': stands(1, 0)},
    "WorkerDoesNothing": {'flinkey_admin_task_oldest_seconds{queue="sweep"}': stands(100, 800)},
    "ApiKeyRefused": {'flinkey_admin_upstream_trouble{trouble="down"}': stands(0, 1)},
    "FlinkeyFails": {
        f'flinkey_admin_{CALLS}_count{{operation="getCar",result="404"}}': counts(0, 50),
        f'flinkey_admin_{CALLS}_count{{operation="getCars",result="200"}}': counts(50, 50),
    },
    "ChangeAsks": {'flinkey_admin_operations_held{hold="paused"}': stands(0, 1)},
    "MessagesNotUnderstood": {'flinkey_admin_webhooks{shape="known"}': counts(0, 1)},
    "NoMessages": {
        "flinkey_admin_webhook_last_seconds": stands(86_000, 87_000),
        "flinkey_admin_sessions": stands(1, 0),
    },
}


def rules() -> dict[str, tuple[str, str]]:
    """Severity and sentence of each alert."""
    return {name: (severity, words) for name, severity, words in RULE.findall(ALERTS.read_text(encoding="utf-8"))}


def case(name: str, series: dict[str, str], *, comes: bool) -> dict[str, object]:
    """One test for promtool: quiet at first; in the end it has come, or not."""
    severity, words = rules()[name]
    # Where figures are not added up, their labels are those of the alert.
    labels = {} if name in {"FlinkeySlow", "FlinkeyFails"} else dict(re.findall(r'(\w+)="([^"]+)"', next(iter(series))))
    for label, value in labels.items():
        words = words.replace(f"{{{{ $labels.{label} }}}}", value)
    alert = {"exp_labels": {"severity": severity, **labels}, "exp_annotations": {"summary": words}}
    looks: list[tuple[int, list[object]]] = [(WELL, []), (ILL, [alert] if comes else [])]
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "alert_rule_test": [{"eval_time": f"{at}m", "alertname": name, "exp_alerts": told} for at, told in looks],
    }


def test_none_is_left_out() -> None:
    assert list(SERIES) == list(rules())


def test_each_comes_when_it_should_and_not_otherwise(tmp_path: Path) -> None:
    """Where promtool is there, as after `apt install prometheus` or `make alive`."""
    if not (tool := shutil.which("promtool")):
        pytest.skip("promtool of Debian's package prometheus is not installed")
    cases = [case(name, series, comes=True) for name, series in SERIES.items()]
    cases += [case(name, series, comes=False) for name, series in QUIET.items()]
    file = tmp_path / "alerts.json"
    file.write_text(json.dumps({"rule_files": [str(ALERTS)], "tests": cases}), encoding="utf-8")
    done = subprocess.run([tool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
