"""What a look at a camera means: its judge is asked, and what begins to stand or is over becomes a spell with pictures.

Promises: a spell begins once and ends once, also over a restart; its row, its pictures and the judge's state are
written together with what people are told (`camera_findings`). Leaves to others: the judging (`core.health`), the
alarm.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gateway.core.cameras import OF_THE_RECORDING, Finding
from gateway.core.health import Change, Measures, Timing
from gateway.flows import camera_findings
from gateway.flows.camera_checks import kept_state
from gateway.flows.cameras import CameraState, Evidence, SmallPicture, Spell
from gateway.flows.changes import CameraPictureKept, CameraSpellMoved
from gateway.flows.checks_text import ORDER
from gateway.flows.site import Site


def judged(
    state: CameraState,
    seen: Iterable[tuple[float, Measures]],
    timing: Timing | None = None,
    lost_at_s: float | None = None,
) -> list[Change]:
    """What one look changes. `lost_at_s`: the camera was asked and gave no picture, until then."""
    health = state.health
    changes: list[Change] = []
    count = 0
    for at_s, measures in seen:
        changes += health.see(at_s, measures)
        _suspect(state, at_s)
        count += 1
    if timing is not None:
        changes += health.hear(timing)
        _suspect(state, timing.at_s)
    if lost_at_s is not None:
        changes += health.lost(lost_at_s)
        _suspect(state, lost_at_s)
    if count and lost_at_s is None:
        changes += _forgotten(state, changes)
    return changes


def standing(state: CameraState) -> tuple[Finding, ...]:
    """What stands at a camera now, in the order of the list."""
    return tuple(sorted({*state.spells, *state.health.raised}, key=ORDER.__getitem__))


async def follow(
    site: Site, state: CameraState, changes: Sequence[Change], jpeg: bytes | None, against: str | None = None
) -> None:
    """Findings begin or end: `jpeg` is the small picture that shows it, `against` the reference that it was held
    against. Never raises because the ledger is away."""
    for change in changes:
        if change.raised and change.finding in state.spells:
            continue  # on record from before a restart
        spell = _moved(state, change)
        if spell is None:
            continue
        picture = None
        if jpeg is not None:
            why = "finding" if change.raised else "cleared"
            picture = SmallPicture(secrets.token_hex(8), state.camera.id, site.clock.now(), why, spell.id, jpeg)
        looks = sorted((look for look in state.looks if look.picture is not None), key=lambda look: look.id != against)
        reference = looks[0].picture if looks else None
        evidence = Evidence(spell.id, None if picture is None else picture.id, reference)
        pictures = () if picture is None else (CameraPictureKept(picture),)
        facts = (CameraSpellMoved(spell), *pictures, kept_state(state))
        await camera_findings.found(site, state.camera, change, evidence, changes=facts)


def _suspect(state: CameraState, at_s: float) -> None:
    known = state.suspected
    state.suspected = {
        finding: known.get(finding, at_s)
        for finding in (*state.health.suspects, *(one for one in known if one in state.health.raised))
    }


def _moved(state: CameraState, change: Change) -> Spell | None:
    at = datetime.fromtimestamp(change.at_s, UTC)
    if change.raised:
        began = datetime.fromtimestamp(state.suspected.get(change.finding, change.at_s), UTC)
        spell = Spell(
            secrets.token_hex(8), state.camera.id, change.finding, min(began, at), at,
            value=change.value, threshold=change.threshold,
        )  # fmt: skip
        state.spells[change.finding] = spell
        return spell
    known = state.spells.pop(change.finding, None)
    return None if known is None else replace(known, cleared_at=max(at, known.raised_at))


def _forgotten(state: CameraState, changes: Iterable[Change]) -> list[Change]:
    """Spells on record of which the judge, as it was last written before a restart, knows nothing, and of which the
    picture shows nothing either: they are over."""
    told = {change.finding for change in changes}
    now_s = state.health.dump()["now_s"] if _unknown(state) else 0.0
    return [Change(now_s, finding, False, 0.0, 0.0) for finding in _unknown(state) if finding not in told]


def _unknown(state: CameraState) -> list[Finding]:
    if not state.spells:
        return []
    known = {*state.health.raised, *state.health.suspects, *OF_THE_RECORDING}
    return [finding for finding in state.spells if finding not in known]
