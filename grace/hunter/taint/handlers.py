"""Request handlers: which functions answer requests, and which of their parameters anybody may send."""

import ast
import re
from collections.abc import Mapping
from typing import Final

from grace.hunter.taint.frame import Frame
from grace.hunter.taint.program import Class, Function
from grace.hunter.taint.state import Instance
from grace.hunter.taint.values import ANY, EVERYTHING, NOTHING, Kinds, Source, Value, made_by

_VERBS: Final = frozenset(
    {
        "route",
        "get",
        "post",
        "put",
        "delete",
        "patch",
        "head",
        "options",
        "websocket",
        "api_route",
        "expose",
        "view",
        "websocket_route",
    }
)
_FRAMEWORKS: Final = (
    "fastapi",
    "flask",
    "quart",
    "starlette",
    "aiohttp",
    "bottle",
    "sanic",
    "django",
    "rest_framework",
    "tornado",
    "cherrypy",
    "litestar",
    "falcon",
    "pyramid",
    "http",
)
_REQUESTS: Final[Mapping[str, str]] = {
    "django": "django.http.HttpRequest()", "rest_framework": "django.http.HttpRequest()",
    "aiohttp": "aiohttp.web.Request()", "starlette": "starlette.requests.Request()",
    "fastapi": "starlette.requests.Request()",
    "sanic": "sanic.Request()", "falcon": "falcon.Request()", "pyramid": "pyramid.Request()",
}  # fmt: skip
_CLEAN_TYPES: Final = re.compile(
    r"(^|[.\[|\s])(int|float|bool|Decimal|UUID|UUID4|date|datetime|time|timedelta|EmailStr|PositiveInt|conint|NonNegativeInt)\b(?!.*\bstr\b)"
)
_TEXT_TYPES: Final = re.compile(r"\b(str|bytes|Any|dict|Dict|list|List|AnyStr|AnyUrl|HttpUrl|SecretStr|object)\b")
_CONVERTER: Final = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_PATH_CLEAN: Final[Kinds] = frozenset({"path-traversal", "open-redirect", "request-forgery"})
"""One segment of a path has no slash."""
_CLASS_VERBS: Final = frozenset(
    {
        "get",
        "post",
        "put",
        "delete",
        "patch",
        "head",
        "options",
        "dispatch",
        "on_get",
        "on_post",
        "do_GET",
        "do_POST",
        "do_PUT",
        "prepare",
    }
)
_VIEW_BASES: Final = re.compile(
    r"(View|ViewSet|Resource|RequestHandler|HTTPEndpoint|MethodView|APIView|Handler|Mixin)(\(\))?$"
)


def handler_of(function: Function) -> str:
    """The framework whose requests a function answers; empty when it answers none."""
    imports = function.module.imports
    for decorator, node in zip(function.decorators, getattr(function.node, "decorator_list", ()), strict=False):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VERBS:
            path = decorator.path.lower()
            named = next((name for name in _FRAMEWORKS if path.startswith((name, f"?.{name}"))), "")
            if named:
                return named
            first = (
                node.args[0] if node.args else next((k.value for k in node.keywords if k.arg in ("path", "rule")), None)
            )
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.startswith("/"):
                return next((name for name in _FRAMEWORKS if name in imports), "flask")
    owner = function.owner
    name = getattr(function.node, "name", "")
    if owner is not None:
        return _class_handler(owner, name, imports)
    parameters = [p.arg for p in function.parameters]
    if parameters and parameters[0] in ("request", "req"):
        annotation = function.parameters[0].annotation
        told = ast.unparse(annotation) if annotation is not None else ""
        for framework in ("django", "rest_framework", "aiohttp", "starlette", "fastapi", "sanic"):
            if framework in imports and (not told or "Request" in told):
                return framework
    return ""


