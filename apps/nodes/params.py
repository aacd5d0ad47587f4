"""A node's parameters, stored and resolved: where expressions may stand, what is wrong, in words.

Stored parameters hold expressions as text; resolved ones hold what the expressions came to. Both are checked against
the node's `Params`; the stored ones leniently where a value is not known yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from apps.core.suggest import nearest
from apps.nodes.contract import CredentialRef, Json, Node
from apps.nodes.contract.credentials import MARK as CREDENTIAL

OPENING = "{{"
_BARE = re.compile(
    r"\$(?:json|input|node|trigger|vars|item|execution|workflow)\s*(?:\?\.|\.\w|\[)|^\s*\$(?:now|today)\b"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with parameters (or another Pydantic document): its place, what, and what to do."""

    path: str
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text inside stored parameters that holds `{{`: where it stands and what its field allows."""

    path: str
    value: str
    is_expression: bool
    is_condition: bool
    is_inner: bool = False  # evaluated inside the container, see `contract.Inner`


def truth(value: Json) -> bool:
    """Truth as expressions know it, but a text must say true or false: “no” would be true otherwise.

    Raises `ValueError` for another text.
    """
    if not isinstance(value, str):
        return bool(value) or isinstance(value, list | dict)
    word = value.strip().lower()
    if word in ("true", "false", ""):
        return word == "true"
    raise ValueError("A condition is true or false; this is a text. Compare it, as in {{ $json.state == 'new' }}.")


_SUBJECT = re.compile(r"^(Input|String|List|Dictionary|Tuple|Value) should")
_WORDS = {
    "model_type": "This should be an object.",
    "model_attributes_type": "This should be an object.",
    "dict_type": "This should be an object.",
    "list_type": "This should be a list.",
    "tuple_type": "This should be a list.",
    "string_type": "This should be a text.",
    "bool_type": "This should be true or false.",
    "bool_parsing": "This should be true or false.",
    "int_parsing": "This should be a whole number.",
    "int_type": "This should be a whole number.",
    "int_from_float": "This should be a whole number.",
    "float_parsing": "This should be a number.",
    "float_type": "This should be a number.",
}

Condition = Annotated[
    bool, BeforeValidator(truth), Field(json_schema_extra={"x-expression": True, "x-condition": True})
]
"""A parameter that decides: true, false, or one expression. Missing (null), 0 and the empty text are false."""


def faults(model: type[BaseModel], refused: ValidationError, raw: Json, base: str = "") -> list[Fault]:
    """What Pydantic found, with the path into `raw` (union tags left out) and words a person understands."""
    found = []
    for item in refused.errors(include_url=False, include_context=False):
        kind, loc = item["type"], item["loc"]
        path = _path(base, loc, raw, keep_last=kind in ("missing", "extra_forbidden"))
        last = str(loc[-1]) if loc else "This"
        hint = ""
        if kind == "missing":
            code, message = "missing", f"“{last}” is required."
        elif kind == "extra_forbidden":
            code, message = "unknown_key", f"There is no “{last[:60]}” here."
            siblings = [field.alias or name for name, field in model.model_fields.items()] if len(loc) == 1 else []
            hint = nearest(last, siblings) or "Remove it."
        else:
            code = "invalid"
            message = _WORDS.get(kind, item["msg"])
            if kind == "string_pattern_mismatch":
                message = _form(model, loc)
            message = _SUBJECT.sub("This should", message.removeprefix("Value error, "))
            if not message.endswith((".", "?", "!")):
                message += "."
        found.append(Fault(path, code, message, hint))
    return found


def _form(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """What a text should look like, in the words of its field: a pattern tells only those who read patterns."""
    for name, field in model.model_fields.items() if len(loc) == 1 else ():
        if loc[0] in (name, field.alias) and field.description:
            return f"This does not fit. What belongs here: {field.description}"
    return "This has characters that may not stand here, or not in this order."


def _path(base: str, loc: tuple[int | str, ...], raw: Json, *, keep_last: bool) -> str:
    path, here = base, raw
    for at, part in enumerate(loc):
        if isinstance(part, int) and isinstance(here, list) and 0 <= part < len(here):
            path, here = f"{path}[{part}]", here[part]
        elif isinstance(part, str) and isinstance(here, Mapping) and part in here:
            path, here = _join(path, part), here[part]
        elif keep_last and at == len(loc) - 1:
            path = _join(path, str(part))
    return path


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


# ── Stored parameters ────────────────────────────────────────────────────────────────────────────────────────────────


def stored_faults(cls: type[Node], params: Mapping[str, Json], base: str = "params") -> list[Fault]:
    """What is wrong with stored parameters as far as it can be known before their expressions are resolved."""
    try:
        cls.Params.model_validate(params)
    except ValidationError as refused:
        unresolved = {text.path for text in texts(cls, params, base) if text.is_expression}
        return [fault for fault in faults(cls.Params, refused, params, base) if fault.path not in unresolved]
    return []


def texts(cls: type[Node], params: Mapping[str, Json], base: str = "params") -> list[Text]:
    """Every text in stored parameters that holds `{{`, in the order of the document. Code is none: it may say so."""
    schema = _schema(cls.Params)
    return list(_texts(params, [schema], schema.get("$defs", {}), base, False, _has_expression))


def bare_texts(cls: type[Node], params: Mapping[str, Json], base: str = "params") -> list[Text]:
    """Texts that look like expressions and are none: they read `$json` or its like where `{{` could stand, without."""
    schema = _schema(cls.Params)
    found = _texts(params, [schema], schema.get("$defs", {}), base, False, _is_bare)
    return [text for text in found if text.is_expression]


def _has_expression(text: str) -> bool:
    return OPENING in text


def _is_bare(text: str) -> bool:
    return OPENING not in text and _BARE.search(text) is not None


def inner_names(cls: type[Node]) -> frozenset[str]:
    """The parameters of a container that are evaluated once per round, see `contract.Inner`."""
    return _inner(cls.Params)


@cache
def _inner(params: type[BaseModel]) -> frozenset[str]:
    properties = _schema(params).get("properties", {})
    return frozenset(name for name, schema in properties.items() if schema.get("x-inner") is True)


@cache
def _schema(params: type[BaseModel]) -> dict[str, Json]:
    return params.model_json_schema()


def _texts(
    value: Json,
    schemas: list[Json],
    defs: Json,
    path: str,
    inside: bool,
    wanted: Callable[[str], bool],
    is_inner: bool = False,
) -> Iterator[Text]:
    options = list(_options(schemas, defs, value))
    if any(option.get("x-widget") == "code" for option in options):
        return
    inside = inside or any(option.get("x-expression") is True for option in options)
    is_inner = is_inner or any(option.get("x-inner") is True for option in options)
    if isinstance(value, str):
        if wanted(value):
            is_condition = any(option.get("x-condition") is True for option in options)
            yield Text(path, value, inside, is_condition, is_inner)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            members = [_member(option, str(key)) for option in options]
            yield from _texts(inner, members, defs, _join(path, key), inside, wanted, is_inner)
    elif isinstance(value, list):
        items = [option.get("items", {}) for option in options]
        for at, inner in enumerate(value):
            yield from _texts(inner, items, defs, f"{path}[{at}]", inside, wanted, is_inner)


def _member(schema: Json, key: str) -> Json:
    properties = schema.get("properties", {})
    if key in properties:
        return properties[key]
    more = schema.get("additionalProperties", {})
    return more if isinstance(more, dict) else {}


def _options(schemas: list[Json], defs: Json, value: Json) -> Iterator[dict[str, Json]]:
    """The schemas with references followed and unions opened, less the branches whose tag does not fit the value."""
    for schema in schemas:
        if not isinstance(schema, dict):
            continue
        yield schema
        inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
        if "$ref" in schema:
            inner.append(defs.get(schema["$ref"].rpartition("/")[2], {}))
        yield from (option for option in _options(inner, defs, value) if _fits(option, value))


def _fits(schema: dict[str, Json], value: Json) -> bool:
    if not isinstance(value, Mapping):
        return True
    return all(
        "const" not in member or key not in value or value[key] == member["const"]
        for key, member in schema.get("properties", {}).items()
        if isinstance(member, dict)
    )


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in stored parameters where a credential may be named: where, what it must be good for, what stands there.

    `is_optional`: nothing needs to stand there.
    """

    path: str
    use: str
    value: Json
    is_optional: bool = True

    @property
    def reference(self) -> CredentialRef | None:
        """The credential that is named there."""
        if not isinstance(self.value, Mapping) or self.value.get("kind") != "credential":
            return None
        try:
            return CredentialRef.model_validate(self.value)
        except ValidationError:
            return None


