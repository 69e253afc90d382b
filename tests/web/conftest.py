"""The guard post of each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.guardpost import GuardPost


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[GuardPost]:
    """A gateway with pages and API, a small campus, and nobody who may sign in."""
    post = await GuardPost(tmp_path / "site").open()
    yield post
    await post.close()
