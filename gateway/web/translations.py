"""The texts of the pages in both languages: the English text is its own key, the catalogue has the Chinese one.

Promises: one catalogue (`locale/zh_Hans/LC_MESSAGES/wardgate.po`) for the server and, as JSON, for the browser. Leaves
to others: sentences of reasons (`gateway.core.sentences`) and names of places (the configuration), which come in both
languages by themselves.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from aiohttp import web
from babel.messages.pofile import read_po

CATALOGUE = Path(__file__).parent / "locale" / "zh_Hans" / "LC_MESSAGES" / "wardgate.po"
LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""Our name of the language, and the one for browsers."""
COOKIE = "wg_language"


class Translations:
    """Texts by language."""

    def __init__(self) -> None:
        self._zh = _chinese()

    def text(self, language: str, english: str) -> str:
        """`english` in that language; what has no translation stays as it is, which a test does not allow."""
        return self._zh.get(english, english) if language == "zh" else english

    def catalogue(self, language: str) -> Mapping[str, str]:
        """What the browser needs; English needs nothing."""
        return self._zh if language == "zh" else {}


@cache
def _chinese() -> Mapping[str, str]:
    """The catalogue, read once: it comes with the program."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans", domain="wardgate")
    return {str(message.id): str(message.string) for message in catalogue if message.id and message.string}


def wanted_language(request: web.Request, of_user: str | None) -> str:
    """The address says it, or the page remembers it, or the user has one, or the browser asks for one."""
    for choice in (request.query.get("lang"), request.cookies.get(COOKIE), of_user):
        if choice in LANGUAGES:
            return choice
    for part in request.headers.get("Accept-Language", "").lower().split(","):
        if part.strip().startswith("zh"):
            return "zh"
        if part.strip().startswith("en"):
            return "en"
    return "en"
