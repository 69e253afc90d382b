"""Fonts that this machine has: one for Chinese if there is any, else one for Latin letters.

Promises: whoever asks learns which letters a font has, so that nothing is printed as empty boxes.
"""

import functools
from pathlib import Path

from PIL import ImageFont

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
CHINESE = (
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("NotoSansSC-Regular.otf", 0),
    ("NotoSansSC-Regular.ttf", 0),
    ("SourceHanSansSC-Regular.otf", 0),
    ("wqy-microhei.ttc", 0),
    ("wqy-zenhei.ttc", 0),
    ("DroidSansFallbackFull.ttf", 0),
)
"""File names, and which face of a collection has the letters as mainland China writes them."""
LATIN = (("NotoSans-Regular.ttf", 0), ("DejaVuSans.ttf", 0), ("LiberationSans-Regular.ttf", 0))
NO_LETTER = "\U0010ffff"
"""A code point that stands for nothing: what a font draws for it, it draws for all that it does not have."""


class Face:
    """One font in any size; the library's own, which knows Latin letters only, where the machine has none."""

    def __init__(self, path: Path | None, index: int) -> None:
        self._path, self._index = path, index
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        if size not in self._sizes:
            if self._path is None:
                font = ImageFont.load_default(size)
                assert isinstance(font, ImageFont.FreeTypeFont)
            else:
                font = ImageFont.truetype(str(self._path), size, index=self._index)
            self._sizes[size] = font
        return self._sizes[size]

    def has(self, text: str) -> bool:
        """True if every letter of it can be drawn."""
        return all(letter.isspace() or self._draws(letter) for letter in text)

    @functools.lru_cache(maxsize=4_096)  # noqa: B019  # there are two faces, and they stay
    def _draws(self, letter: str) -> bool:
        font = self.at(24)
        return bytes(font.getmask(letter)) != bytes(font.getmask(NO_LETTER))


def face(folders: tuple[Path, ...] = FOLDERS) -> Face:
    """The best that there is."""
    found = {path.name: path for folder in folders if folder.is_dir() for path in folder.rglob("*.[to]t[fc]")}
    for name, index in (*CHINESE, *LATIN):
        if name in found:
            return Face(found[name], index)
    return Face(None, 0)