def _class_handler(owner: Class, name: str, imports: frozenset[str]) -> str:
    bases = owner.outer_bases
    if "BaseHTTPRequestHandler" in " ".join(bases):
        return "http" if name.startswith("do_") else ""
    if any("RequestHandler" in base for base in bases) and name in _CLASS_VERBS:
        return "tornado"
    if name in _CLASS_VERBS and any(_VIEW_BASES.search(base) for base in bases):
        return next((each for each in _FRAMEWORKS if each in imports), "django")
    return ""


def arguments(function: Function, handler: str, frame: Frame, *, untrusted: bool) -> list[tuple[str, Value]]:
    """What a root is called with: sources where a request decides, else anything its callers pass.

    `untrusted` makes what callers pass a source as well.
    """
    values: list[tuple[str, Value]] = []
    converters = _converters(function)
    if "*" in converters:
        converters = {p.arg: "" for p in function.parameters} if not converters["*"] else converters
    for index, parameter in enumerate(function.parameters):
        name = parameter.arg
        if index == 0 and function.owner is not None and function.kind in ("method", "property"):
            values.append((name, myself(function.owner, frame)))
        elif index == 0 and function.kind == "class":
            values.append((name, Value(callee=function.owner)))
        elif handler:
            values.append((name, _requested(function, parameter, handler, converters, frame)))
        else:
            values.append((name, _passed(parameter, function, frame, untrusted)))
    spec = function.node.args
    if spec.vararg is not None:
        values.append((spec.vararg.arg, ANY))
    if spec.kwarg is not None:
        values.append((spec.kwarg.arg, ANY))
    return values


def myself(owner: Class, frame: Frame) -> Value:
    """An object of a class, as its constructor leaves it, whatever that was given."""
    bases = sorted(base for base in owner.outer_bases if base not in ("object", "abc.ABC"))
    value = frame.here.allocate(Instance({}, owner), made_by(f"{bases[0]}()" if bases else ""))
    init = owner.member("__init__")
    if init is not None and isinstance(init.callee, Function) and frame.function is not init.callee:
        given = [Value(path=f"?{p.arg}") for p in init.callee.parameters[1:]]
        state = frame.here
        frame.engine.call(init.callee, (value, *given), {}, init.callee.node, frame)
        frame.state = frame.state or state
    return value


def _passed(parameter: ast.arg, function: Function, frame: Frame, untrusted: bool) -> Value:
    """Whatever a caller passes: only its name, type and default are known."""
    default = function.defaults.get(parameter.arg)
    path = _annotated(parameter, frame) or f"?{parameter.arg}"
    number = default is not None and isinstance(default.const, bool | int | float)
    if number or not untrusted or _numeric(parameter):
        return Value(path=path)
    line = function.node.lineno
    return Value(taints={Source("parameter", parameter.arg, function.module.path, line): NOTHING}, path=path)


def _annotated(parameter: ast.arg, frame: Frame) -> str:
    from grace.hunter.taint.expressions import evaluate

    annotation = parameter.annotation
    if isinstance(annotation, ast.BinOp):
        annotation = annotation.left
    if not isinstance(annotation, ast.Name | ast.Attribute):
        return ""
    value = evaluate(annotation, frame)
    if value.path in ("", "str", "bytes") or value.path.startswith("module:"):
        return ""
    return f"{value.path}()"


def _numeric(parameter: ast.arg) -> bool:
    return parameter.annotation is not None and bool(_CLEAN_TYPES.search(ast.unparse(parameter.annotation)))


def _requested(
    function: Function, parameter: ast.arg, handler: str, converters: Mapping[str, str], frame: Frame
) -> Value:
    name = parameter.arg
    first = function.parameters[1 if function.owner is not None else 0 :][:1]
    is_request = name in ("request", "req", "_request")
    is_request |= bool(first) and first[0].arg == name and handler != "fastapi"
    told = "Request" if parameter.annotation is None else ast.unparse(parameter.annotation)
    if handler in _REQUESTS and is_request and "Request" in told:
        return made_by(_REQUESTS[handler])
    if handler in ("fastapi", "litestar"):
        return _typed(function, parameter, frame)
    if name in converters:
        return _segment(function, name, converters[name])
    if handler in ("django", "rest_framework", "aiohttp", "tornado", "sanic", "http"):
        if name in ("self", "args", "kwargs", "format") or re.search(r"(^|_)(pk|id)$", name) or _numeric(parameter):
            return ANY
        return _segment(function, name, "") if handler != "aiohttp" else ANY
    return Value(path=f"?{name}")


