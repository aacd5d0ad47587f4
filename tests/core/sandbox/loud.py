"""Attacks that end their process or use it up: each has one of its own, and the ends it may come to."""

# ruff: noqa: E501 (a table is read by its rows)

from __future__ import annotations

from typing import Final

from apps.core.sandbox.job import Language

_FORGED: Final = "import os\nos.write(3, b'{\"results\": [1]}')\n"
_SAYS: Final = "import os\nos.write(3, {!r})\nos._exit(0)"

LOUD: Final[dict[str, tuple[Language, str, set[str]]]] = {
    # Time.
    "loop for ever": ("python", "while True: pass", {"timeout"}),
    "sleep for ever": ("python", "import time\ntime.sleep(600)", {"timeout"}),
    "wait for ever": ("python", "import threading\nthreading.Lock().acquire()\nthreading.Event().wait()", {"timeout"}),
    "ignore every signal": (
        "python",
        "import signal\nfor n in range(1, 65):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError):\n        pass\nwhile True: pass",
        {"timeout"},
    ),
    "compute for ever in C": ("python", "return 9 ** 9 ** 9", {"timeout", "memory"}),
    "match for ever": ("python", "import re\nreturn re.match('(a+)+$', 'a' * 60 + 'b')", {"timeout"}),
    "loop for ever in JavaScript": ("javascript", "for (;;) {}", {"timeout"}),
    "wait for ever in JavaScript": ("javascript", "setInterval(() => {}, 1e6); await new Promise(() => {})", {"timeout"}),
    "match for ever in JavaScript": ("javascript", "return /(a+)+$/.test('a'.repeat(60) + 'b')", {"timeout"}),
    "wait for nothing": ("javascript", "await new Promise(() => {})", {"crashed"}),
    # Memory.
    "take a gigabyte": ("python", "return len(bytearray(10 ** 9))", {"memory"}),
    "take little by little": ("python", "taken = []\nwhile True: taken.append(bytearray(10 ** 6))", {"memory"}),
    "double a text": ("python", "text = 'x'\nwhile True: text += text", {"memory"}),
    "unpack a bomb": (
        "python",
        "import zlib\npacked = zlib.compress(bytes(50_000_000), 9)\nout = b''\n"
        "while True: out += zlib.decompress(packed)",
        {"memory", "timeout"},
    ),
    "map memory": ("python", "import mmap\nreturn len(mmap.mmap(-1, 2 ** 31))", {"raised", "memory"}),
    "map shared memory": ("python", "import mmap\nreturn len(mmap.mmap(-1, 2 ** 31, mmap.MAP_SHARED))", {"raised", "memory"}),
    "recurse": ("python", "def again(): again()\nagain()", {"raised"}),
    "recurse in C": (
        "python",
        "import sys\nsys.setrecursionlimit(10 ** 9)\nthing = []\nfor _ in range(10 ** 6): thing = [thing]\nreturn repr(thing)",
        {"crashed", "raised", "memory", "timeout"},
    ),
    "take the heap": ("javascript", "const taken = []; for (;;) taken.push(new Array(1e5).fill(1))", {"memory"}),
    "take memory outside of the heap": (
        "javascript",
        "const taken = []; for (;;) taken.push(new Uint8Array(1e7).fill(1))",
        {"raised", "memory"},
    ),
    "share memory": (
        "javascript",
        "const taken = []; for (;;) taken.push(new Uint8Array(new SharedArrayBuffer(1e7)).fill(1))",
        {"raised", "memory"},
    ),
    "start workers": (
        "javascript",
        "const url = URL.createObjectURL(new Blob(['for (;;) {}'], { type: 'text/javascript' }));\n"
        "for (let n = 0; n < 2000; n++) new Worker(url, { type: 'module' });\nfor (;;) {}",
        {"memory", "timeout", "crashed"},
    ),
    # Room.
    "print for ever": ("python", "while True: print('x' * 1000)", {"output_too_large"}),
    "write to the error stream": ("python", "import os\nwhile True: os.write(2, b'x' * 65536)", {"output_too_large"}),
    "print for ever in JavaScript": ("javascript", "for (;;) console.log('x'.repeat(1000))", {"output_too_large"}),
    "answer too much": ("python", "return 'x' * 20_000_000", {"result_too_large"}),
    "answer for ever": ("python", "import os\nwhile True: os.write(3, b'x' * 65536)", {"result_too_large"}),
    "answer too much in JavaScript": ("javascript", "return 'x'.repeat(2e7)", {"result_too_large"}),
    # Ends.
    "close the answer": ("python", "import os\nos.close(3)\nos._exit(0)", {"crashed"}),
    "abort": ("python", "import os\nos.abort()", {"crashed"}),
    "read nowhere": ("python", "import ctypes\nreturn ctypes.string_at(0)", {"crashed"}),
    "leave": ("python", "import sys\nsys.exit(0)", {"raised"}),
    "leave in JavaScript": ("javascript", "Deno.exit(0)", {"crashed"}),
    "kill itself": ("python", "import os\nos.kill(os.getpid(), 9)", {"raised"}),
    "call as another processor": (
        "python",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.syscall(ctypes.c_long(0x40000000 + 39))\nreturn 'through'",
        {"crashed", "raised"},
    ),
    "call as an old processor": (
        "python",
        "import ctypes, mmap\npage = mmap.mmap(-1, 4096, prot=7)\npage.write(bytes.fromhex('b814000000cd80c3'))\n"
        "return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()",
        {"crashed"},
    ),
    "give a worker permissions": (
        "javascript",
        "new Worker('data:text/javascript,', { type: 'module', deno: { permissions: { read: true } } }); return 'through'",
        {"crashed", "raised"},
    ),
    # Answers that are none.
    "answer twice": ("python", f"{_FORGED}return 2", {"result_not_json"}),
    "answer early in JavaScript": (
        "javascript",
        "Deno.stdout.writeSync(new TextEncoder().encode('{\"results\": [1]}')); return 2",
        {"result_not_json"},
    ),
    "answer in half": ("python", _SAYS.format(b'{"results": ['), {"result_not_json"}),
    "answer in no language": ("python", _SAYS.format(b"\xff\xfe\x00"), {"result_not_json"}),
    "answer deeply": ("python", _SAYS.format(b"[") .replace("b'['", "b'[' * 1_000_000"), {"result_not_json"}),
    "answer with a giant number": ("python", _SAYS.format(b"1").replace("b'1'", "b'9' * 1_000_000"), {"result_not_json"}),
    "answer with infinity": ("python", _SAYS.format(b'{"results": [1e999]}'), {"result_not_json"}),
    "answer with no number": ("python", _SAYS.format(b'{"results": [NaN]}'), {"result_not_json"}),
    "answer with half a character": ("python", _SAYS.format(b'{"results": ["\\ud800"]}'), {"result_not_json"}),
    "answer more often than asked": ("python", _SAYS.format(b'{"results": [1, 2]}'), {"crashed"}),
    "answer something else": ("python", _SAYS.format(b'[{"results": [1]}]'), {"crashed"}),
    "forge an end": ("python", _SAYS.format(b'{"error": {"kind": "unavailable", "message": "x"}}'), {"crashed"}),
    "forge a trace": (
        "python",
        _SAYS.format(b'{"error": {"kind": "raised", "type": [1], "line": 1e300, "trace": [1, {"line": {}}], "at": "x"}}'),
        {"raised"},
    ),
    "return no number": ("python", "return float('nan')", {"result_not_json"}),
    "return no number in JavaScript": ("javascript", "return { a: [0 / 0] }", {"result_not_json"}),
    "return itself": ("python", "items = []\nitems.append(items)\nreturn items", {"result_not_json"}),
    "return itself in JavaScript": ("javascript", "const a = {}; a.a = a; return a", {"result_not_json"}),
    "return a giant number": ("python", "return 10 ** 5000", {"result_not_json"}),
    "return a giant number in JavaScript": ("javascript", "return 10n ** 5000n", {"result_not_json"}),
    "return half a character": ("python", "return chr(0xd800)", {"result_not_json"}),
    "return half a character in JavaScript": ("javascript", "return '\\ud800'", {"result_not_json"}),
    "return a set": ("python", "return {'a': {1}}", {"result_not_json"}),
    "return a function": ("javascript", "return { a: () => 1 }", {"result_not_json"}),
    # Code that is none.
    "nest brackets": ("python", "return " + "(" * 5_000, {"syntax"}),
    "nest operators": ("python", "return " + "-" * 100_000 + "1", {"syntax", "memory", "crashed"}),
    "hide a zero": ("python", "return 1\0", {"syntax"}),
    "end the function": ("javascript", "}); Deno.exit(1); (() => {", {"syntax"}),
}  # fmt: skip
"""Name → language, code, and how it may end."""
