"""The availability report as a workbook, in one language: numbers as numbers, text as text.

Promises: no cell is a formula or a link, whatever a camera is called; nothing is left on the disk. Made in memory, a
second for ten thousand cells: for a thread. Leaves to others: who may have it, and the record that it was fetched.
"""

import io
from typing import Any

from gateway.flows.site import Site
from gateway.reports import printable
from gateway.reports import report_words as words
from gateway.reports.availability import Line, Report

CELL_AT_MOST = 32_000
DAY_S = 86_400


def as_xlsx(site: Site, report: Report, lang: str) -> bytes:
    """Two sheets: the cameras with the sum on top, and what was found."""
    import xlsxwriter  # late: only who exports needs it

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    shown = printable.context(site, report, lang)
    with xlsxwriter.Workbook(out, options) as book:
        formats = {
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1}),
            "bold": book.add_format({"bold": True}),
            "share": book.add_format({"num_format": "0.00%"}),
            "time": book.add_format({"num_format": "[h]:mm:ss"}),
        }
        cameras = book.add_worksheet(shown["labels"]["cameras"])
        cameras.write_string(0, 0, _plain(f"{shown['site']} · {shown['title']} · {shown['period']}"), formats["bold"])
        cameras.write_string(1, 0, _plain(f"{shown['labels']['made_at']} {shown['made_at']} {shown['so_far']}"))
        cameras.write_string(2, 0, _plain(f"{shown['labels']['digest']} {shown['digest']} · {shown['record']}"))
        heads = [shown["labels"]["camera"], shown["labels"]["id"], *(one["label"] for one in shown["columns"])]
        for column, head in enumerate(heads):
            cameras.write_string(4, column, head, formats["head"])
        for number, line in enumerate((report.total, *report.lines), start=5):
            _line(site, cameras, number, line, lang, formats)
        cameras.freeze_panes(5, 1)
        cameras.set_column(0, 0, 28)
        cameras.set_column(1, len(heads) - 1, 13)
        findings = book.add_worksheet(shown["labels"]["findings"])
        for column, name in enumerate(("camera", "id", "finding", "raised", "minutes")):
            findings.write_string(0, column, shown["labels"][name], formats["head"])
        for number, found in enumerate(shown["findings"], start=1):
            for column, text in enumerate((found["camera_name"], found["camera"], found["name"])):
                findings.write_string(number, column, _plain(text))
            findings.write_number(number, 3, found["raised"])
            findings.write_number(number, 4, found["minutes"])
        findings.set_column(0, 4, 20)
    return out.getvalue()


def _line(site: Site, sheet: Any, number: int, line: Line, lang: str, formats: dict[str, Any]) -> None:
    sheet.write_string(number, 0, _plain(printable.name_of(site, line.camera, lang)))
    sheet.write_string(number, 1, _plain(line.camera or ""))
    for column, (key, value) in enumerate(printable.numbers(site, line).items(), start=2):
        if value is None:
            continue
        if isinstance(value, str):
            sheet.write_string(number, column, _plain(value))
        elif key in words.SHARES:
            sheet.write_number(number, column, value, formats["share"])
        elif key in words.TIMES:
            sheet.write_number(number, column, value / DAY_S, formats["time"])
        else:
            sheet.write_number(number, column, value)


def _plain(text: str) -> str:
    return text[:CELL_AT_MOST]
