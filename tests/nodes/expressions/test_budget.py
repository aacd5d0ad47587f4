"""Every limit is exactly where it is said to be: what just fits is taken, one more is refused."""

import pytest

from apps.nodes.expressions import ExprError, Json, Scope, check, compile_expression, compile_template, resolve
from apps.nodes.expressions.budget import (
    MAX_EXPRESSION,
    MAX_FUEL,
    MAX_HEIGHT,
    MAX_INTEGER_BITS,
    MAX_NESTING,
    MAX_RESOLVE_FUEL,
    MAX_RESOLVE_RESULT,
    MAX_RESULT,
    MAX_TEMPLATE,
    MAX_TEMPLATE_CODE,
    MAX_TEXT,
    MAX_VALUE_DEPTH,
    Budget,
)
from apps.nodes.expressions.functions.regex import MAX_PATTERN

SCOPE = Scope(json={"x": "x" * MAX_RESULT, "n": list(range(2_000))})


def refusal(text: str) -> str:
    with pytest.raises(ExprError) as caught:
        compile_template("{{ " + text + " }}").evaluate(SCOPE)
    return str(caught.value)


def run(text: str) -> Json:
    return compile_template("{{ " + text + " }}").evaluate(SCOPE)


def test_what_a_new_user_is_told() -> None:
    assert (MAX_EXPRESSION, MAX_FUEL, MAX_TEXT, MAX_RESULT) == (4_000, 200_000, 2**20, 2**20)


def test_length_of_an_expression() -> None:
    fits = "'" + "x" * (MAX_EXPRESSION - 2) + "'"
    assert compile_expression(fits).evaluate(SCOPE) == "x" * (MAX_EXPRESSION - 2)
    assert compile_template("{{" + fits + "}}").evaluate(SCOPE)
    for template in ("{{" + fits[:-1] + "x'}}", "{{" + fits + " }}"):
        with pytest.raises(ExprError, match=r"too long|at most 4,000"):
            compile_template(template)


def test_length_of_a_text_with_expressions() -> None:
    fits = "x" * (MAX_TEMPLATE - 7) + "{{ 1 }}"
    assert compile_template(fits).evaluate(SCOPE) == "x" * (MAX_TEMPLATE - 7) + "1"
    assert "262,144" in str(check("x" + fits)[0])
    assert compile_template("x" * MAX_TEMPLATE + "x").evaluate(SCOPE)