def _segment(function: Function, name: str, converter: str) -> Value:
    if converter in ("int", "float", "uuid", "any"):
        kinds = EVERYTHING
    else:
        kinds = NOTHING if converter in ("path", "re", "regex") else _PATH_CLEAN
    label = Source("web", f"URL part {name!r}", function.module.path, function.node.lineno)
    return Value(taints={label: kinds}, path="url")


def _typed(function: Function, parameter: ast.arg, frame: Frame) -> Value:
    """A parameter of FastAPI: its annotation says what is let through."""
    from grace.hunter.taint.expressions import evaluate

    default = function.defaults.get(parameter.arg)
    told = ast.unparse(parameter.annotation) if parameter.annotation is not None else ""
    if (default is not None and "Depends" in default.path) or "Depends(" in told:
        return Value(path=f"?{parameter.arg}")
    source = Source("web", f"parameter {parameter.arg!r}", function.module.path, function.node.lineno)
    if told and _CLEAN_TYPES.search(told):
        return Value(taints={source: EVERYTHING})
    if not told or _TEXT_TYPES.search(told):
        return Value(taints={source: NOTHING}, path="parameter")
    annotation = parameter.annotation
    value = evaluate(annotation, frame) if isinstance(annotation, ast.Name | ast.Attribute) else ANY
    if "Request" in told or "WebSocket" in told or "UploadFile" in told:
        if "UploadFile" in told:
            return Value(taints={source: NOTHING}, path="fastapi.UploadFile()")
        return made_by("starlette.requests.Request()" if "Request" in told else "starlette.websockets.WebSocket()")
    if isinstance(value.callee, Class):
        return _model(value.callee, parameter.arg, function, frame)
    return Value(path=f"{value.path}()" if value.path else f"?{parameter.arg}")


def _model(of: Class, name: str, function: Function, frame: Frame) -> Value:
    """A pydantic model: its text fields are anybody's."""
    if any("Enum" in base for base in of.outer_bases):
        return ANY
    attributes: dict[str, Value] = {}
    for each in of.ancestry():
        for statement in each.node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                told = ast.unparse(statement.annotation)
                field = statement.target.id
                if _CLEAN_TYPES.search(told):
                    attributes.setdefault(field, ANY)
                    continue
                source = Source("web", f"{name}.{field}", function.module.path, function.node.lineno)
                attributes.setdefault(field, Value(taints={source: NOTHING}))
    return frame.here.allocate(Instance(attributes, of)) if attributes else Value(path=f"?{name}")


def _converters(function: Function) -> dict[str, str]:
    """Of a Flask-like route: the parts of its path by name, each with its converter."""
    found: dict[str, str] = {}
    for node in getattr(function.node, "decorator_list", ()):
        if isinstance(node, ast.Call):
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.update({name: converter for converter, name in _CONVERTER.findall(argument.value)})
    return found


def static_routes(frame: Frame) -> list[str]:
    """The paths of the handler that is evaluated, when none of them has a part that varies."""
    while frame.outer is not None and not frame.handler:
        frame = frame.outer
    function = frame.function
    if not frame.handler or function is None:
        return []
    calls = [d for d in getattr(function.node, "decorator_list", ()) if isinstance(d, ast.Call) and d.args]
    paths = [c.args[0].value for c in calls if isinstance(c.args[0], ast.Constant) and isinstance(c.args[0].value, str)]
    return [] if any("<" in path for path in paths) else paths
