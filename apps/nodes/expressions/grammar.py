"""The words of the language and how strongly its operators bind."""

import math
from typing import Final

ROOTS: Final = ("json", "input", "node", "trigger", "vars", "execution", "workflow", "item", "index", "now", "today")
NAMESPACES: Final = {
    "Array": "Array.isArray(x)",
    "JSON": "JSON.stringify(x)",
    "Math": "Math.round(x)",
    "Number": "Number(x)",
    "Object": "Object.keys(x)",
    "String": "String(x)",
}
"""What holds functions, with one of them."""

CONSTANTS: Final[dict[str, bool | None]] = {"null": None, "undefined": None, "true": True, "false": False}
MATH_CONSTANTS: Final = {"PI": math.pi, "E": math.e}
CONDITIONAL: Final = 1
POWER: Final = 9
UNARY: Final = 10
BINARY: Final = {
    "??": 2,
    "||": 3,
    "&&": 4,
    **dict.fromkeys(("==", "!=", "===", "!=="), 5),
    **dict.fromkeys(("<", "<=", ">", ">="), 6),
    **dict.fromkeys(("+", "-"), 7),
    **dict.fromkeys(("*", "/", "%"), 8),
    "**": POWER,
}
_NO_STATEMENTS: Final = "an expression only computes a value"
_NO_LOOP: Final = "go through a list with map(), filter() or reduce()"
_NO_NAME: Final = "an expression keeps nothing under a name; a step before it can"
_CHOOSE: Final = "write condition ? one : other"
_MISSING: Final = "nothing is thrown here; a ?? b gives b where a is missing"
_FINITE: Final = "numbers are finite; number(x, 0) gives 0 for what is none"
WORDS: Final = {
    **dict.fromkeys(("class", "delete", "export", "import", "super", "void", "with", "yield"), _NO_STATEMENTS),
    **dict.fromkeys(("await", "async"), "nothing here has to be waited for"),
    **dict.fromkeys(("const", "let", "var"), _NO_NAME),
    **dict.fromkeys(("case", "else", "if", "switch"), _CHOOSE),
    **dict.fromkeys(("break", "continue", "do", "for", "while"), _NO_LOOP),
    **dict.fromkeys(("catch", "throw", "try"), _MISSING),
    **dict.fromkeys(("Infinity", "NaN"), _FINITE),
    "function": "a function is written x => x.name, as an argument only",
    "globalThis": "an expression sees only its data; the input is $json",
    "in": "write object.has('key') or list.includes(item)",
    "instanceof": "typeOf(x) names the type of a value",
    "new": "now is $now, another date date('2024-05-01'), a list [] and an object ({})",
    "return": "an expression is what it gives, without return",
    "this": "the input is $json, the item of a loop $item",
    "typeof": "write typeOf(x), with parentheses",
}
"""JavaScript's words that mean nothing here, and what to write instead."""
FOREIGN_NAMES: Final = {
    **dict.fromkeys(("Date", "DateTime", "moment", "luxon"), WORDS["new"]),
    **dict.fromkeys(("console", "document", "exports", "module", "process", "require", "window"), WORDS["globalThis"]),
    "None": "nothing is null",
    "True": "write true",
    "False": "write false",
    "and": "write &&",
    "not": "write !",
    "or": "write ||",
}
"""Names that stand for something elsewhere."""
FOREIGN_ROOTS: Final = {
    "": 'the output of another node is $node["Its name"]',
    **dict.fromkeys(("binary", "files"), "files are artifacts; a node's output holds their ids"),
    **dict.fromkeys(("credentials", "secrets"), "a credential is chosen in a node, and never read"),
    "env": "expressions cannot read the server's environment; use $vars",
    "if": _CHOOSE,
    "ifEmpty": "write x.ifEmpty(other)",
    "itemIndex": "write $index",
    "items": "write $input.main or $json",
    "jmespath": "dots, map() and filter() do what it does",
    "max": "write Math.max(a, b) or list.max()",
    "min": "write Math.min(a, b) or list.min()",
    "prevNode": 'write $node["Its name"]',
}
"""Roots that people coming from elsewhere look for."""
FOREIGN_FUNCTIONS: Final = {
    **dict.fromkeys(("pop", "shift", "splice", "toSpliced"), "nothing is changed in place; slice() gives a part"),
    **dict.fromkeys(("push", "unshift"), "nothing is changed in place; append() and concat() give a longer list"),
    **dict.fromkeys(("toDateString", "toLocaleDateString", "toLocaleTimeString"), "format() writes a date"),
    "Date.now": "now is $now",
    "Math.random": "an expression gives the same each time",
    "endOfMonth": "write endOf('month')",
    "forEach": "map() makes a list of what its function gives",
    "getDate": "write day()",
    "getDay": "write weekday(): 1 is Monday, 7 Sunday",
    "getFullYear": "write year()",
    "getHours": "write hour()",
    "getMinutes": "write minute()",
    "getMonth": "write month(): 1 is January",
    "getTime": "write toMillis()",
    "toLocaleString": "formatNumber() writes a number, format() a date",
    "toRelative": "write date.diff($now, 'days')",
    "diffToNow": "write date.diff($now, 'days')",
    "valueOf": "a value is itself",
}
"""Functions of elsewhere that are called otherwise here, or cannot be."""
SYMBOL_HINTS: Final = {
    "=": "an expression cannot assign; compare with ==",
    "&": "write && for and",
    "|": "write || for or",
    "=>": "a function like x => x.name can only be an argument, as in list.map(x => x.name)",
    "...": "a function takes the list itself, as in Math.max(list)",
    ";": "an expression has no statements",
    "++": "write + 1",
    "--": "write - 1",
    "{": "wrap an object in parentheses: x => ({key: x})",
}
