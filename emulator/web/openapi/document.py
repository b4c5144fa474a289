"""The document: all operations of a table, with their parameters, answers and refusals.

Clients are generated from it, so it contains what the generators need: absolute servers, paths as
documented, readable names, and no defaults in bodies, which many generators take for "always
present".
"""

import json
import types
import typing
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from emulator.version import __version__
from emulator.web.errors import STATUS, error_detail
from emulator.web.http.answers import Download, Other
from emulator.web.http.operation import FORM, Operation, path_names
from emulator.web.openapi.examples import FILES, Examples
from emulator.web.openapi.links import add_links
from emulator.web.openapi.shapes import Schema, Shapes, form_of

_REFERENCE = "#/components/schemas/{model}"
_JSON = "application/json"
_WITH_A_SLASH = ("/streams", "/videos")

_ERROR_DETAIL: Schema = {
    "type": "object",
    "properties": {
        "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
        "msg": {"type": "string"},
        "type": {"type": "string"},
        "message": {"type": "string"},
    },
    "required": ["loc", "msg", "type", "message"],
}
_ERROR: Schema = {
    "type": "object",
    "description": "A refusal. `detail` lists each error of an invalid request.",
    "properties": {
        "detail": {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"$ref": "#/components/schemas/ErrorDetail"}},
            ]
        },
        "message": {"type": "string"},
        "status": {"type": "integer"},
        "traceId": {"type": "string"},
    },
    "required": ["detail", "message", "status", "traceId"],
}
_RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
# The phrases of RFC 9110, which Python has from 3.13 on.
_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


class Document:
    """The document of one table, made once. `prefix` comes before its paths."""

    def __init__(self, operations: Iterable[Operation], *, title: str, prefix: str) -> None:
        self._prefix = prefix
        self._operations = list(operations)
        self._shapes = Shapes()
        self._shapes.components |= {"Error": _ERROR, "ErrorDetail": _ERROR_DETAIL}
        models = self._models()
        self._shapes.components |= models
        self._examples = Examples(self._shapes.components)
        paths: dict[str, dict[str, Any]] = {}
        for operation in self._operations:
            methods = paths.setdefault(documented_path(operation), {})
            methods[operation.method.lower()] = self._describe(operation)
        add_links(paths, self._shapes.components)
        # The defaults are removed last, because the examples use them.
        for name, model in models.items():
            self._shapes.components[name] = _without_defaults(model)
        self._value: dict[str, Any] = {
            "openapi": "3.1.0",
            "info": {"title": title, "version": __version__},
            "servers": [],
            "paths": paths,
            "components": {
                "schemas": self._shapes.components,
                "securitySchemes": {
                    "bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An API key (`ak_demo`) or an access token.",
                    },
                    "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                },
            },
        }

    def value(self, http: str) -> dict[str, Any]:
        """Return the document as JSON values, for clients that reach this server at `http`."""
        return {**self._value, "servers": [{"url": f"{http}{self._prefix}"}]}

    def _models(self) -> dict[str, Schema]:
        """Return the schemas of all request bodies.

        Names are in snake_case, those of the website in camelCase; all bodies accept both.
        """
        bodies = {operation.body for operation in self._operations if operation.body}
        wanted = sorted(bodies, key=lambda model: model.__qualname__)
        definitions: dict[str, Schema] = {}
        for is_camel in (False, True):
            models = [model for model in wanted if _is_camel(model) == is_camel]
            _, schema = models_json_schema(
                [(model, "validation") for model in models],
                by_alias=is_camel,
                ref_template=_REFERENCE,
            )
            definitions |= _with_bounds(schema.get("$defs", {}))
        return definitions

    def _describe(self, operation: Operation) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "operationId": operation.name,
            "summary": operation.summary,
            "tags": [operation.path.strip("/").partition("/")[0]],
            "x-provenance": operation.provenance,
        }
        description = (operation.answer.__doc__ or "").strip().partition("\n")[2].strip()
        if description:
            payload["description"] = " ".join(description.split())
        parameters = [*_path_parameters(operation), *self._query_parameters(operation)]
        if parameters:
            payload["parameters"] = parameters
        if operation.body or operation.upload:
            payload["requestBody"] = self._body(operation)
        if operation.auth != "public":
            payload["security"] = [{"bearer": []}, {"api_key": []}]
            if operation.auth == "optional":
                payload["security"].insert(0, {})
        payload["responses"] = {**self._successes(operation), **self._refusals(operation)}
        return payload

    def _query_parameters(self, operation: Operation) -> list[dict[str, Any]]:
        if operation.query is None:
            return []
        schema = operation.query.model_json_schema(
            by_alias=_is_camel(operation.query), ref_template=_REFERENCE
        )
        required = schema.get("required", ())
        return [
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": _without_null(field),
            }
            for name, field in schema.get("properties", {}).items()
        ]

    def _body(self, operation: Operation) -> dict[str, Any]:
        content: dict[str, Any] = {}
        if operation.body and not _is_form_only(operation):
            schema = {"$ref": _REFERENCE.format(model=operation.body.__name__)}
            content[_JSON] = {"schema": schema, "example": self._examples.of(schema)}
        if operation.upload and operation.upload.media_type != FORM:
            file = {
                "type": "string",
                "format": "binary",
                "contentMediaType": operation.upload.media_type,
            }
            content[operation.upload.media_type] = {"schema": file, "example": ""}
        elif operation.upload:
            form = self._form(operation)
            content[FORM] = {
                "schema": _without_defaults(form),
                "example": self._examples.of(form),
            }
        return {"required": not operation.is_body_optional, "content": content}

    def _form(self, operation: Operation) -> Schema:
        properties: dict[str, Schema] = {
            "file": {
                "type": "string",
                "format": "binary",
                "contentMediaType": "application/octet-stream",
            }
        }
        required = ["file"]
        if operation.body:
            model = self._shapes.components[operation.body.__name__]
            properties |= model.get("properties", {})
            required += model.get("required", [])
        return {"type": "object", "properties": properties, "required": required}

    def _successes(self, operation: Operation) -> dict[str, Any]:
        if operation.status == 204:
            return {"204": {"description": "Done."}}
        annotation = _json_of(typing.get_type_hints(operation.answer)["return"])
        content: dict[str, Any] = {}
        if annotation is not None:
            schema = self._shapes.schema(annotation)
            content[_JSON] = {"schema": schema, "example": self._examples.of(schema)}
        for media_type in operation.downloads:
            # OpenAPI 3.1 cannot describe an event of a stream, and tools would take a schema for
            # that.
            schema = {} if media_type == "text/event-stream" else {"type": "string"}
            content.setdefault(media_type, {"schema": schema, "example": FILES[media_type]})
        answer: dict[str, Any] = {"description": operation.summary, "content": content}
        if operation.limit:
            answer["headers"] = {name: {"schema": {"type": "integer"}} for name in _RATE_HEADERS}
        return {str(status): answer for status in (operation.status, *operation.also)}

    def _refusals(self, operation: Operation) -> dict[str, Any]:
        error = {"$ref": "#/components/schemas/Error"}
        answers: dict[str, Any] = {}
        for status in sorted(statuses_refused(operation)):
            phrase = _PHRASES.get(status) or HTTPStatus(status).phrase
            detail = [error_detail(("body",), "invalid", phrase)] if status == 422 else phrase
            example = {"detail": detail, "message": phrase, "status": status, "traceId": "0" * 32}
            answers[str(status)] = {
                "description": phrase,
                "content": {_JSON: {"schema": error, "example": example}},
            }
        return answers


