"""Random expressions: whatever they are, they are read back as printed and end in a value or an ExprError."""

import json
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.nodes.expressions import FUNCTIONS, ExprError, Json, Scope, ast, check, compile_expression, compile_template
from apps.nodes.expressions.functions import GLOBALS, METHODS
from apps.nodes.expressions.functions.registry import LAMBDA_PARAMETERS
from apps.nodes.expressions.grammar import ROOTS
from apps.nodes.expressions.parser import parse
from tests.fuzzing import IS_SAME_EACH_TIME, cases

pytestmark = pytest.mark.fuzz

DATA: Final[Json] = {
    "a": 1,
    "b": "text",
    "c": [3, 1.5, -2],
    "d": {"a": None, "b": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]},
    "e": True,
    "f": "2024-05-01T12:00:00Z",
    "g": ["b", "a", ""],
}
SCOPE: Final = Scope(json=DATA, input={"main": DATA}, node={"A": DATA, "B": 2}, vars={"x": "1"}, item=DATA, index=0)
BOUNDED: Final = settings(
    max_examples=cases(100, 5_000),
    deadline=None,
    database=None,
    derandomize=IS_SAME_EACH_TIME,
    suppress_health_check=list(HealthCheck),
)

UNEXPLAINED: Final = "this expression cannot be evaluated with these values"
SYMBOLS: Final = "=> ?. ?? || && === !== == != <= >= ** + - * / % < > ! ? : . , ( ) [ ] { } ' \" ` = ; ${ }} {{ \\ ..."
PLAIN: Final = "0 1 2.5 1e3 1e400 9999999999999999999999 'a' \"b\" /a+/g x y null true false undefined __proto__"
WORDS: Final = (
    *(f"${root}" for root in (*ROOTS, "env", "x")),
    *SYMBOLS.split(),
    *PLAIN.split(),
    *sorted(METHODS),
    *sorted(GLOBALS),
)


def ends_well(text: str) -> None:
    try:
        result = compile_template(text).evaluate(SCOPE)
    except ExprError as error:
        if error.message == UNEXPLAINED or not 1 <= (error.column or 0) <= len(text) + 1:
            raise
    else:
        json.dumps(result, allow_nan=False)


@BOUNDED
@given(st.text(max_size=200))
def test_any_text_ends_well(text: str) -> None:
    ends_well(text)
    ends_well("{{" + text + "}}")
    assert all(error.column for error in check([text]))


@BOUNDED
@given(st.lists(st.sampled_from(WORDS), max_size=25), st.sampled_from(["", " "]))
def test_any_row_of_words_ends_well(words: list[str], between: str) -> None:
    ends_well("{{ " + between.join(words) + " }}")


# Random trees

NAMES: Final = ("x", "y", "item2", "ü")
KEYS: Final = st.sampled_from(["a", "b", "c", "d", "a b", "__proto__", "length", "upper", "é", "'", '"', "\\", "\n"])
LITERALS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 10**20),
    st.floats(0, 1e20, allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
).map(ast.Literal)
CALLS: Final = [(name, entry, True) for name, entry in METHODS.items()] + [
    (name, entry, False) for name, entry in GLOBALS.items()
]


def leaves(scope: tuple[str, ...]) -> st.SearchStrategy[ast.Node]:
    choices: list[st.SearchStrategy[ast.Node]] = [
        LITERALS,
        st.sampled_from([root for root in ROOTS if root not in ("node", "now", "today")]).map(ast.Root),
        st.sampled_from(["A", "B"]).map(ast.NodeOutput),
        KEYS.map(lambda key: ast.Member(ast.Root("json"), key)),
    ]
    if scope:
        choices.append(st.sampled_from(scope).map(ast.Local))
    return st.one_of(choices)


@st.composite
def trees(draw: st.DrawFn, depth: int = 4, scope: tuple[str, ...] = ()) -> ast.Node:
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(leaves(scope))

    def part() -> ast.Node:
        return draw(trees(depth - 1, scope))

    match draw(st.integers(0, 11)):
        case 0:
            return ast.ListLiteral(tuple(part() for _ in range(draw(st.integers(0, 3)))))
        case 1:
            return ast.ObjectLiteral(tuple((draw(KEYS), part()) for _ in range(draw(st.integers(0, 2)))))
        case 2:
            return ast.Member(part(), draw(KEYS), draw(st.booleans()))
        case 3:
            index = part()
            if isinstance(index, ast.Literal) and type(index.value) is str:
                return ast.Member(part(), index.value, draw(st.booleans()))
            return ast.Index(part(), index, draw(st.booleans()))
        case 4:
            return ast.Not(part())
        case 5:
            return ast.Negate(part())
        case 6:
            return ast.Arithmetic(draw(st.sampled_from(["+", "-", "*", "/", "%", "**"])), part(), part())
        case 7:
            return ast.Comparison(draw(st.sampled_from(["<", "<=", ">", ">="])), part(), part())
        case 8:
            return ast.Equality(draw(st.sampled_from(["==", "!=", "===", "!=="])), part(), part())
        case 9:
            return ast.Logic(draw(st.sampled_from(["&&", "||", "??"])), part(), part())
        case 10:
            return ast.Conditional(part(), part(), part())
        case _:
            return draw(calls(depth, scope))


