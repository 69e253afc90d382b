"""The kiosk's service worker: its script, with the list of exactly those files that the page needs.

Promises: the list follows from what the page links and its scripts import, so that nobody keeps it by hand; whenever
one of the files changes the script changes with it. Leaves to others: what the worker does (`static/kiosk/worker.js`).
"""

import re

import msgspec
from aiohttp import web

from gateway.web.context import Call
from gateway.web.edge import NEEDS
from gateway.web.files import Files
from gateway.web.pages import TEMPLATES

LINKED = re.compile(r"""(?:href|src)="/static/([^"{}]+)\"""")
PAGES = ("base.html", "kiosk.html", "kiosk_facing.html")
SCRIPT = "kiosk/worker.js"


def page_files(files: Files) -> list[str]:
    """The addresses of all files of the kiosk's pages."""
    linked = [name for page in PAGES for name in LINKED.findall((TEMPLATES / page).read_text("utf-8"))]
    return files.needed_by(*linked)


async def serve(call: Call) -> web.Response:
    """The worker's script. Its first line says what it keeps."""
    files = call.parts.files
    addresses = page_files(files)
    script = files.get("static", SCRIPT)
    assert script is not None
    script.load()
    kept = msgspec.json.encode({"version": files.fingerprint(addresses), "files": addresses}).decode()
    body = f"self.KEPT = {kept};\n".encode() + script.body
    response = web.Response(body=body, content_type="text/javascript", charset="utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response[NEEDS] = "worker"
    return response
