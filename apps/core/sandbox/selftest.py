"""Whether a jail holds on this machine: it must run code, and refuse a sample of what it is there to refuse."""

from __future__ import annotations

import os
import tempfile
from subprocess import SubprocessError
from typing import Final

from apps.core.sandbox.jail import Tier, lacks
from apps.core.sandbox.job import CodeFailed, Job, Language, Limits
from apps.core.sandbox.run import run_in

# Each tries what must fail, and says so when it does not. The full set of attacks is in tests/core/sandbox.
_PYTHON: Final = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def called(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")
tries = {
    "read a file": lambda: open(secret).read(),
    "read what another process was started with": lambda: open(f"/proc/{parent}/environ").read(),
    "write a file": lambda: open("/tmp/agentflow", "w"),
    "open a socket": lambda: socket.socket(),
    "start a process": lambda: os.fork(),
    "run a program": lambda: os.execv("/bin/sh", ["sh"]),
    "signal a process": lambda: os.kill(os.getppid(), 0),
    "trace a process": lambda: called(101 if os.uname().machine == "x86_64" else 117, 16, os.getppid(), 0, 0),
    "make a namespace": lambda: called(272 if os.uname().machine == "x86_64" else 97, 0x10000000),
    "use io_uring": lambda: called(425, 1, ctypes.create_string_buffer(120)),
}
held = []
for name, attempt in tries.items():
    try:
        attempt()
    except OSError:
        held.append(name)
if os.environ:
    return ["see an environment"]
return [name for name in tries if name not in held]
"""
_JAVASCRIPT: Final = """
const tries = {
  "read a file": async () => (await import("node:fs")).readFileSync(secret),
  "open a connection": () => fetch("http://127.0.0.1:9/"),
  "load a module": () => import("https://example.invalid/x.js"),
  "run a program": async () => { const { error } = (await import("node:child_process")).spawnSync("/bin/sh"); if (error) throw error; },
  "ask Deno for a file": () => Deno.readTextFileSync(secret),
  "ask Deno for the environment": () => Deno.env.toObject(),
};
const through = [];
for (const [name, attempt] of Object.entries(tries)) {
  try { await attempt(); through.push(name); } catch {}
}
return through;
"""  # noqa: E501
_SOURCES: Final[dict[Language, str]] = {"python": _PYTHON, "javascript": _JAVASCRIPT}


def fault(tier: Tier, language: Language) -> str:
    """What is wrong with this tier here, as a sentence; empty: it holds. Starts processes: about a quarter second."""
    if missing := lacks(tier, language):
        return missing
    with tempfile.NamedTemporaryFile() as secret:
        os.chmod(secret.name, 0o644)
        values = {"secret": secret.name, "parent": os.getpid()}
        try:
            answer = run_in(tier, Job(language, _SOURCES[language], values, limits=Limits(seconds=20)))
        except CodeFailed as failed:
            said = f" It said: {failed.lines[-1][:200]}" if failed.lines else ""
            return f"It does not start here: {failed.message}{said}"
        except (OSError, ValueError, SubprocessError) as error:
            return f"It does not start here: {error}"
    through = answer.results[0]
    return f"It does not hold: code could {', '.join(map(str, through))}." if through else ""
