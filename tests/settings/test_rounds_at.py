"""When a shift's round of the cameras falls due is the school's own choice."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gateway.cameras_file import video_rules
from gateway.config_schema import VideoPart
from gateway.core.cameras import VideoRules


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ({}, VideoRules().rounds_at_min),
        ({"rounds_at": ["23:30", "07:30", "07:30"]}, (450, 1_410)),
        ({"rounds_at": []}, ()),
    ],
)
def test_rounds_fall_due_when_the_configuration_says(written, minutes) -> None:
    assert video_rules(VideoPart.model_validate(written)).rounds_at_min == minutes


@pytest.mark.parametrize("wrong", ["24:00", "7", "noon"])
def test_what_is_no_time_of_a_day_is_refused(wrong) -> None:
    with pytest.raises(ValidationError):
        VideoPart.model_validate({"rounds_at": [wrong]})
