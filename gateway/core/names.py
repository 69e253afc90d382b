"""By what people are found: the words that a name and an id answer to.

Promises: pure. A name answers to itself, to any of its later words, to its sounds in pinyin and to their first letters;
case, width, accents and separators make no difference, neither in a name nor in what somebody types. A character with
several sounds (单: dan, shan, chan) answers to each, so no table of surnames is needed. Leaves to others: where sounds
come from, and the search itself.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product
from typing import NamedTuple

Sounds = Callable[[str], tuple[str, ...]]
"""How a character may sound, in plain letters, the usual sound first; nothing for what has none."""

SOUNDS_AT_MOST = 3
SPELLINGS_AT_MOST = 8
"""Of one name; characters with many sounds would multiply."""

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUNS = re.compile(f"[{_HAN}]+|[^{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]")


class Keys(NamedTuple):
    """What somebody answers to: to `whole` first, then to `initials`, then to `inner`, which begins within the name."""

    whole: tuple[str, ...]
    initials: tuple[str, ...]
    inner: tuple[str, ...]

    def answer_to(self, word: str) -> bool:
        """True if any of them begins with `word`."""
        return any(key.startswith(word) for keys in self for key in keys)


def words_of(text: str) -> list[str]:
    """What somebody typed, or a name, as plain words; Chinese characters and letters beside each other are two."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(c if c.isalnum() else "" if unicodedata.category(c) in ("Mn", "Cf") else " " for c in plain)
    return [run for word in unicodedata.normalize("NFC", kept).split() for run in _RUNS.findall(word)]


def keys_of(name: str, id: str, sounds: Sounds) -> Keys:
    """All that a person answers to."""
    words = words_of(name)
    whole: list[str] = ["".join(words_of(id)), "".join(words)]
    initials: list[str] = []
    inner: list[str] = ["".join(words[n:]) for n in range(1, len(words))]
    for word in words:
        if _IS_HAN.match(word):
            inner += [word[n:] for n in _within(word)]
    syllables = [sounds_of(part, sounds) for word in words for part in (word if _IS_HAN.match(word) else (word,))]
    if any(_IS_HAN.match(word) for word in words):
        for spelling in islice(product(*syllables), SPELLINGS_AT_MOST):
            whole.append("".join(spelling))
            inner += ["".join(spelling[n:]) for n in _within(spelling)]
            initials.append("".join(part[0] for part in spelling))
    elif len(words) > 1:
        initials.append("".join(word[0] for word in words))
    return Keys(_once(whole), _once(initials), _once(inner))


def sounds_of(part: str, sounds: Sounds) -> tuple[str, ...]:
    """How a part of a name may be typed; what has no sound is typed as it stands."""
    return (sounds(part)[:SOUNDS_AT_MOST] or (part,)) if _IS_HAN.match(part) else (part,)


def plain_sounds(marked: Iterable[str]) -> tuple[str, ...]:
    """Sounds as people type them, from sounds with tone marks: no tones, and ü as v, u and yu."""
    found: list[str] = []
    for sound in marked:
        letters = unicodedata.normalize("NFD", sound)
        plain = "".join(c for c in letters.replace("u\u0308", "v") if "a" <= c <= "z")
        found += [plain, plain.replace("v", "u"), plain.replace("v", "yu")] if "v" in plain else [plain]
    return _once(found)


def _within(parts: str | tuple[str, ...]) -> Iterator[int]:
    """Where the given name may begin: after a surname of one character, in long names after one of two."""
    if len(parts) > 1:
        yield 1
    if len(parts) > 3:
        yield 2


def _once(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for key in keys if key))
