"""schemathesis: whatever it thinks of, the sandbox answers as openapi.yaml says."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

import flinkey_admin.sandbox
from flinkey_admin.sandbox import Sandbox

from .caller import Caller

CONTRACT = Path(flinkey_admin.sandbox.__file__).with_name("openapi.yaml")
FEWEST_CASES = 34  # of each operation: over a thousand in all

schema = schemathesis.openapi.from_path(CONTRACT)
# 404 is what a manager gets who is none of the customer's, and a missing Customer-ID is nobody's
schema.config.checks.missing_required_header.expected_statuses = ["400", "401", "404", "415"]
cases: Counter[str] = Counter()


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    """To the sandbox; in the end every operation that this process has tested had cases enough."""
    with Sandbox("yard", delay=0.0) as sandbox:
        yield Caller(sandbox.url)
    assert min(cases.values()) >= FEWEST_CASES, cases


@pytest.mark.sampled
@schema.parametrize()
@settings(max_examples=20, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_operation(case: schemathesis.Case[Any], caller: Caller) -> None:
    cases[case.operation.label] += 1
    headers = {"flinkey-API-Key": caller.headers["flinkey-API-Key"]}
    if case.path != "/oauth2/token":
        headers["Authorization"] = caller.headers["Authorization"]
    excluded: list[Any] = [positive_data_acceptance]
    if set(case.query or {}) - {parameter.name for parameter in case.operation.query}:
        excluded.append(negative_data_rejection)  # a parameter that nobody has heard of is passed over
    case.call_and_validate(base_url=caller.url, headers=headers, excluded_checks=excluded)
