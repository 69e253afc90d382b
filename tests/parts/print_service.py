"""A print service of a test's own: a real CUPS on a socket in the test's folder, with a printer made of a folder.

Promises: `Cupsd.start` comes back when it answers; `stop` ends it. The printer is a program that CUPS starts for each
job, as for any printer: it says what a printer says (`empty`, `open`: files in its folder that keep it from printing)
and lays down each page that it was given. Nothing of the machine's own print service is touched.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

LIBRARY = Path("/usr/lib/cups")
PRINTER = """#!/bin/sh
[ $# -eq 0 ] && { echo 'direct folder "Unknown" "A folder"'; exit 0; }
dir="${DEVICE_URI#folder:}"
while [ -e "$dir/empty" ]; do echo "STATE: +media-empty-error" >&2; sleep 0.05; done
echo "STATE: -media-empty-error" >&2
while [ -e "$dir/open" ]; do echo "STATE: +cover-open-error" >&2; sleep 0.05; done
echo "STATE: -cover-open-error" >&2
[ -e "$dir/broken" ] && exit 1
cat "${6:--}" > "$dir/.page" && mv "$dir/.page" "$dir/page-$1.pdf"
"""


def is_there() -> bool:
    """True if this machine has a CUPS that can be started."""
    return all(
        shutil.which(name, path=f"{os.defpath}:/usr/sbin:/sbin") for name in ("cupsd", "lpadmin", "lp", "lpstat")
    )


class Cupsd:
    """One print service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = str(folder / "cups.sock")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        for name in ("spool/tmp", "cache", "state", "log", "root", "bin/backend", "paper"):
            (self.folder / name).mkdir(parents=True)
        for part in ("daemon", "filter", "monitor", "cgi-bin", "driver", "command"):
            (self.folder / "bin" / part).symlink_to(LIBRARY / part)
        backend = self.folder / "bin" / "backend" / "folder"
        backend.write_text(PRINTER)
        for path in (self.folder, *self.folder.parents):
            if path == Path("/tmp"):
                break
            path.chmod(path.stat().st_mode | 0o011)  # CUPS runs the printer as a user of its own
        for path in self.folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        backend.chmod(0o755)
        (self.folder / "paper").chmod(0o777)
        everybody = "Order allow,deny\n  Allow all\n"
        (self.folder / "cupsd.conf").write_text(
            f"Listen {self.server}\nBrowsing No\nDefaultAuthType None\nWebInterface No\nMaxLogSize 0\n"
            f"<Location />\n  {everybody}</Location>\n<Policy default>\n<Limit All>\n  {everybody}</Limit>\n</Policy>\n"
        )
        (self.folder / "cups-files.conf").write_text(
            f"SystemGroup root\nServerRoot {self.folder}/root\nRequestRoot {self.folder}/spool\n"
            f"TempDir {self.folder}/spool/tmp\nCacheDir {self.folder}/cache\nStateDir {self.folder}/state\n"
            f"AccessLog {self.folder}/log/access\nErrorLog {self.folder}/log/error\nPageLog {self.folder}/log/page\n"
            f"ServerBin {self.folder}/bin\nDataDir /usr/share/cups\nSandboxing relaxed\n"
        )
        self._process = await asyncio.create_subprocess_exec(
            "cupsd", "-f", "-c", str(self.folder / "cupsd.conf"), "-s", str(self.folder / "cups-files.conf"),
            env={"PATH": f"{os.defpath}:/usr/sbin:/sbin"},
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            if "is running" in await self.run("lpstat", "-r"):
                return
            await asyncio.sleep(0.05)
        await self.stop()
        raise AssertionError("CUPS did not start:\n" + (self.folder / "log" / "error").read_text()[-2000:])

    async def add_queue(self, name: str) -> Path:
        """A queue with a printer; the folder in which its pages come to lie."""
        paper = self.folder / "paper" / name
        paper.mkdir()
        paper.chmod(0o777)
        said = await self.run(
            "lpadmin", "-p", name, "-E", "-v", f"folder:{paper}", "-o", "printer-error-policy=abort-job"
        )
        assert name in await self.run("lpstat", "-p", name), said
        return paper

    async def run(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *words,
            env={"PATH": f"{os.defpath}:/usr/sbin:/sbin", "LC_ALL": "C", "CUPS_SERVER": self.server},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return out.decode()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
