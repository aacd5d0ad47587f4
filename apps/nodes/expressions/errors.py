"""The one error an expression can end with."""


class ExprError(Exception):
    """A template or expression that cannot be read, or whose evaluation cannot go on.

    `message` says what happened, naming the types involved. `hint` (may be empty) says which part is to blame or what
    to write instead. `column` counts characters from 1 within the whole parameter text, and is None only while the
    place is not known yet. `path` says where in the parameters the text stands, as in `fields[0].value`.
    """

    def __init__(self, message: str, *, hint: str = "", column: int | None = None, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.column = column
        self.path = path

    def at(self, column: int) -> "ExprError":
        """This error, placed at `column` unless a more precise place was known already."""
        if self.column is None:
            self.column = column
        return self

    def moved(self, offset: int) -> "ExprError":
        """This error with its column counted from `offset` characters earlier."""
        self.column = (self.column or 1) + offset
        return self

    def within(self, path: str) -> "ExprError":
        """This error, said to be at `path` of the parameters."""
        self.path = path
        return self

    def __str__(self) -> str:
        text = self.message
        if self.column is not None:
            text += f" at column {self.column}"
        if self.hint:
            text += f": {self.hint}"
        return f"{self.path}: {text}" if self.path else text
