"""A syntax tree into closures.

Every node becomes one function of a frame. A frame is a plain list, the fastest thing to index: the budget at 0, then
the values of the lambda parameters, then those of the roots and nodes the expression names. Those are loaded before the
evaluation starts, so evaluating touches nothing but plain values.

Fuel: outside lambdas every node is evaluated at most once, which the length limit bounds, so only lambdas and functions
pay. A lambda pays for its whole body each time it is called, before it is.
"""

import operator
from typing import Final, NoReturn

from apps.nodes.expressions import ast, operators
from apps.nodes.expressions.blame import blame
from apps.nodes.expressions.errors import ExprError
from apps.nodes.expressions.functions import GLOBALS, METHODS, Function
from apps.nodes.expressions.functions.regex import prepared
from apps.nodes.expressions.functions.registry import Pattern
from apps.nodes.expressions.grammar import FOREIGN_FUNCTIONS, NAMESPACES
from apps.nodes.expressions.runtime import (
    BoundLambda,
    Closure,
    Frame,
    follow,
    step,
)
from apps.nodes.expressions.scope import Loader, Reference, node_loader, root_loader
from apps.nodes.expressions.values import Value, nearest

_NAMED_ROOTS: Final = frozenset({"input", "vars"})


class Compiler:
    """Compiles one tree. Afterwards `loaders` and `references` say what a frame has to be filled with."""

    def __init__(self, source: str, slot_count: int) -> None:
        self._source = source
        self._first_root = 1 + slot_count
        self._slots: dict[ast.Node, int] = {}
        self.loaders: list[Loader] = []
        self.references: set[Reference] = set()
        self.paths: set[tuple[str, ...]] = set()

    def compile(self, node: ast.Node) -> Closure:
        """The closure of `node`; raises ExprError for calls that cannot work."""
        match node:
            case ast.Literal(value):
                return lambda frame: value
            case ast.Root() | ast.NodeOutput() | ast.Local() | ast.Member() | ast.Index():
                return self._chain(node)
            case ast.ListLiteral(items):
                parts = [self.compile(item) for item in items]
                return lambda frame: [part(frame) for part in parts]
            case ast.ObjectLiteral(entries):
                pairs = [(key, self.compile(value)) for key, value in entries]
                return lambda frame: {key: part(frame) for key, part in pairs}
            case ast.Call():
                return self._call(node)
            case ast.Not(operand):
                inner = self._condition(operand)
                return lambda frame: not inner(frame)
            case ast.Negate(operand):
                return operators.negation(node, self.compile(operand), self._refuse)
            case ast.Arithmetic(_, left, right):
                return operators.arithmetic(node, self.compile(left), self.compile(right), self._refuse)
            case ast.Comparison(_, left, right):
                return operators.comparison(node, self.compile(left), self.compile(right), self._refuse)
            case ast.Equality(_, left, right):
                return operators.equality(node, self.compile(left), self.compile(right))
            case ast.Logic(_, left, right):
                return operators.logic(node, self.compile(left), self.compile(right))
            case ast.Conditional(test, yes, no):
                choose, one, other = self._condition(test), self.compile(yes), self.compile(no)
                return lambda frame: one(frame) if choose(frame) else other(frame)
        raise ExprError("a function or pattern cannot stand here", column=node.start + 1)

    def _condition(self, node: ast.Node) -> Closure:
        return operators.condition(node, self.compile(node))

    def _refuse(self, frame: Frame, message: str, *operands: tuple[ast.Node, Value]) -> NoReturn:
        raise blame(self._source, frame, self._slot, message, operands)

    # Look-ups

    def _slot(self, node: ast.Root | ast.NodeOutput | ast.Local) -> int:
        if isinstance(node, ast.Local):
            return 1 + node.slot
        if node not in self._slots:
            self._slots[node] = self._first_root + len(self.loaders)
            if isinstance(node, ast.Root):
                self.loaders.append(root_loader(node.name))
                if node.name not in _NAMED_ROOTS:
                    self.references.add(Reference(node.name))
            else:
                self.loaders.append(node_loader(node.name, node.start + 1))
                self.references.add(Reference("node", node.name))
        return self._slots[node]

    def _note_path(self, base: ast.Node, keys: tuple[str | int, ...]) -> None:
        """Remember which value of which root is read."""
        names = []
        for key in keys:
            if type(key) is not str:
                break
            names.append(key)
        if isinstance(base, ast.NodeOutput):
            self.paths.add(("node", base.name, *names))
        elif isinstance(base, ast.Root):
            self.paths.add((base.name, *names))
            if base.name in _NAMED_ROOTS:
                self.references.add(Reference(base.name, names[0] if names else None))

    def _chain(self, node: ast.Node) -> Closure:
        base, links = ast.chain(node)
        keys = tuple(key for _, key in links)
        column = node.start + 1
        if isinstance(base, ast.Root | ast.NodeOutput | ast.Local):
            self._note_path(base, keys)
            slot = self._slot(base)
            match keys:
                case ():
                    return operator.itemgetter(slot)
                case (key,):
                    return _one_key(slot, key, column)
                case (str() as first, str() as second):
                    return _two_keys(slot, first, second, column)
            start: Closure = operator.itemgetter(slot)
        elif isinstance(base, ast.Index):
            start = self._computed_index(base)
        else:
            start = self.compile(base)
        if not keys:
            return start

        def look_up(frame: Frame) -> Value:
            value = start(frame)
            try:
                return follow(value, keys)
            except ExprError as error:
                raise error.at(column) from None

        return look_up

    def _computed_index(self, node: ast.Index) -> Closure:
        target, index = self.compile(node.target), self.compile(node.index)

        def look_up(frame: Frame) -> Value:
            value = target(frame)
            key = index(frame)
            kind = type(key)
            if kind is str:
                frame[0].read(len(key))
            elif kind is not int and kind is not float:
                if value is None:
                    return None
                self._refuse(frame, "a key must be text or a number, not {0}", (node.index, key))
            return _at(node.start + 1, value, key)

        return look_up

    # Calls

    def _call(self, node: ast.Call) -> Closure:
        function = self._function(node)
        name = node.name
        given = len(node.arguments)
        shown = given - node.is_method
        least, most = function.least, function.most
        if given < least or (most is not None and given > most):
            count = f"{least - node.is_method}"
            if most != least:
                count = f"at least {count}" if most is None else f"{count} to {most - node.is_method}"
            raise ExprError(
                f"{name}() takes {count} argument{'' if count == '1' else 's'}, not {shown}",
                hint=function.signature,
                column=node.start + 1,
            )
        arguments = [self._argument(node, function, index) for index in range(given)]
        implementation = function.implementation
        checks = [self._accepted(function, index) for index in range(given)]
        skips_null = node.is_method and _is_optional(node)
        column = node.start + 1

        def refuse(frame: Frame, index: int, value: Value) -> NoReturn:
            expected = function.parameter(index).expected
            self._refuse(frame, f"{name}() needs {expected}, not {{0}}", (node.arguments[index], value))

        first, first_types = (arguments[0], checks[0]) if arguments else (_nothing, frozenset())

        def call_one(frame: Frame) -> Value:
            value = first(frame)
            if type(value) not in first_types:
                if skips_null and value is None:
                    return None
                refuse(frame, 0, value)
            try:
                return implementation(frame[0], value)
            except ExprError as error:
                raise error.at(column) from None

        second, second_types = (arguments[1], checks[1]) if given > 1 else (_nothing, frozenset())

        def call_two(frame: Frame) -> Value:
            value = first(frame)
            if type(value) not in first_types:
                if skips_null and value is None:
                    return None
                refuse(frame, 0, value)
            other = second(frame)
            if type(other) not in second_types:
                refuse(frame, 1, other)
            try:
                return implementation(frame[0], value, other)
            except ExprError as error:
                raise error.at(column) from None

        def call_many(frame: Frame) -> Value:
            values = []
            for index, argument in enumerate(arguments):
                value = argument(frame)
                if type(value) not in checks[index]:
                    if skips_null and value is None and not index:
                        return None
                    refuse(frame, index, value)
                values.append(value)
            try:
                return implementation(frame[0], *values)
            except ExprError as error:
                raise error.at(column) from None

        return call_one if given == 1 else call_two if given == 2 else call_many

    def _function(self, node: ast.Call) -> Function:
        table = METHODS if node.is_method else GLOBALS
        function = table.get(node.name)
        if function:
            return function
        name = node.name
        place = node.arguments[0].end + 1 if node.is_method else node.start
        if name in FOREIGN_FUNCTIONS:
            hint = FOREIGN_FUNCTIONS[name]
        elif node.is_method and name in GLOBALS:
            hint = f"write {name}(…) without a dot in front"
        elif not node.is_method and name in METHODS:
            hint = f"write it after a value, as in $json.name.{name}(…)"
        else:
            found = nearest(name, METHODS if node.is_method else [*GLOBALS, *METHODS])
            hint = f"did you mean {found if found in table else f'$json.name.{found}'}()?" if found else ""
            space = name.partition(".")[0]
            if not hint and space in NAMESPACES:
                hint = "there are " + ", ".join(known for known in GLOBALS if known.startswith(f"{space}."))
        raise ExprError(f"there is no function {name}()", hint=hint, column=place + 1)

    def _accepted(self, function: Function, index: int) -> frozenset[type]:
        parameter = function.parameter(index)
        return frozenset({BoundLambda}) if parameter.lambda_parameters else parameter.types

    def _argument(self, node: ast.Call, function: Function, index: int) -> Closure:
        argument, parameter = node.arguments[index], function.parameter(index)
        most = parameter.lambda_parameters
        if isinstance(argument, ast.Lambda):
            if not most:
                hint = f"it takes {parameter.expected}"
                raise ExprError(f"{node.name}() takes no function here", hint=hint, column=argument.start + 1)
            return self._lambda(argument, node.name, most)
        if most:
            raise ExprError(
                f"{node.name}() needs a function here",
                hint=f"as in {function.example}",
                column=argument.start + 1,
            )
        if isinstance(argument, ast.Regex):
            if "pattern" not in parameter.kinds:
                raise ExprError(f"{node.name}() takes no pattern here", column=argument.start + 1)
            pattern = Pattern(argument.pattern, argument.flags)
            self._check_pattern(pattern, argument)
            return lambda frame: pattern
        return self.compile(argument)

    def _check_pattern(self, pattern: Pattern, node: ast.Node) -> None:
        try:
            prepared(pattern.source, pattern.flags)
        except ExprError as error:
            raise error.at(node.start + 1) from None

    def _lambda(self, node: ast.Lambda, function: str, most: int) -> Closure:
        if len(node.parameters) > most:
            hint = f"{function}() gives its function {most} values"
            raise ExprError("this function has too many parameters", hint=hint, column=node.start + 1)
        body = self.compile(node.body)
        slots = tuple(1 + slot for slot in node.slots)
        cost = 1 + _cost(node.body)
        return lambda frame: BoundLambda(frame, body, slots, cost)