def statuses_refused(operation: Operation) -> set[int]:
    """Return all statuses with which an operation may refuse."""
    numbers = {STATUS[code] for code in operation.refuses}
    if operation.auth == "user":
        numbers.add(401)
    if "{" in operation.path:
        numbers.add(404)
    if operation.body or operation.query or operation.upload:
        numbers.add(422)
    if operation.body or operation.upload:
        numbers.add(413)
    if operation.limit:
        numbers.add(429)
    return numbers


def _json_of(annotation: object) -> object | None:
    """Return the JSON part of a return annotation; None if the operation only answers files."""
    without_schema = {Response, Download, Other}
    options = typing.get_args(annotation) if _is_union(annotation) else (annotation,)
    remaining = [option for option in options if option not in without_schema]
    if not remaining or remaining == [type(None)]:
        return None
    return typing.Union[tuple(remaining)]  # noqa: UP007  The options are known at run time only.


def _is_union(annotation: object) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _is_camel(model: type[BaseModel]) -> bool:
    return bool(getattr(model, "is_documented_in_camel_case", False))


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1} | form_of(name),
        }
        for name in path_names(operation.path)
    ]


def documented_path(operation: Operation) -> str:
    """Return an operation's path as the platform documents it: two end with a slash."""
    return f"{operation.path}/" if operation.path in _WITH_A_SLASH else operation.path


_BOUNDS = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
}


def _with_bounds(schema: Any) -> Any:
    """Rename the limits in a schema to those of JSON Schema.

    After one of our validators pydantic leaves its own names. They are removed if the sent value is
    not a number, such as a duration.
    """
    if isinstance(schema, list):
        return [_with_bounds(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    has_bounds = schema.get("type") in ("integer", "number")
    return {
        _BOUNDS.get(name, name) if has_bounds else name: _with_bounds(value)
        for name, value in schema.items()
        if has_bounds or name not in _BOUNDS
    }


def _without_defaults(schema: Any) -> Any:
    """Return a body's schema without defaults: optional fields are just not required."""
    if isinstance(schema, list):
        return [_without_defaults(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bare: Schema = {}
    for name, value in schema.items():
        if name == "properties":
            bare[name] = {field: _without_defaults(inner) for field, inner in value.items()}
        elif name == "default":
            if value is not None and "description" not in schema:
                bare["description"] = f"Default: {json.dumps(value)}."
        else:
            bare[name] = _without_defaults(value)
    return bare


def _without_null(schema: Schema) -> Schema:
    """Return a parameter's schema without null: an optional parameter is just not required."""
    options = [item for item in schema.get("anyOf", []) if item != {"type": "null"}]
    values = {name: value for name, value in schema.items() if name not in ("anyOf", "title")}
    if values.get("default", "") is None:
        del values["default"]
    if len(options) == 1:
        values.update(options[0])
    elif options:
        values["anyOf"] = options
    return values


def _is_form_only(operation: Operation) -> bool:
    return operation.upload is not None and operation.is_upload_required
