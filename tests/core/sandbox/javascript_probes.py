"""What JavaScript may try. `JAVASCRIPT` is refused by Deno, which has no permissions; `UNLEASHED` is what the jail
refuses although Deno was given every permission, so that Deno is not the only wall.
"""

# ruff: noqa: E501 (a table is read by its rows)

from __future__ import annotations

from typing import Final

HARNESS: Final = """
const through = {};
const AsyncFunction = (async () => {}).constructor;
const refusal = new RegExp(refusals);
for (const [name, body] of probes) {
  let how;
  try {
    const within = new AsyncFunction(...Object.keys(host), body)(...Object.values(host));
    const late = new Promise((_, no) => setTimeout(() => no(new Error("nothing came")), 2000));
    how = `got through: ${await Promise.race([within, late])}`;
  } catch (error) {
    const said = `${error?.name}: ${error?.message}`;
    if (!refusal.test(said)) how = said;
  }
  if (how !== undefined) through[name] = how.slice(0, 300);
}
return through;
"""

REFUSALS: Final = (
    "Requires (read|write|net|env|run|ffi|sys|import|all) access"
    "|NotCapable|(import|module|package|npm|remote|fetch).*(disabled|not allowed|--no-remote|--no-npm|--cached-only|not found|cache)"
    "|EPERM|EACCES|os error|WebAssembly is not defined|Remote modules are not allowed|specifier was disabled"
)
"""The words in which Deno refuses."""

_FS: Final = "const fs = await import('node:fs');\n"
_RUN: Final = "const { spawnSync, execSync } = await import('node:child_process');\n"
_WORK: Final = (
    "const code = `{}`;\n"
    "const url = URL.createObjectURL(new Blob([code], {{ type: 'text/javascript' }}));\n"
    "const worker = new Worker(url, {{ type: 'module'{} }});\n"
    "return await new Promise((yes, no) => {{ worker.onmessage = (e) => e.data.error ? no(new Error(e.data.error)) "
    ": yes(e.data); worker.onerror = (e) => {{ e.preventDefault(); no(new Error(e.message)); }}; }});"
)


def _worker(body: str, options: str = "") -> str:
    code = f"try {{ postMessage(String({body})); }} catch (e) {{ postMessage({{ error: String(e) }}); }}"
    return _WORK.format(code.replace("`", ""), options)


DENO: Final = {
    "read a secret by Deno": "return Deno.readTextFileSync(secret)",
    "read by Deno": "return Deno.readTextFileSync('/etc/passwd')",
    "write by Deno": "return Deno.writeTextFileSync(folder + '/new', 'x')",
    "run by Deno": "return new Deno.Command('/bin/sh').outputSync()",
    "run as Deno did": "return Deno.run({ cmd: ['/bin/sh'] })",
    "load a library": "return Deno.dlopen('libc.so.6', { getpid: { parameters: [], result: 'i32' } })",
    "see the environment by Deno": "return Deno.env.toObject()",
    "connect by Deno": "return await Deno.connect({ hostname: '127.0.0.1', port })",
    "listen by Deno": "return Deno.listen({ port: 0 })",
    "look up a name by Deno": "return await Deno.resolveDns('example.com', 'A')",
    "kill by Deno": "return Deno.kill(stranger, 'SIGKILL')",
    "ask for permission": "const { state } = await Deno.permissions.request({ name: 'read' });\nif (state !== 'granted') throw new Error('NotCapable');\nreturn state",
    "Deno in a worker": _worker("Deno.readTextFileSync('/etc/passwd')"),
}

MODULES: Final = {
    "import from the web": "return await import('https://example.com/x.js')",
    "import over plain HTTP": "return await import(`http://127.0.0.1:${port}/x.js`)",
    "import from npm": "return await import('npm:lodash')",
    "import from JSR": "return await import('jsr:@std/path')",
    "import a file": "return await import('file://' + secret)",
    "import the password file": "return await import('file:///etc/passwd')",
    "import it as JSON": "return await import('file:///etc/passwd', { with: { type: 'json' } })",
    "import it as text": "return await import('file://' + secret, { with: { type: 'text' } })",
    "require a file": "const { createRequire } = await import('node:module');\nreturn createRequire('file:///')(secret)",
    "import from a data address": (
        "return await import('data:text/javascript,export default await Deno.readTextFile(\"/etc/passwd\")')"
    ),
    "fetch through a data module": "return await import(`data:text/javascript,import 'http://127.0.0.1:${port}/x.js'`)",
}

