"""How long what has ended is kept, and its removal: rows, then partitions, with the objects they refer to."""
