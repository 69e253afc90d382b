"""Pages: the server renders the first paint, so that a page is useful before its script, and without it.

Promises: everything from outside is escaped (Jinja's autoescape); the data for the script lies in a block that is no
script; a page carries one nonce, and only its own scripts know it. Leaves to others: what moves (`static/live/`).
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gateway.core.nouns import Campus, Label
from gateway.core.reasons import Reason
from gateway.core.rights import Right
from gateway.core.sentences import SENTENCES
from gateway.web.context import Call
from gateway.web.edge import nonce_of
from gateway.web.live import snapshot
from gateway.web.registration_facts import facts
from gateway.web.translations import LANGUAGES, Translations, wanted_language
from gateway.web.words import WORDS

TEMPLATES = Path(__file__).parent / "templates"
THEME_COOKIE = "wg_theme"
THEMES = ("light", "dark")


class Pages:
    """Renders templates in a language."""

    def __init__(self, campus: Campus, translations: Translations, imports: Mapping[str, str], has_libraries: bool):
        self._campus = campus
        self._translations = translations
        self._imports = imports
        self.has_libraries = has_libraries
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["data"] = as_data
        self._environment.filters["clock"] = lambda at: at.astimezone(campus.timezone).strftime("%H:%M:%S")
        self._environment.filters["day"] = lambda at: at.astimezone(campus.timezone).strftime("%Y-%m-%d")

    def render(
        self, request: web.Request, template: str, language: str, status: int = 200, **values: Any
    ) -> web.Response:
        """One page as a response."""
        theme = request.cookies.get(THEME_COOKIE)
        shown = {"theme": theme if theme in THEMES else "", "nonce": nonce_of(request)}
        body = self.as_text(template, language, **shown, **values)
        return web.Response(text=body, status=status, content_type="text/html", charset="utf-8")

    @property
    def campus(self) -> Campus:
        """The campus whose pages these are."""
        return self._campus

    def as_text(self, template: str, language: str, **values: Any) -> str:
        """One page as text; for a file it has neither theme nor nonce."""

        def text(english: str, **parts: Any) -> str:
            found = self._translations.text(language, english)
            return found.format(**parts) if parts else found

        return self._environment.get_template(template).render(
            _=text,
            word=lambda group, code: text(WORDS[group][code]) if code in WORDS[group] else str(code),
            label=lambda label: in_language(label, language),
            language=language,
            browser_language=LANGUAGES[language],
            imports=self._imports,
            has_libraries=self.has_libraries,
            campus=self._campus,
            site_name=in_language(self._campus.name, language),
            **({"theme": "", "nonce": ""} | values),
        )

    def text(self, language: str, english: str) -> str:
        """One text of a page, for what is no page."""
        return self._translations.text(language, english)

    def texts(self, language: str) -> dict[str, Any]:
        """What the browser needs to say things in that language."""
        campus = self._campus
        places = {gate: in_language(name, language) for gate, name in campus.gates.items()}
        places |= {post.id: in_language(post.name, language) for post in campus.posts}
        places |= {zone.id: in_language(zone.name, language) for zone in campus.zones.values()}
        places |= {portal.id: in_language(portal.name, language) for portal in campus.portals.values()}
        return {
            "language": language,
            "catalogue": dict(self._translations.catalogue(language)),
            "words": WORDS,
            "sentences": {reason.value: sentences_of(reason, language) for reason in Reason},
            "places": places,
            "portals": list(campus.portals),
            "timezone": str(campus.timezone),
            "registration": facts(campus),
        }


async def sign_in(call: Call) -> web.Response:
    """Sign in, or go on to the live page."""
    if call.who is not None and "next" not in call.request.query:
        raise web.HTTPSeeOther("/live")
    language = wanted_language(call.request, None)
    return call.parts.pages.render(call.request, "sign_in.html", language, texts=call.parts.pages.texts(language))


async def live(call: Call) -> web.Response:
    """Each tap as it happens, with the newest decisions on the first paint."""
    if call.who is None:
        raise web.HTTPSeeOther("/")
    pages, who = call.parts.pages, call.who
    if who.session is not None and who.session.kiosk is not None:
        raise web.HTTPSeeOther(f"/kiosk?gate={who.session.kiosk}")
    language = wanted_language(call.request, who.language)
    texts = pages.texts(language)
    sees_cameras = who.may(frozenset({Right.SEE_CAMERAS}))
    if sees_cameras:
        texts["places"] |= {one.camera.id: in_language(one.camera.name, language) for one in call.site.cameras}
    if sees_cameras and not who.may(frozenset({Right.WATCH})):
        raise web.HTTPSeeOther("/cameras")
    if not who.may(frozenset({Right.WATCH})):
        return pages.render(call.request, "no_page.html", language, status=403, who=who, texts=texts)
    state = msgspec.to_builtins(await snapshot(call.parts, who, "live"), builtin_types=(datetime,))
    return pages.render(
        call.request,
        "live.html",
        language,
        who=who,
        rights=sorted(who.rights),
        sees_cameras=sees_cameras,
        state=state,
        texts=texts,
    )


def in_language(label: Label, language: str) -> str:
    return label.zh if language == "zh" else label.en


def sentences_of(reason: Reason, language: str) -> dict[str, str]:
    said = SENTENCES[reason]
    return {"guard": in_language(said.guard, language), "hint": in_language(said.hint, language)}


def as_data(value: Any) -> Markup:
    """JSON that cannot leave the block in which it stands."""
    text = msgspec.json.encode(value).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
