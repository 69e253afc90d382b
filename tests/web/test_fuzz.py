"""Whatever somebody sends that the document allows, and much that it does not: no 5xx, and answers as promised."""

import asyncio

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.web.openapi import document
from gateway.web.routes import ROUTES
from tests.web.guardpost import GuardPost

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 3
"""For each operation and mode in the normal run; a campaign makes ten times as many."""


@pytest.mark.parametrize("examples", [EXAMPLES, pytest.param(10 * EXAMPLES, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "not allowed"])
@pytest.mark.timeout(1200)
async def test_generated_requests_are_answered_as_the_document_says(
    post: GuardPost, mode: GenerationMode, examples: int
) -> None:
    user = await post.add_user("script", "admin", "operator", "auditor", "security_officer")
    token = await post.add_token(user)
    await post.tap("CARD-LI")
    schema = schemathesis.openapi.from_dict(document(ROUTES))

    def drive() -> int:
        count = 0
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path.endswith("/stream"):
                continue

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def one(case) -> None:
                nonlocal count
                count += 1
                case.call_and_validate(
                    base_url=post.url, headers={"Authorization": f"Bearer {token}"}, checks=CHECKS, timeout=10
                )

            try:
                one()
            except Unsatisfiable:
                continue  # an operation without parameters and body cannot be asked wrongly
        return count

    assert await asyncio.to_thread(drive) > 100
