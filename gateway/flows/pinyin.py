"""How Chinese characters sound, for everybody whom the directory may ever name.

Promises: the dictionary is read once, the first time somebody is looked for, and kept as one text of half a megabyte;
the library's own tables, forty times as large, are not kept. Leaves to others: which of its sounds a name has.
"""

import importlib.util
from pathlib import Path

from gateway.core.names import plain_sounds

KEPT = 0x10000
"""Characters beyond are found as they are written; as one text they would double its size."""


class Sounding:
    """The sounds of characters; `load` first."""

    def __init__(self) -> None:
        self._text = ""
        self._known: dict[str, tuple[str, ...]] = {}

    @property
    def is_loaded(self) -> bool:
        return bool(self._text)

    def load(self) -> None:
        """Read the dictionary, if it has not been read. Takes a tenth of a second: for a thread."""
        if self._text:
            return
        package = importlib.util.find_spec("pypinyin")
        if package is None or package.origin is None:
            raise ModuleNotFoundError("pypinyin is part of the installation and is missing")
        # This one file: the package itself would load its dictionary of phrases as well, which no name needs.
        spec = importlib.util.spec_from_file_location("pinyin_dict", Path(package.origin).parent / "pinyin_dict.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        lines = (
            f"\n{chr(code)}{','.join(plain_sounds(marked.split(',')))}"
            for code, marked in module.pinyin_dict.items()
            if code < KEPT
        )
        self._text = "".join(lines) + "\n"

    def __call__(self, character: str) -> tuple[str, ...]:
        """How `character` may sound, the usual sound first; nothing if it has none."""
        known = self._known.get(character)
        if known is None:
            at = self._text.find(f"\n{character}")
            end = self._text.find("\n", at + 1)
            known = self._known[character] = () if at < 0 else tuple(self._text[at + 2 : end].split(","))
        return known
