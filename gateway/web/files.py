"""The files that browsers may load: our own, and those of the listed browser libraries.

Promises: only what was found at the start is ever served, by its exact name, so no path of a request touches the disk;
nothing is loaded from elsewhere. Leaves to others: getting the libraries (`npm ci` beside the project, or in the
configuration's folder). Without them the pages work, but the live page loads itself anew instead of moving.
"""

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog
from aiohttp import web

from gateway.web.context import PARTS, Call
from gateway.web.problems import Kind, Problem

log = structlog.get_logger(__name__)

STATIC = Path(__file__).parent / "static"
BESIDE_THE_PROJECT = Path(__file__).parents[2] / "node_modules"
LIBRARIES = ("lit", "lit-html", "lit-element", "@lit/reactive-element", "uplot")
SINGLE_FILES = ("simple-keyboard-layouts/build/layouts/chinese.js",)
"""Of a library of which a page needs one file: which characters a syllable of pinyin can stand for."""
NEEDED = "lit/index.js"
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\s]+)["']""")
"""What a module imports, now or later."""
IMPORTS = {
    "lit": "/lib/lit/index.js",
    "lit/": "/lib/lit/",
    "lit-html": "/lib/lit-html/lit-html.js",
    "lit-html/": "/lib/lit-html/",
    "lit-element/lit-element.js": "/lib/lit-element/lit-element.js",
    "lit-element": "/lib/lit-element/index.js",
    "@lit/reactive-element": "/lib/@lit/reactive-element/reactive-element.js",
    "@lit/reactive-element/": "/lib/@lit/reactive-element/",
    "uplot": "/lib/uplot/dist/uPlot.esm.js",
    "simple-keyboard-layouts/": "/lib/simple-keyboard-layouts/",
}


@dataclass
class _File:
    path: Path
    type: str
    read_at: float = -1.0
    body: bytes = b""
    etag: str = ""

    def load(self) -> None:
        """Read it anew if it has changed: a person who edits a style wants to see it."""
        changed = self.path.stat().st_mtime
        if changed != self.read_at:
            self.body = self.path.read_bytes()
            self.etag = f'"{hashlib.sha256(self.body).hexdigest()[:24]}"'
            self.read_at = changed


class Files:
    """What can be loaded under /static/ and /lib/."""

    def __init__(self, libraries: Iterable[Path]) -> None:
        self._static = _found(STATIC, "")
        looked_in = [*libraries, BESIDE_THE_PROJECT]
        self._lib: dict[str, _File] = {}
        for folder in looked_in:
            if (folder / NEEDED).is_file():
                for library in LIBRARIES:
                    self._lib |= _found(folder / library, f"{library}/")
                for name in SINGLE_FILES:
                    if (folder / name).is_file():
                        self._lib[name] = _File(folder / name, TYPES[".js"])
                break
        else:
            log.warning(
                "browser_libraries_missing",
                looked_in=[str(folder) for folder in looked_in],
                effect="the live page works, but loads itself anew every few seconds",
                help="put package.json of the project into one of these folders' parents and run `npm ci` there",
            )

    @property
    def has_libraries(self) -> bool:
        return bool(self._lib)

    @property
    def imports(self) -> Mapping[str, str]:
        """The import map of the pages."""
        return IMPORTS

    def get(self, root: str, name: str) -> _File | None:
        return (self._static if root == "static" else self._lib).get(name)

    def needed_by(self, *roots: str) -> list[str]:
        """The addresses of these files of ours and of everything that they import, directly or not."""
        found: dict[str, None] = {}
        ahead = [f"/static/{name}" for name in roots]
        while ahead:
            address = ahead.pop()
            _, root, name = address.split("/", 2)
            file = self.get(root, name)
            if address in found or file is None:
                continue
            found[address] = None
            file.load()
            if file.type == TYPES[".js"]:
                ahead += [_address(one, address) for one in IMPORT.findall(file.body.decode())]
        return sorted(found)

    def fingerprint(self, addresses: Iterable[str]) -> str:
        """Changes when one of these files does."""
        files = [self.get(*address[1:].split("/", 1)) for address in addresses]
        return hashlib.sha256("".join(file.etag for file in files if file is not None).encode()).hexdigest()[:16]


def _address(imported: str, by: str) -> str:
    """What a script imports, as an address: beside itself, or by a name of the import map."""
    if imported.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(by), imported))
    if imported in IMPORTS:
        return IMPORTS[imported]
    folder = max((name for name in IMPORTS if name.endswith("/") and imported.startswith(name)), key=len, default="")
    return IMPORTS[folder] + imported[len(folder) :] if folder else "/lib/"


async def serve(call: Call) -> web.Response:
    """One file, checked against the browser's copy by its content."""
    root = "static" if call.request.path.startswith("/static/") else "lib"
    file = call.request.app[PARTS].files.get(root, call.path("file"))
    if file is None:
        raise Problem(Kind.NOT_FOUND)
    file.load()
    headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
    if call.request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.body, content_type=file.type, charset="utf-8", headers=headers)


@cache
def _found(folder: Path, prefix: str) -> Mapping[str, _File]:
    """Files of known types below `folder`; links are not followed. Looked for once: they come with the program."""
    files: dict[str, _File] = {}
    for where, folders, names in os.walk(folder):
        if prefix:
            folders[:] = [name for name in folders if name not in ("development", "node", "node_modules")]
        for name in names:
            path = Path(where, name)
            if path.suffix in TYPES and not path.is_symlink():
                files[prefix + path.relative_to(folder).as_posix()] = _File(path, TYPES[path.suffix])
    return files
