"""The words of the language and how strongly its operators bind."""

from typing import Final

ROOTS: Final = ("json", "input", "node", "trigger", "vars", "execution", "workflow", "item", "index", "now", "today")
NAMESPACES: Final = frozenset({"Math", "JSON", "Object", "Array", "Number", "String"})

CONSTANTS: Final[dict[str, bool | None]] = {"null": None, "undefined": None, "true": True, "false": False}
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
WORDS: Final = frozenset(
    [
        "await",
        "async",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "delete",
        "do",
        "else",
        "export",
        "for",
        "function",
        "if",
        "import",
        "in",
        "instanceof",
        "let",
        "new",
        "return",
        "super",
        "switch",
        "this",
        "throw",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "with",
        "yield",
        "NaN",
        "Infinity",
        "globalThis",
    ]
)
"""JavaScript's words that mean nothing here."""
SYMBOL_HINTS: Final = {
    "=": "an expression cannot assign; compare with ==",
    "&": "write && for and",
    "|": "write || for or",
    "=>": "a function like x => x.name can only be an argument, as in list.map(x => x.name)",
    "...": "join lists with concat() and objects with merge()",
    ";": "an expression has no statements",
    "++": "write + 1",
    "--": "write - 1",
    "{": "wrap an object in parentheses: x => ({key: x})",
}
