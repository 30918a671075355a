"""schemathesis: whatever it thinks of, the sandbox answers as openapi.yaml says."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

import flinkey_admin.sandbox
from flinkey_admin.sandbox import Sandbox

from .caller import Caller

CONTRACT = Path(flinkey_admin.sandbox.__file__).with_name("openapi.yaml")
FEWEST_CASES = 1_000

schema = schemathesis.openapi.from_path(CONTRACT)
# 404 is what a manager gets who is none of the customer's, and a missing Customer-ID is nobody's
schema.config.checks.missing_required_header.expected_statuses = ["400", "401", "404", "415"]
cases = {"sent": 0}


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with Sandbox("yard", delay=0.0) as sandbox:
        yield Caller(sandbox.url)


@schema.parametrize()
@settings(max_examples=20, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_operation(case: schemathesis.Case[Any], caller: Caller) -> None:
    cases["sent"] += 1
    headers = {"flinkey-API-Key": caller.headers["flinkey-API-Key"]}
    if case.path != "/oauth2/token":
        headers["Authorization"] = caller.headers["Authorization"]
    case.call_and_validate(base_url=caller.url, headers=headers, excluded_checks=[positive_data_acceptance])


def test_enough_cases(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f" schemathesis: {cases['sent']} cases ")
    assert cases["sent"] >= FEWEST_CASES