def credential_slots(cls: type[Node], params: Mapping[str, Json], base: str = "params") -> list[Slot]:
    """Every place in stored parameters where a credential may be named, whether one is or not."""
    schema = _schema(cls.Params)
    found = list(_slots(params, [schema], schema.get("$defs", {}), base))
    for name, (inner, given) in cls.nested_of(params).items():
        found += credential_slots(inner, given, _join(base, name))
    return found


def _slots(value: Json, schemas: list[Json], defs: Json, path: str, required: bool = False) -> Iterator[Slot]:
    options = list(_options(schemas, defs, value))
    use = next((option[CREDENTIAL] for option in options if CREDENTIAL in option), None)
    if use is not None:
        yield Slot(path, use, value, not required)
    elif isinstance(value, Mapping):
        needed = {name for option in options for name in option.get("required", ())}
        for name in dict.fromkeys([*(n for option in options for n in option.get("properties", ())), *value]):
            inner = [_member(option, name) for option in options]
            yield from _slots(value.get(name), inner, defs, _join(path, name), name in needed)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _slots(item, [option.get("items", {}) for option in options], defs, f"{path}[{at}]")


def member_of(cls: type[Node], path: str) -> dict[str, Json]:
    """The JSON Schema of one parameter, or of a part of one such as `json.title`; empty where nothing is said of it.

    It stands alone: what it refers to is put in its place, as deep as ten references.
    """
    schema = _schema(cls.Params)
    defs, found = schema.get("$defs", {}), [schema]
    for name in path.split("."):
        found = [_member(option, name) for option in _options(found, defs, None)]
    whole: Json = next((each for each in found if each), {})
    return _alone(whole, defs, 10) if isinstance(whole, dict) else {}


