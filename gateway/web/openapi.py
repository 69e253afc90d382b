"""The OpenAPI 3.1 document, made from the table of routes and the shapes, so that it says what the gateway does."""

from collections.abc import Iterable
from importlib import metadata
from typing import Any

import msgspec
from aiohttp import web

from gateway.core.rights import Right
from gateway.web.context import Call
from gateway.web.dispatch import PARAMETER, Access, Route, plain_path
from gateway.web.problems import MEDIA_TYPE, Kind, ProblemDetails


async def serve(call: Call) -> web.Response:
    """The document as JSON."""
    from gateway.web.routes import ROUTES  # the table names this handler

    return web.json_response(document(ROUTES), headers={"Cache-Control": "no-cache"})


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """All routes but the pages."""
    listed = [route for route in routes if not route.is_page]
    shapes = [shape for route in listed for shape in (route.body, route.answer, route.query) if shape is not None]
    _, components = msgspec.json.schema_components(
        [*dict.fromkeys(shapes), ProblemDetails], ref_template="#/components/schemas/{name}"
    )
    queries = {route.query.__name__ for route in listed if route.query is not None}
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        paths.setdefault(plain_path(route.path), {})[route.method.lower()] = _operation(route, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wardgate",
            "version": _version(),
            "description": "Errors are RFC 9457 problem details. Times are RFC 3339 in UTC. Ids of people, users and "
            "devices are theirs; `ref` is a random reference.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in queries},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "wg_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__name__}",  # type: ignore[attr-defined]
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [*_path_parameters(route), *_query_parameters(route, components)],
        "responses": _responses(route),
    }
    if route.body is not None or route.raw_body:
        schema = {"type": "string"} if route.body is None else {"$ref": f"#/components/schemas/{route.body.__name__}"}
        content = {media: {"schema": schema} for media in (route.media, *route.other_media)}
        operation["requestBody"] = {"required": True, "content": content}
    if route.allowed is Access.PUBLIC:
        operation["security"] = []
    else:
        operation["security"] = [{"session": []}, {"token": []}]
        operation["x-rights"] = _rights(route.allowed)
    return operation


def _rights(allowed: Access | frozenset[Right]) -> list[str]:
    """Any one of these is enough; empty: whoever is signed in."""
    return sorted(allowed) if isinstance(allowed, frozenset) else []


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{pattern}$"}}
        for name, pattern in PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = components[route.query.__name__]
    required = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(part)}
        for name, part in schema["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is there or not; it is never null."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        return dict(options[0])
    if "enum" in schema:
        return {**schema, "enum": [value for value in schema["enum"] if value is not None]}
    return {name: value for name, value in schema.items() if not (name == "default" and value is None)}


def _responses(route: Route) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done."}
    if route.answer is not None:
        done["content"] = {route.answer_media: {"schema": {"$ref": f"#/components/schemas/{route.answer.__name__}"}}}
    elif route.status == 200:
        media = route.answer_media
        done["content"] = {media: {"schema": {"type": "string" if media.startswith("text/") else "object"}}}
    responses: dict[str, Any] = {str(route.status): done}
    by_status: dict[int, list[str]] = {}
    for kind in _problems(route):
        by_status.setdefault(kind.status, []).append(kind.title)
    for status, titles in sorted(by_status.items()):
        responses[str(status)] = {
            "description": " · ".join(titles),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
    if route.path == "/readyz":
        responses["503"] = {**done, "description": "A part is not ready."}
    return responses


def _problems(route: Route) -> list[Kind]:
    """What can go wrong on this route by what it is, and what it says itself."""
    found = {*route.problems, Kind.MISDIRECTED, Kind.AWAY}
    if route.allowed is not Access.PUBLIC:
        found |= {Kind.NOT_SIGNED_IN}
    if isinstance(route.allowed, frozenset):
        found |= {Kind.NOT_ALLOWED}
    if route.method != "GET":
        found |= {Kind.CROSS_SITE, Kind.MALFORMED}
    if route.body is not None or route.raw_body:
        found |= {Kind.MEDIA, Kind.TOO_LARGE, Kind.VALIDATION}
    if route.query is not None:
        found |= {Kind.VALIDATION, Kind.MALFORMED}
    if "{" in route.path:
        found |= {Kind.NOT_FOUND}
    if route.status == 101:
        found |= {Kind.CROSS_SITE, Kind.MALFORMED, Kind.TOO_MANY}
    return sorted(found, key=lambda kind: kind.status)


def _version() -> str:
    try:
        return metadata.version("wardgate")
    except metadata.PackageNotFoundError:
        return "0"