NODE: Final = {
    "read by Node": _FS + "return fs.readFileSync(secret, 'utf8')",
    "read the password file by Node": _FS + "return fs.readFileSync('/etc/passwd', 'utf8')",
    "read by descriptor": _FS + "return fs.readFileSync('/dev/fd/0', 'utf8')",
    "read the parent's environment": _FS + "return fs.readFileSync(`/proc/${parent}/environ`, 'utf8')",
    "read own environment": _FS + "return fs.readFileSync('/proc/self/environ', 'utf8')",
    "list the settings": _FS + "return fs.readdirSync('/etc')",
    "see whether a file is there": _FS + "return fs.statSync(secret).size",
    "follow a link": _FS + "return fs.readlinkSync('/proc/self/exe')",
    "write by Node": _FS + "return fs.writeFileSync(folder + '/new', 'x')",
    "write to the temporary folder": _FS + "return fs.writeFileSync('/tmp/new', 'x')",
    "make a folder": _FS + "return fs.mkdirSync('/tmp/new')",
    "remove a file": _FS + "return fs.unlinkSync(secret)",
    "make a link": _FS + "return fs.symlinkSync(secret, '/tmp/link')",
    "change rights": _FS + "return fs.chmodSync(secret, 0o777)",
    "watch a folder": "return Deno.watchFs(folder)",
    "copy a file": _FS + "return fs.copyFileSync(secret, '/tmp/new')",
    "open a stream": (
        _FS + "return await new Promise((yes, no) => fs.createReadStream(secret).on('data', yes).on('error', no))"
    ),
    "run a program": _RUN + "const done = spawnSync('/bin/id');\nif (done.error) throw done.error;\nreturn done.stdout",
    "run a shell": _RUN + "return execSync('id')",
    "fork": "const { fork } = await import('node:child_process');\nreturn fork('/tmp/x.js').pid",
    "see the environment": (
        "const { env } = await import('node:process');\nreturn env.PATH ?? env.HOME ?? env.AGENTFLOW_CANARY"
    ),
    "kill": "const process = (await import('node:process')).default;\nreturn process.kill(stranger, 9)",
    "change folder": "const process = (await import('node:process')).default;\nreturn process.chdir('/tmp')",
    "become root": "const process = (await import('node:process')).default;\nreturn process.setuid(0)",
    "see the machine": "const os = await import('node:os');\nreturn os.networkInterfaces()",
    "see the users": "const os = await import('node:os');\nreturn os.userInfo()",
    "see the name of the machine": "const os = await import('node:os');\nreturn os.hostname()",
    "open a database": "const { DatabaseSync } = await import('node:sqlite');\nreturn new DatabaseSync(folder + '/new')",
    "load native code": (
        "const process = (await import('node:process')).default;\n"
        "return process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6')"
    ),
    "start a worker of Node": (
        "const { Worker } = await import('node:worker_threads');\n"
        "return await new Promise((yes, no) => new Worker(secret).on('online', yes).on('error', no))"
    ),
    "write a snapshot of memory": "const v8 = await import('node:v8');\nreturn v8.writeHeapSnapshot('/tmp/heap')",
}

NETWORK: Final = {
    "fetch from here": "return await fetch(`http://127.0.0.1:${port}/`)",
    "fetch the metadata": "return await fetch('http://169.254.169.254/latest/meta-data/')",
    "fetch from afar": "return await fetch('https://example.com/')",
    "fetch a file": "return await (await fetch('file://' + secret)).text()",
    "open a web socket": "return new WebSocket(`ws://127.0.0.1:${port}/`)",
    "open an event source": (
        "return await new Promise((yes, no) => { const s = new EventSource(`http://127.0.0.1:${port}/`); "
        "s.onopen = yes; s.onerror = (e) => no(new Error(`Requires net access ${e.message ?? ''}`)); })"
    ),
    "connect by Node": (
        "const net = await import('node:net');\n"
        "return await new Promise((yes, no) => net.connect(port, '127.0.0.1').on('connect', yes).on('error', no))"
    ),
    "connect to a socket file": (
        "const net = await import('node:net');\n"
        "return await new Promise((yes, no) => net.connect(place).on('connect', yes).on('error', no))"
    ),
    "look up a name": (
        "const { lookup } = await import('node:dns/promises');\nreturn (await lookup('example.com')).address"
    ),
    "listen": (
        "const net = await import('node:net');\n"
        "return await new Promise((yes, no) => net.createServer().on('error', no).listen(0, () => yes(1)))"
    ),
    "ask by HTTP of Node": (
        "const http = await import('node:http');\n"
        "return await new Promise((yes, no) => http.get(`http://127.0.0.1:${port}/`, yes).on('error', no))"
    ),
    "use WebAssembly": "return new WebAssembly.Memory({ initial: 10 })",
}

JAVASCRIPT: Final = {**DENO, **MODULES, **NODE, **NETWORK}

_ONLY_DENO: Final = frozenset(
    {
        "see whether a file is there",
        "follow a link",
        "read by descriptor",
        "see the name of the machine",
        "see the environment",
        "see the environment by Deno",
        "load a library",
    }
)
"""What Deno refuses and the jail need not: sizes of files, names, an environment that is empty, the C library."""
_SILENT: Final = frozenset({"run a program", "fork", "start a worker of Node", "open a web socket"})
"""What Node's interface refuses without an error; that nothing happened is seen at the host."""
UNLEASHED: Final = {
    name: body
    for name, body in {**DENO, **MODULES, **NODE, **NETWORK}.items()
    if name not in _ONLY_DENO | _SILENT and "Worker" not in body and "permission" not in body
}
SYSTEM_REFUSALS: Final = (
    "EACCES|EPERM|ENOENT|EROFS|EAI_AGAIN|os error|NotFound|PermissionDenied|fetch failed|unable to open|Command failed"
    "|--no-remote|--no-npm|[Nn]ot found|WebAssembly is not defined|Requires net access|Unable to find|Cannot find module"
)
"""The words in which the system refuses."""