def _alone(schema: Json, defs: Json, depth: int) -> Json:
    if isinstance(schema, list):
        return [_alone(each, defs, depth) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and depth:
        named = defs.get(schema["$ref"].rpartition("/")[2], {})
        return _alone({**named, **{key: value for key, value in schema.items() if key != "$ref"}}, defs, depth - 1)
    return {key: _alone(value, defs, depth) for key, value in schema.items() if key != "$ref"}


# ── Resolved parameters ──────────────────────────────────────────────────────────────────────────────────────────────


class ParamsInvalid(Exception):
    """Resolved parameters do not fit their node type; `faults` says where and why."""

    def __init__(self, found: list[Fault]) -> None:
        self.faults = tuple(found)
        super().__init__("; ".join(f"{fault.path}: {fault.message}" for fault in found))


def validated(cls: type[Node], resolved: Mapping[str, Json]) -> Any:
    """The node's `Params` made of resolved values, converted where the type says so. Raises `ParamsInvalid`."""
    try:
        return cls.Params.model_validate(resolved)
    except ValidationError as refused:
        raise ParamsInvalid(faults(cls.Params, refused, resolved, "params")) from None


def upgraded(cls: type[Node], params: Mapping[str, Json]) -> dict[str, Json]:
    """Stored parameters in today's shape. Migrations recognise what they change and leave the rest alone."""
    now = dict(params)
    for migration in cls.migrations:
        now = migration.up(now)
    return now