def _nothing(frame: Frame) -> Value:
    return None


def _is_optional(node: ast.Node) -> bool:
    """Whether a `?.` stands somewhere in the chain `node` ends, so that null passes through it."""
    while True:
        match node:
            case ast.Member() | ast.Index():
                is_optional, node = node.optional, node.target
            case ast.Call() if node.is_method:
                is_optional, node = node.optional, node.arguments[0]
            case _:
                return False
        if is_optional:
            return True


def _cost(node: ast.Node) -> int:
    """The fuel one evaluation of `node` takes, without the lambdas in it, which pay themselves."""
    cost = 0
    stack = [node]
    while stack:
        part = stack.pop()
        cost += 1
        if isinstance(part, ast.Call):
            cost += (METHODS if part.is_method else GLOBALS)[part.name].cost
        elif isinstance(part, ast.ListLiteral | ast.ObjectLiteral):
            cost += 2
        if not isinstance(part, ast.Lambda):
            stack.extend(ast.children(part))
    return cost


def _at(column: int, value: Value, key: str | int) -> Value:
    try:
        return step(value, key)
    except ExprError as error:
        raise error.at(column) from None


def _one_key(slot: int, key: str | int, column: int) -> Closure:
    if type(key) is not str:
        return lambda frame: _at(column, frame[slot], key)

    def look_up(frame: Frame) -> Value:
        value = frame[slot]
        return value.get(key) if type(value) is dict else _at(column, value, key)

    return look_up


def _two_keys(slot: int, first: str, second: str, column: int) -> Closure:
    def look_up(frame: Frame) -> Value:
        value = frame[slot]
        value = value.get(first) if type(value) is dict else _at(column, value, first)
        return value.get(second) if type(value) is dict else _at(column, value, second)

    return look_up