def test_length_of_all_expressions_of_a_text() -> None:
    one = "{{" + "1".rjust(MAX_TEMPLATE_CODE // 10) + "}}"
    assert compile_template(one * 10).evaluate(SCOPE) == "1" * 10
    assert "20,000" in str(check(one * 10 + "{{1}}")[0])


def test_nesting() -> None:
    for opening, closing in (("(", ")"), ("[", "]"), ("({a: ", "})"), ("[1].map(x => ", ")")):
        levels = MAX_NESTING // (2 if len(opening) == 5 else 1)
        assert not check("{{ " + opening * levels + "1" + closing * levels + " }}")
        assert "nested too deeply" in refusal(opening * (levels + 1) + "1" + closing * (levels + 1))


def test_operators_in_a_row() -> None:
    assert run("+".join(["1"] * MAX_HEIGHT)) == MAX_HEIGHT
    assert "too many operations in a row" in refusal("+".join(["1"] * (MAX_HEIGHT + 1)))
    assert run("!" * (MAX_HEIGHT - 1) + "1") is (MAX_HEIGHT % 2 == 1)
    assert "nested too deeply" in refusal("!" * MAX_HEIGHT + "1")


@pytest.mark.parametrize(
    "text",
    [
        "$json.n.map(n => n * 2 + 1)",
        "$json.n.filter(n => n > 3).map(n => ({n: n})).groupBy(i => i.n % 7)",
        "$json.x.replaceAll('x', 'y').length",
        "$json.n.sort((a, b) => b - a)",
        "$json.n.map(n => string(n)).join(', ').split(', ').unique().toJson()",
        "range(0, 99).map(i => '2024-01-01'.plus(i, 'days').format('dd.MM.'))",
        "$json.n.reduce((t, n) => t + n, 0)",
        "$json.x.slice(0, 5000).matchAll(/x{9}/g).length",
    ],
)
def test_fuel_is_the_same_each_time_and_the_last_unit_counts(text: str) -> None:
    expression = compile_expression(text)
    spent = set()
    for _ in range(3):
        budget = Budget()
        expression.evaluate(SCOPE, budget)
        spent.add(MAX_FUEL - budget.fuel)
    (units,) = spent
    assert units > 0
    exact = Budget(units)
    expression.evaluate(SCOPE, exact)
    assert exact.fuel == 0
    with pytest.raises(ExprError, match="too much work"):
        expression.evaluate(SCOPE, Budget(units - 1))


def test_fuel_of_one_evaluation_and_of_all_of_one_params_value() -> None:
    assert run(f"range(0, {MAX_FUEL}).length") == MAX_FUEL
    assert "too much work" in refusal(f"range(0, {MAX_FUEL + 1}).length")
    half = "{{ range(0, " + str(MAX_FUEL // 2) + ").length }}"
    fits: Json = [half] * (MAX_RESOLVE_FUEL // (MAX_FUEL // 2))
    assert resolve(fits, SCOPE) == [MAX_FUEL // 2] * 10
    with pytest.raises(ExprError, match="too much work") as caught:
        resolve([fits, "{{ range(0, 1).length }}"], SCOPE)
    assert caught.value.path == "[1]"


def test_length_of_a_text_that_is_made() -> None:
    assert run(f"'x'.repeat({MAX_TEXT}).length") == MAX_TEXT
    assert "1,048,577 characters is too long" in refusal("('x' + $json.x).length")
    assert run("('' + $json.x).length") == MAX_TEXT
    assert "too long" in refusal("$json.x + 'x'")
    assert "too long" in refusal("[$json.x, 'x'].join('').length")


def test_size_of_a_result() -> None:
    numbers = (MAX_RESULT - 2) // 16
    assert len(run(f"range(0, {numbers})")) == numbers  # type: ignore[arg-type]
    assert "too large" in refusal(f"range(0, {numbers + 1})")
    assert run("$json.x") == "x" * MAX_RESULT
    assert "too large" in refusal("[$json.x]")
    with pytest.raises(ExprError, match="too long"):
        compile_template("{{ $json.x }}!").evaluate(SCOPE)


def test_size_of_all_results_of_one_params_value() -> None:
    fits = MAX_RESOLVE_RESULT // MAX_RESULT
    assert resolve(["{{ $json.x }}"] * fits, SCOPE)
    with pytest.raises(ExprError, match="too large together"):
        resolve([*["{{ $json.x }}"] * fits, "{{ 'x' }}"], SCOPE)


def test_depth_of_a_result() -> None:
    def nested(levels: int) -> str:
        return f"range(0, {levels}).reduce((t, i) => [t], 1)"

    assert run(nested(MAX_VALUE_DEPTH))
    assert "nested too deeply" in refusal(nested(MAX_VALUE_DEPTH + 1))


def test_size_of_numbers() -> None:
    largest = 2**MAX_INTEGER_BITS - 1
    assert run("2 ** 255 - 1 + 2 ** 255") == largest
    assert run(f"-{largest}") == -largest
    for text in ("2 ** 256", "(2 ** 255) * 2", f"{largest} + 1", str(largest + 1), "-(2 ** 255) - 2 ** 255"):
        assert "too large" in refusal(text)
    assert run("1.7976931348623157e308") == 1.7976931348623157e308
    assert "not a finite number" in refusal("1.7976931348623157e308 * 1.1")


def test_length_of_a_pattern() -> None:
    assert run("'a'.test('" + "a" * MAX_PATTERN + "')") is False
    assert "longer than 1,000" in refusal("'a'.test('" + "a" * (MAX_PATTERN + 1) + "')")
