"""The processes that an eye consists of, as the machine sees them."""

from __future__ import annotations

import psutil


def children() -> list[psutil.Process]:
    """This process's eyes and everything below them."""
    found = [
        process
        for process in psutil.Process().children()
        if process.is_running() and "gateway.video.capture" in process.cmdline()
    ]
    return [*found, *(below for process in found for below in process.children(recursive=True))]


def gone(processes: list[psutil.Process]) -> None:
    """They are, or are soon: on a busy machine what is as nice as an eye dies slowly."""
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert alive == []
