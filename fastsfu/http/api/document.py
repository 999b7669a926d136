"""The REST interface as an OpenAPI document, made from the models and functions of its routes.

`GET /v1/openapi.json` has it for programs, `GET /v1/docs` for people: a page without scripts, in
the style of the landing page.
"""

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from fastsfu.http.api.routers import ROUTERS

UNUSED = ("422", "HTTPValidationError", "ValidationError")  # FastAPI's own; ours are 400


def routes() -> list[BaseRoute]:
    """Both need no key: they say what there is, not what there is now."""

    async def openapi(request: Request) -> Response:
        return JSONResponse({**document(), "servers": [{"url": _prefix(request) or "/"}]})

    async def docs(request: Request) -> Response:
        return HTMLResponse(page(_prefix(request)))

    return [Route("/v1/openapi.json", openapi), Route("/v1/docs", docs)]


@cache
def document() -> dict[str, Any]:
    """The whole document, without `servers`."""
    app = FastAPI(
        title="fastsfu",
        version=version("fastsfu"),
        summary="Rooms, the people in them, and their tokens",
        generate_unique_id_function=_operation_id,
    )
    for router in ROUTERS:
        app.include_router(router)
    made = app.openapi()
    for operation in _operations(made):
        operation["responses"].pop(UNUSED[0], None)
    for name in UNUSED[1:]:
        made["components"]["schemas"].pop(name, None)
    return made


@cache
def page(prefix: str) -> str:
    """The document as HTML, for a server below `prefix`."""
    made = document()
    parts = [f"<h1>{escape(made['info']['title'])} {escape(made['info']['version'])}</h1>"]
    parts += [f"<p>As a program reads it: <a href='{prefix}/v1/openapi.json'>openapi.json</a></p>"]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            parts += _section(f"{method.upper()} {path}", operation)
    parts += ["<h2>Objects</h2>"]
    for name, schema in made["components"]["schemas"].items():
        parts += [f"<h3 id='{escape(name)}'>{escape(name)}</h3>", *_members(schema)]
    return _PAGE.format(prefix=prefix, body="\n".join(parts))


def _section(title: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2><p>{escape(operation.get('description', ''))}</p>"
    for parameter in operation.get("parameters", ()):
        said = f"{parameter['in']}: {_type(parameter['schema'])}"
        yield f"<p><code>{escape(parameter['name'])}</code> {said}</p>"
    if body := operation.get("requestBody"):
        yield f"<p>Body: {_content(body)}</p>"
    for status, answer in operation["responses"].items():
        yield f"<p>{status}: {_content(answer) or escape(answer['description'])}</p>"


def _members(schema: dict[str, Any]) -> Iterator[str]:
    yield f"<p>{escape(schema.get('description', ''))}</p><table>"
    for name, member in schema.get("properties", {}).items():
        default = f"; default {member['default']}" if "default" in member else ""
        said = escape(member.get("description", "") + default)
        yield f"<tr><td><code>{escape(name)}</code><td>{_type(member)}<td>{said}</tr>"
    yield "</table>"


def _content(answer: dict[str, Any]) -> str:
    return "".join(_type(each["schema"]) for each in answer.get("content", {}).values())


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return escape(", ".join(map(str, schema.get("enum", [schema.get("const")]))))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return escape(schema.get("type", "any JSON"))


def _operations(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (each for path in made["paths"].values() for each in path.values())


def _operation_id(route: APIRoute) -> str:
    return route.name


def _prefix(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>fastsfu: REST</title>
<link rel="stylesheet" href="{prefix}/landing/landing.css">
<main class="wide">
{body}
</main>
</html>
"""
