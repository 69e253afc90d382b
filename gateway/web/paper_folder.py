"""Where the papers for a day without power lie: one folder for each set, of which the newest three are kept.

Promises: a set is whole or not there; only the gateway's own user can read it; what is older goes with each new set,
and `clear` takes everything away. The files stand by themselves, so that any browser opens and prints them with the
gateway switched off. Leaves to others: what is in them (`paper_pages`).
"""

import os
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

KEPT = 3
NAME = re.compile(r"\d{4}-\d{2}-\d{2}-\d{6}")


class PaperFolder:
    """The folder of the sets, `data/paper` of a gateway. Blocking: call it in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, local: datetime, files: Mapping[str, str]) -> Path:
        """Keep a set that was made at `local`, a time of the site; older ones than the newest three are removed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        place = self.folder / f"{local:%Y-%m-%d-%H%M%S}"
        making = self.folder / f".{place.name}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        for name, text in files.items():
            handle = os.open(making / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
        shutil.rmtree(place, ignore_errors=True)
        making.rename(place)
        for old in self.sets()[KEPT:]:
            shutil.rmtree(self.folder / old, ignore_errors=True)
        return place

    def sets(self) -> list[str]:
        """The sets that there are, the newest first."""
        if not self.folder.is_dir():
            return []
        return sorted((one.name for one in self.folder.iterdir() if NAME.fullmatch(one.name)), reverse=True)

    def clear(self) -> int:
        """Take all sets away, as when somebody in them is erased; how many there were."""
        found = self.sets()
        for name in found:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for left in self.folder.glob(".*") if self.folder.is_dir() else ():
            shutil.rmtree(left, ignore_errors=True)
        return len(found)
