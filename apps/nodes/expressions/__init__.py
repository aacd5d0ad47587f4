"""The expression language: `{{ … }}` in parameters.

A closed, JavaScript-looking language over JSON values. It has no statements and no access to anything but the scope's
values and the function table; every evaluation is bounded; the only error is ExprError.
"""

from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions import FUNCTIONS, Function
from apps.nodes.expressions.scope import Reference, Scope
from apps.nodes.expressions.template import (
    Expression,
    Template,
    check,
    compile_expression,
    compile_template,
    references,
    resolve,
)
from apps.nodes.expressions.values import Json

__all__ = [
    "FUNCTIONS",
    "ExprError",
    "Expression",
    "Function",
    "Json",
    "Reference",
    "Scope",
    "Template",
    "check",
    "compile_expression",
    "compile_template",
    "references",
    "resolve",
]
