"""The availability report as text, in one language: what a page or a sheet of paper shows, ready to be set.

Promises: every text is plain text, and the rows are those of the report, sums included. Leaves to others: the page.
"""

from typing import Any

from gateway.core.cameras import Finding
from gateway.core.nouns import Label
from gateway.flows import recorders
from gateway.flows.site import Site
from gateway.reports import report_words as words
from gateway.reports.availability import Line, Report


def context(site: Site, report: Report, lang: str) -> dict[str, Any]:
    """`title`, `period`, `subtitle`, `made_at`, `digest`, `record`, `columns` ({key, label}), `rows` ({id, name, cells:
    [{key, text}]}), `total` (such a row), `findings` ({finding, name, camera, camera_name, raised, minutes}), and
    `labels` for the rest."""
    zone = site.campus.timezone
    last = report.until.astimezone(zone)
    return {
        "lang": lang,
        "title": words.said(words.TITLE, lang),
        "site": words.said(site.campus.name, lang),
        "subtitle": words.said(words.MONTHLY if len(report.period) == 7 else words.DAILY, lang),
        "period": report.period,
        "so_far": "" if report.is_over else f"{words.said(words.SO_FAR, lang)} ({last:%Y-%m-%d %H:%M})",
        "made_at": f"{report.made_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "digest": report.digest,
        "record": words.said(_record(report), lang),
        "agrees": report.agrees,
        "columns": [{"key": key, "label": words.said(label, lang)} for key, label in words.COLUMNS.items()],
        "rows": [row(site, line, lang) for line in report.lines],
        "total": row(site, report.total, lang),
        "findings": _findings(site, report, lang),
        "labels": {
            "camera": words.said(words.CAMERA, lang),
            "id": words.said(words.NUMBER, lang),
            "finding": words.said(words.FINDING, lang),
            "raised": words.said(words.RAISED, lang),
            "minutes": words.said(words.MINUTES, lang),
            "made_at": words.said(words.MADE_AT, lang),
            "digest": words.said(words.DIGEST, lang),
            "signature": words.said(words.SIGNATURE, lang),
            "cameras": words.said(words.SHEET_CAMERAS, lang),
            "findings": words.said(words.SHEET_FINDINGS, lang),
            "nothing_found": words.said(words.NOTHING_FOUND, lang),
        },
    }


def row(site: Site, line: Line, lang: str) -> dict[str, Any]:
    """One line of the table."""
    values = numbers(site, line)
    cells = [{"key": key, "text": _text(key, values[key], lang)} for key in words.COLUMNS]
    return {"id": line.camera or "", "name": name_of(site, line.camera, lang), "cells": cells}


def numbers(site: Site, line: Line) -> dict[str, Any]:
    """A line's values by column: numbers, None for what cannot be said; of the recording a text."""
    said = None if line.camera is None else recorders.state(site, line.camera)
    return {
        "planned": line.tally.planned,
        "done": line.tally.done,
        "coverage": line.coverage,
        **{key: line.tally.missed[miss] for key, miss in words.MISSED.items()},
        "healthy": line.tally.healthy,
        "availability": line.availability,
        "raised": line.raised,
        "minutes": round(line.minutes, 1),
        "mean_notice_s": line.mean_notice_s,
        "mean_mend_s": line.mean_mend_s,
        "standing": line.standing,
        "orders_open": line.orders_open,
        "recording": None
        if said is None or said.days_kept is None
        else f"{said.days_kept:.1f} / {said.days_wanted}{' ↑' * said.growing}",
    }


def name_of(site: Site, camera: str | None, lang: str) -> str:
    """A camera's name; its id once it is not configured any more."""
    if camera is None:
        return words.said(words.ALL, lang)
    known = site.cameras.get(camera)
    return camera if known is None else words.said(known.camera.name, lang)


def _findings(site: Site, report: Report, lang: str) -> list[dict[str, Any]]:
    return [
        {
            "finding": finding.value,
            "name": words.said(words.FINDINGS[finding], lang),
            "camera": line.camera or "",
            "camera_name": name_of(site, line.camera, lang),
            "raised": line.findings[finding].raised,
            "minutes": round(line.findings[finding].minutes, 1),
        }
        for line in report.lines
        for finding in Finding
        if finding in line.findings
    ]


def _text(key: str, value: Any, lang: str) -> str:
    if key in words.SHARES:
        return words.share_text(value)
    if key in words.TIMES:
        return words.time_text(value, lang)
    return "–" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)


def _record(report: Report) -> Label:
    if report.agrees is None:
        return words.NO_RECORD
    return words.ON_RECORD if report.agrees else words.NOT_AS_RECORDED
