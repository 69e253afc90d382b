"""A site's folder as `wardgate init` leaves it, to be spoiled by tests."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.kinds import Profile
from gateway.new_site import write_new_site
from gateway.settings import ConfigurationError, Fault, load

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a working configuration."""
    folder = tmp_path / "site"
    write_new_site(folder, Profile.SCHOOL, [], AT)
    return folder


@pytest.fixture
def faults(site: Path) -> Callable[..., tuple[Fault, ...]]:
    """Every fault of the site's configuration as it is now."""

    def find(environ: Mapping[str, str] | None = None) -> tuple[Fault, ...]:
        try:
            load(site, environ or {})
        except ConfigurationError as error:
            return error.faults
        return ()

    return find


@pytest.fixture
def spoil(site: Path) -> Callable[..., int]:
    """Replace one piece of text in a file; returns the line it stands in."""

    def replace(file: str, before: str, after: str) -> int:
        path = site / file
        text = path.read_text("utf-8")
        assert text.count(before) >= 1, f"{file} has no {before!r}"
        path.write_text(text.replace(before, after, 1), "utf-8")
        return text[: text.index(before)].count("\n") + 1

    return replace
