"""Tokens into a syntax tree: a Pratt parser with JavaScript's precedence."""

from dataclasses import dataclass
from typing import cast

from apps.nodes.expressions import ast
from apps.nodes.expressions.budget import MAX_HEIGHT, MAX_NESTING
from apps.nodes.expressions.cursor import Cursor, shown
from apps.nodes.expressions.grammar import (
    BINARY,
    CONDITIONAL,
    CONSTANTS,
    FOREIGN_NAMES,
    FOREIGN_ROOTS,
    MATH_CONSTANTS,
    NAMESPACES,
    ROOTS,
    SYMBOL_HINTS,
    UNARY,
    WORDS,
)
from apps.nodes.expressions.lexer import END, LAST_PIECE, NAME, NUMBER, PIECE, REGEX, ROOT, TEXT, Token, tokenize
from apps.nodes.expressions.values import near


@dataclass(frozen=True, slots=True)
class Parsed:
    """A syntax tree and how many lambda parameters it has."""

    tree: ast.Node
    slot_count: int


def parse(source: str) -> Parsed:
    """Read one expression; raises ExprError, placed, for anything that is none."""
    tokens, _ = tokenize(source)
    parser = _Parser(tokens)
    return Parsed(parser.whole(), parser.slot_count)


class _Parser(Cursor):
    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self._nesting = 0
        self._recursion = 0
        self._in_brackets: set[int] = set()
        self._scopes: list[dict[str, int]] = []
        self.slot_count = 0

    def whole(self) -> ast.Node:
        if self._next.kind == END:
            self._fail("there is no expression here", "write a value, as in $json.name")
        tree = self._expression()
        if self._next.kind != END:
            self._unexpected()
        return tree

    def _nested(self) -> ast.Node:
        """An expression inside brackets of any kind."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            self._fail("the expression is nested too deeply", f"the limit is {MAX_NESTING} levels")
        node = self._expression()
        self._nesting -= 1
        return node

    def _expression(self, power: int = 0) -> ast.Node:
        self._recursion += 1
        if self._recursion > MAX_HEIGHT:
            self._fail("the expression is nested too deeply")
        left = self._prefix()
        while self._next.kind == "symbol":
            operator = self._next.text
            if operator == "?" and power < CONDITIONAL:
                left = self._conditional(left)
                continue
            binds = BINARY.get(operator)
            if binds is None or binds <= power:
                break
            left = self._binary(left, operator, binds)
        self._recursion -= 1
        return left

    def _conditional(self, test: ast.Node) -> ast.Node:
        self._take()
        yes = self._nested()
        self._expect(":", "between the two answers of ? :")
        no = self._expression()
        return self._made(ast.Conditional(test, yes, no, start=test.start, end=no.end))

    def _binary(self, left: ast.Node, operator: str, binds: int) -> ast.Node:
        token = self._take()
        right = self._expression(binds - 1 if operator == "**" else binds)
        start, end = left.start, right.end
        if operator in ("&&", "||", "??"):
            for side in (left, right):
                if (
                    isinstance(side, ast.Logic)
                    and (side.operator == "??") != (operator == "??")
                    and self._is_bare(side)
                ):
                    self._fail(f"{side.operator} and {operator} cannot be mixed", "add parentheses", token)
            return self._made(ast.Logic(cast(ast.LogicOperator, operator), left, right, start=start, end=end))
        if operator in ("==", "!=", "===", "!=="):
            return self._made(ast.Equality(cast(ast.EqualityOperator, operator), left, right, start=start, end=end))
        if operator in ("<", "<=", ">", ">="):
            if isinstance(left, ast.Comparison) and self._is_bare(left):
                self._fail("comparisons cannot be chained", "write a < b && b < c", token)
            return self._made(ast.Comparison(cast(ast.ComparisonOperator, operator), left, right, start=start, end=end))
        if operator == "**" and isinstance(left, ast.Negate | ast.Not) and self._is_bare(left):
            self._fail("it is not clear what ** belongs to", "add parentheses, as in (-2) ** 2", token)
        return self._made(ast.Arithmetic(cast(ast.ArithmeticOperator, operator), left, right, start=start, end=end))

    def _is_bare(self, node: ast.Node) -> bool:
        return id(node) not in self._in_brackets

    def _prefix(self) -> ast.Node:
        token = self._next
        if token.kind == "symbol" and token.text in ("!", "-", "+"):
            self._take()
            operand = self._expression(UNARY)
            if token.text == "!":
                return self._made(ast.Not(operand, start=token.start, end=operand.end))
            if token.text == "-":
                return self._made(ast.Negate(operand, start=token.start, end=operand.end))
            self._fail("+ needs a value on its left", "turn a text into a number with number()", token)
        return self._postfix(self._primary())

    def _postfix(self, node: ast.Node) -> ast.Node:
        while self._next.kind == "symbol":
            symbol = self._next.text
            if symbol == "." or symbol == "?.":
                self._take()
                if symbol == "?." and self._is("["):
                    node = self._index(node, optional=True)
                    continue
                node = self._member(node, optional=symbol == "?.")
            elif symbol == "[":
                node = self._index(node, optional=False)
            elif symbol == "(":
                self._fail("only functions of the function table can be called", "as in $json.name.upper()")
            else:
                break
        return node

    def _member(self, target: ast.Node, *, optional: bool) -> ast.Node:
        name = self._take()
        if name.kind not in (NAME, ROOT):
            self._fail(f"expected a name after the dot, found {shown(name)}", 'write other keys as ["a key"]', name)
        if not self._is("("):
            return self._made(ast.Member(target, name.text, optional, start=target.start, end=name.end))
        arguments, end = self._arguments()
        return self._made(ast.Call(name.text, (target, *arguments), True, optional, start=target.start, end=end))

    def _index(self, target: ast.Node, *, optional: bool) -> ast.Node:
        self._take()
        index = self._nested()
        end = self._expect("]", "after the key").end
        if isinstance(index, ast.Literal) and type(index.value) is str:
            return self._made(ast.Member(target, index.value, optional, start=target.start, end=end))
        return self._made(ast.Index(target, index, optional, start=target.start, end=end))

    def _primary(self) -> ast.Node:
        token = self._take()
        if token.kind in (NUMBER, TEXT):
            return self._made(ast.Literal(token.value, start=token.start, end=token.end))
        if token.kind == PIECE:
            return self._composed(token)
        if token.kind == ROOT:
            return self._root(token)
        if token.kind == NAME:
            return self._name(token)
        if token.kind == REGEX:
            return self._regex_test(token)
        if token.text == "(":
            return self._bracketed(token)
        if token.text == "[":
            return self._list(token)
        if token.text == "{":
            return self._object(token)
        if token.kind == END:
            self._fail("the expression ends too early", "a value is missing here", token)
        self._fail(f"unexpected {shown(token)}", SYMBOL_HINTS.get(token.text, ""), token)

    def _composed(self, first: Token) -> ast.Node:
        """A text in back-quotes with `${…}` in it: what concat() makes of its parts."""
        parts = [self._made(ast.Literal(first.value, start=first.start, end=first.end))]
        piece = first
        while piece.kind != LAST_PIECE:
            parts.append(self._nested())
            piece = self._take()
            if piece.kind not in (PIECE, LAST_PIECE):
                self._fail(f"expected }} after the expression, found {shown(piece)}", "", piece)
            if piece.value:
                parts.append(self._made(ast.Literal(piece.value, start=piece.start, end=piece.end)))
        return self._made(ast.Call("concat", tuple(parts), True, start=first.start, end=piece.end))

    def _bracketed(self, opening: Token) -> ast.Node:
        if self._is(")"):
            self._fail("there is nothing in these parentheses", SYMBOL_HINTS["=>"], opening)
        node = self._nested()
        self._expect(")", "to close the parenthesis")
        self._in_brackets.add(id(node))
        return node

    def _root(self, token: Token) -> ast.Node:
        name = token.text[1:]
        if name == "env":
            self._fail("$env is never available", FOREIGN_ROOTS[name], token)
        if name not in ROOTS:
            hint = FOREIGN_ROOTS.get(name) or (name and near(name, ROOTS).replace("mean ", "mean $"))
            self._fail(f"there is no {token.text}", hint or "there are $" + ", $".join(ROOTS), token)
        if name == "node":
            return self._node_output(token)
        return self._made(ast.Root(name, start=token.start, end=token.end))

    def _node_output(self, token: Token) -> ast.Node:
        if self._is("["):
            self._take()
            named = self._take()
            if named.kind != TEXT or not self._is("]"):
                self._fail("$node takes a node's name in quotes", 'as in $node["Fetch"].body', named)
            end = self._take().end
            name = str(named.value)
        elif self._is(".") and self._peek(1).kind == NAME and self._peek(2).text != "(":
            self._take()
            named = self._take()
            name, end = named.text, named.end
        else:
            self._fail("$node needs the name of a node", 'as in $node["Fetch"].body', token)
        return self._made(ast.NodeOutput(name, start=token.start, end=end))

    def _name(self, token: Token) -> ast.Node:
        name = token.text
        if name in CONSTANTS:
            return self._made(ast.Literal(CONSTANTS[name], start=token.start, end=token.end))
        for scope in reversed(self._scopes):
            if name in scope:
                return self._made(ast.Local(name, scope[name], start=token.start, end=token.end))
        if self._is("(") and name not in WORDS:
            return self._global_call(token, name)
        if name == "Math" and self._is(".") and self._peek(1).text in MATH_CONSTANTS:
            self._take()
            constant = self._take()
            return self._made(ast.Literal(MATH_CONSTANTS[constant.text], start=token.start, end=constant.end))
        if name in NAMESPACES and self._is(".") and self._peek(1).kind == NAME and self._peek(2).text == "(":
            self._take()
            return self._global_call(token, f"{name}.{self._take().text}")
        if self._is("=>"):
            self._fail("a function cannot stand here", SYMBOL_HINTS["=>"], token)
        if name in WORDS:
            self._fail(f"{name} is not part of the expression language", WORDS[name], token)
        if name in NAMESPACES:
            self._fail(f"{name} is no value, it holds functions", f"as in {NAMESPACES[name]}", token)
        locals_ = [local for scope in self._scopes for local in scope]
        hint = FOREIGN_NAMES.get(name) or near(name, [*locals_, *CONSTANTS]) or self._odd_key(self._at - 1)
        if not hint and (root := near(name, ROOTS)):
            hint = root.replace("mean ", "mean $")
        self._fail(f"there is no {name}", hint or f"did you mean $json.{name}, or the text '{name}' in quotes?", token)

    def _global_call(self, token: Token, name: str) -> ast.Node:
        arguments, end = self._arguments()
        return self._made(ast.Call(name, tuple(arguments), False, start=token.start, end=end))

    def _regex_test(self, token: Token) -> ast.Node:
        if not (self._is(".") and self._peek(1).text == "test" and self._peek(2).text == "("):
            self._fail("a pattern can only be an argument", "as in $json.name.match(/[a-z]+/)", token)
        self._take()
        self._take()
        arguments, end = self._arguments()
        regex = self._regex(token)
        if len(arguments) != 1:
            self._fail("test() needs one text", "as in /[a-z]+/.test($json.name)", token)
        return self._made(ast.Call("test", (arguments[0], regex), True, start=token.start, end=end))

    def _regex(self, token: Token) -> ast.Node:
        return self._made(ast.Regex(token.text, str(token.value), start=token.start, end=token.end))

    def _arguments(self) -> tuple[list[ast.Node], int]:
        self._take()
        arguments: list[ast.Node] = []
        while not self._is(")"):
            arguments.append(self._argument())
            if not self._is(","):
                break
            self._take()
        return arguments, self._expect(")", "after the arguments").end

    def _argument(self) -> ast.Node:
        token = self._next
        if token.kind == REGEX and self._peek(1).text in (",", ")"):
            return self._regex(self._take())
        if token.kind == NAME and self._peek(1).text == "=>" and self._peek(1).kind == "symbol":
            return self._lambda(token, [self._take()])
        if self._is("(") and (count := self._arrow_parameters()) is not None:
            self._take()
            names = []
            for _ in range(count):
                names.append(self._take())
                self._take()
            if not count:
                self._take()
            return self._lambda(token, names)
        return self._nested()

    def _arrow_parameters(self) -> int | None:
        """How many names stand in the parentheses coming up, if an arrow follows them."""
        ahead, count = 1, 0
        while self._peek(ahead).kind == NAME:
            count += 1
            if self._peek(ahead + 1).text != ",":
                ahead += 1
                break
            ahead += 2
        if self._peek(ahead).text == ")" and self._peek(ahead + 1).text == "=>":
            return count
        return None

    def _lambda(self, opening: Token, names: list[Token]) -> ast.Node:
        scope: dict[str, int] = {}
        for name in names:
            if name.text in CONSTANTS or name.text in WORDS or name.text in scope:
                self._fail(f"{name.text} cannot name a parameter here", "", name)
            scope[name.text] = self.slot_count
            self.slot_count += 1
        self._expect("=>", "after the parameters")
        if self._is("{"):
            self._fail("a function body is one expression, without braces", SYMBOL_HINTS["{"])
        self._scopes.append(scope)
        body = self._nested()
        self._scopes.pop()
        parameters, slots = tuple(scope), tuple(scope.values())
        return self._made(ast.Lambda(parameters, body, slots, start=opening.start, end=body.end))

    def _list(self, opening: Token) -> ast.Node:
        parts: list[ast.Node] = []
        items: list[ast.Node] = []
        while not self._is("]"):
            if self._is("..."):
                self._take()
                parts += [self._list_of(items, opening), self._nested()]
                items = []
            else:
                items.append(self._nested())
            if not self._is(","):
                break
            self._take()
        end = self._expect("]", "to close the list").end
        if not parts:
            return self._list_of(items, opening, end)
        if items:
            parts.append(self._list_of(items, opening))
        return self._made(ast.Call("extend", tuple(parts), True, start=opening.start, end=end))

    def _list_of(self, items: list[ast.Node], opening: Token, end: int | None = None) -> ast.Node:
        return self._made(ast.ListLiteral(tuple(items), start=opening.start, end=end or opening.end))

    def _object(self, opening: Token) -> ast.Node:
        parts: list[ast.Node] = []
        entries: list[tuple[str, ast.Node]] = []
        while not self._is("}"):
            if self._is("..."):
                self._take()
                parts += [self._object_of(entries, opening), self._nested()]
                entries = []
            else:
                entries.append(self._entry())
            if not self._is(","):
                break
            self._take()
        end = self._expect("}", "to close the object").end
        if not parts:
            return self._object_of(entries, opening, end)
        if entries:
            parts.append(self._object_of(entries, opening))
        return self._made(ast.Call("merge", tuple(parts), True, start=opening.start, end=end))

    def _entry(self) -> tuple[str, ast.Node]:
        key = self._take()
        if key.kind not in (NAME, ROOT, TEXT, NUMBER):
            self._fail(f"expected a key, found {shown(key)}", SYMBOL_HINTS.get(key.text, ""), key)
        if key.kind == NAME and (self._is(",") or self._is("}")):
            return key.text, self._name(key)
        self._expect(":", "after the key")
        return (str(key.value) if key.kind == TEXT else key.text), self._nested()

    def _object_of(self, entries: list[tuple[str, ast.Node]], opening: Token, end: int | None = None) -> ast.Node:
        return self._made(ast.ObjectLiteral(tuple(entries), start=opening.start, end=end or opening.end))