@st.composite
def calls(draw: st.DrawFn, depth: int, scope: tuple[str, ...]) -> ast.Node:
    name, entry, is_method = draw(st.sampled_from(CALLS))
    count = draw(st.integers(entry.least, entry.least + 2 if entry.most is None else entry.most))
    arguments: list[ast.Node] = []
    for index in range(max(count, 1) if is_method else count):
        most = LAMBDA_PARAMETERS.get(entry.parameter(index).kinds[0], 0)
        if most:
            names = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=most)))
            arguments.append(ast.Lambda(names, draw(trees(depth - 1, (*scope, *names)))))
        elif "pattern" in entry.parameter(index).kinds and draw(st.booleans()):
            arguments.append(
                ast.Regex(draw(st.sampled_from(["a", "[a-z/]+", "(x)|y", "\\d\\/"])), draw(st.sampled_from(["", "g"])))
            )
        else:
            arguments.append(draw(trees(depth - 1, scope)))
    return ast.Call(name, tuple(arguments), is_method, is_method and draw(st.booleans()))


def printed(node: ast.Node) -> str:
    """Source text for `node`, every part of an operation in parentheses."""
    match node:
        case ast.Literal(value):
            return repr(value) if type(value) is float else json.dumps(value)
        case ast.ListLiteral(items):
            return f"[{', '.join(map(printed, items))}]"
        case ast.ObjectLiteral(entries):
            return "{" + ", ".join(f"{json.dumps(key)}: {printed(value)}" for key, value in entries) + "}"
        case ast.Root(name):
            return f"${name}"
        case ast.NodeOutput(name):
            return f"$node[{json.dumps(name)}]"
        case ast.Local(name):
            return name
        case ast.Member(target, key, optional):
            return f"({printed(target)}){'?.' if optional else ''}[{json.dumps(key)}]"
        case ast.Index(target, index, optional):
            return f"({printed(target)}){'?.' if optional else ''}[{printed(index)}]"
        case ast.Call(name, arguments, is_method, optional):
            parts = list(map(printed, arguments))
            if not is_method:
                return f"{name}({', '.join(parts)})"
            return f"({parts[0]}){'?' if optional else ''}.{name}({', '.join(parts[1:])})"
        case ast.Lambda(names, body):
            return f"({', '.join(names)}) => ({printed(body)})"
        case ast.Regex(pattern, flags):
            return f"/{pattern}/{flags}"
        case ast.Not(operand):
            return f"!({printed(operand)})"
        case ast.Negate(operand):
            return f"-({printed(operand)})"
        case ast.Conditional(test, yes, no):
            return f"({printed(test)}) ? ({printed(yes)}) : ({printed(no)})"
        case ast.Arithmetic() | ast.Comparison() | ast.Equality() | ast.Logic():
            return f"({printed(node.left)}) {node.operator} ({printed(node.right)})"
    raise AssertionError(node)


@BOUNDED
@given(trees())
def test_any_tree_is_read_back_as_printed_and_ends_well(tree: ast.Node) -> None:
    text = printed(tree)
    if len(text) > 3_900:
        return
    assert parse(text).tree == tree
    ends_well("{{ " + text + " }}")
    assert compile_expression(text).source == text


@BOUNDED
@given(st.data())
def test_any_call_with_any_arguments_ends_well(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(FUNCTIONS))
    values: dict[str, Json] = {}
    arguments = []
    for index in range(entry.most or 2):
        if entry.parameter(index).lambda_parameters:
            arguments.append(data.draw(st.sampled_from(["x => x", "(x, y) => y", "x => x.a", "x => x > 1", "x => -x"])))
            continue
        values[f"p{index}"] = data.draw(
            st.recursive(
                st.one_of(
                    st.none(),
                    st.booleans(),
                    st.integers(),
                    st.floats(),
                    st.text(max_size=20),
                    st.sampled_from(["2024-01-31", "days", "UTC"]),
                ),
                lambda inner: st.one_of(
                    st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=3), inner, max_size=3)
                ),
                max_leaves=6,
            )
        )
        arguments.append(f"$json.p{index}")
    if entry.is_method:
        text = f"{arguments[0]}.{entry.name}({', '.join(arguments[1:])})"
    else:
        text = f"{entry.globals[0]}({', '.join(arguments)})"
    try:
        json.dumps(compile_expression(text).evaluate(Scope(json=values)), allow_nan=False)
    except ExprError as error:
        if error.message == UNEXPLAINED:
            raise
