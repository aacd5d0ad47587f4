"""What Python code may try: each body has to be refused by the system with an error that says so.

`call(x86, arm, …)` makes a system call by its number on the processor at hand. What counts as a refusal is what jails
answer (`REFUSALS`): an error about the arguments would mean that the call got in.
"""

# ruff: noqa: E501 (a table is read by its rows)

from __future__ import annotations

from typing import Final

HARNESS: Final = """
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
is_x86 = os.uname().machine == "x86_64"
room = ctypes.create_string_buffer(4096)
refusals = {errno.EPERM, errno.EACCES, errno.ENOENT, errno.EROFS, errno.ENOSYS}

def call(x86, arm, *arguments):
    number = x86 if is_x86 else arm
    if number is None:
        raise OSError(errno.ENOSYS, "not on this processor")
    given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    answer = libc.syscall(ctypes.c_long(number), *given)
    if answer < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return answer

space = {**globals(), "call": call, "libc": libc, "room": room, "is_x86": is_x86, "ctypes": ctypes, "os": os,
         "errno": errno, "socket": socket, "sys": sys, **host}
through = {}
for name, body in probes:
    lines = "\\n".join(f"    {line}" for line in body.splitlines())
    try:
        exec(f"def probe():\\n{lines}\\n", space)
        through[name] = f"got through: {space['probe']()!r}"
    except OSError as error:
        if not isinstance(error, socket.gaierror) and error.errno not in refusals:
            through[name] = f"got in: {error!r}"
    except BaseException as error:
        through[name] = f"is no attack: {error!r}"
return through
"""

FILES: Final = {
    "read the password file": "return open('/etc/passwd').read()",
    "read the shadow file": "return open('/etc/shadow').read()",
    "read a file that anybody may read": "return open(secret).read()",
    "read it as bytes without buffering": "return os.read(os.open(secret, os.O_RDONLY), 10)",
    "read it by openat2": "return call(437, 437, -100, secret.encode(), bytes(24), 24)",
    "read it by its handle": "return call(303, 264, -100, secret.encode(), room, ctypes.byref(ctypes.c_int()), 0)",
    "open it by a handle": "return call(304, 265, -100, room, 0)",
    "read it through a link": "os.symlink(secret, '/tmp/link')\nreturn open('/tmp/link').read()",
    "read it through a hard link": "os.link(secret, folder + '/link')\nreturn open(folder + '/link').read()",
    "read it through the root of a process": "return open('/proc/self/root' + secret).read()",
    "read it through the folder of a process": "return open(f'/proc/{parent}/cwd/../..' + secret).read()",
    "go to its folder": "os.chdir(folder)",
    "list its folder": "return os.listdir(folder)",
    "list the processes": "found = [name for name in os.listdir('/proc') if name.isdigit()]\nif not found:\n    raise OSError(errno.EPERM, '')\nreturn found",
    "read the parent's environment": "return open(f'/proc/{parent}/environ', 'rb').read()",
    "read the first process's environment": "return open('/proc/1/environ', 'rb').read()",
    "read the own first environment": "return open('/proc/self/environ', 'rb').read()",
    "read a stranger's environment": "return open(f'/proc/{stranger}/environ', 'rb').read()",
    "read a stranger's memory": "return open(f'/proc/{stranger}/mem', 'rb').read(1)",
    "read the parent's command": "return open(f'/proc/{parent}/cmdline').read()",
    "open what the parent has open": "return [open(f'/proc/{parent}/fd/{n}', 'rb').read(1) for n in range(3, 20)]",
    "list own descriptors": "return os.listdir('/proc/self/fd')",
    "list own descriptors as devices": "return os.listdir('/dev/fd')",
    "write own memory": "return open('/proc/self/mem', 'r+b')",
    "read the machine's memory": "return open('/dev/mem', 'rb').read(1)",
    "read the kernel's memory": "return open('/proc/kcore', 'rb').read(1)",
    "read the kernel's log": "return open('/dev/kmsg', 'rb').read(1)",
    "read a disk": "return [open(f'/dev/{name}', 'rb') for name in ('vda', 'sda', 'nvme0n1')]",
    "read the mounts": "return open('/proc/self/mountinfo').read()",
    "read the product's settings": "return open(product + '/config/settings/base.py').read()",
    "read what is installed": "return os.listdir(installed) and open(installed + '/django/__init__.py').read()",
    "read the secret key": "return open(product + '/var/secret_key').read()",
    "list the system's settings": "return os.listdir('/etc')",
    "list homes": "return os.listdir('/root') + os.listdir('/home')",
    "write beside it": "return open(folder + '/new', 'w')",
    "overwrite it": "return open(secret, 'w')",
    "append to it": "return open(secret, 'a')",
    "empty it": "os.truncate(secret, 0)",
    "make it executable": "os.chmod(secret, 0o777)",
    "take it over": "os.chown(secret, 0, 0)",
    "change its times": "os.utime(secret, (0, 0))",
    "mark it": "os.setxattr(secret, 'user.mark', b'x')",
    "remove it": "os.unlink(secret)",
    "rename it": "os.rename(secret, secret + '2')",
    "write to the temporary folder": "return open('/tmp/new', 'w')",
    "write to shared memory": "return open('/dev/shm/new', 'w')",
    "write to the other temporary folder": "return open('/var/tmp/new', 'w')",
    "write without a name": "return os.open('/tmp', os.O_TMPFILE | os.O_RDWR)",
    "change the standard library": "return open(os.__file__, 'a')",
    "plant compiled code": "return open(os.path.dirname(os.__file__) + '/__pycache__/json.pyc', 'wb')",
    "change what confines": "import __main__\nreturn open(__main__.__file__, 'a')",
    "make a folder": "os.mkdir('/tmp/folder')",
    "make a folder at the root": "os.mkdir('/folder')",
    "make a pipe with a name": "os.mkfifo('/tmp/pipe')",
    "make a device": "os.mknod('/tmp/device', 0o20666, os.makedev(1, 3))",
    "use up the inodes": "return [open(f'/tmp/{n}', 'w') for n in range(3)]",
    "change the root": "os.chroot('/')",
}

DESCRIPTORS: Final = {
    "find an inherited descriptor": """
found = []
for number in range(4, 1024):
    try:
        os.fstat(number)
        found.append(number)
    except OSError:
        pass
if not found:
    raise OSError(errno.EPERM, "none")
return found""",
    "read an inherited descriptor": "if handed < 4:\n    raise OSError(errno.EPERM, '')\ntry:\n    return os.read(handed, 9)\nexcept OSError as error:\n    raise OSError(errno.EPERM if error.errno == errno.EBADF else error.errno, '')",
    "read the answer's pipe": "try:\n    return os.read(3, 1)\nexcept OSError as error:\n    raise OSError(errno.EPERM if error.errno == errno.EBADF else error.errno, '')",
    "make files in memory": "return os.memfd_create('x')",
    "make secret memory": "return call(447, 447, 0)",
    "type for a terminal": "import fcntl\nreturn fcntl.ioctl(0, 0x5412, b'x')",
    "have signals sent by a pipe": "import fcntl\nr, w = os.pipe()\nreturn fcntl.fcntl(r, 8, parent)",
    "choose the signal of a pipe": "import fcntl\nr, w = os.pipe()\nreturn fcntl.fcntl(r, 10, 9)",
    "splice pipes": "r, w = os.pipe()\nreturn call(278, 75, w, room, 1, 0)",
    "watch files": "return call(294, 26, 0)",
    "watch the machine's files": "return call(300, 262, 0, 0)",
    "queue signals on a descriptor": "return call(289, 74, -1, bytes(8), 8, 0)",
}

NETWORK: Final = {
    "connect to a server here": "return socket.create_connection(('127.0.0.1', port), 2)",
    "connect by IPv6": "return socket.create_connection(('::1', port), 2)",
    "send a datagram": "return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))",
    "connect to the metadata address": "return socket.create_connection(('169.254.169.254', 80), 2)",
    "connect to a stranger": "return socket.create_connection(('192.0.2.1', 443), 2)",
    "look up a name": "return socket.getaddrinfo('example.com', 443)",
    "listen": "return socket.create_server(('127.0.0.1', 0))",
    "connect to a socket file": "s = socket.socket(socket.AF_UNIX)\ns.connect(place)\nreturn s",
    "connect to an abstract socket": "s = socket.socket(socket.AF_UNIX)\ns.connect('\\0' + abstract)\nreturn s",
    "send to a socket file from a pair": "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\nreturn a.sendto(b'x', place)",
    "open a raw socket": "return socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "open a packet socket": "return socket.socket(17, socket.SOCK_RAW, 3)",
    "ask the kernel by netlink": "return socket.socket(16, socket.SOCK_RAW, 0)",
    "reach the host of the machine": "return socket.socket(40, socket.SOCK_STREAM)",
    "use the kernel's ciphers": "return socket.socket(38, 5, 0)",
    "use Bluetooth": "return socket.socket(31, 3, 1)",
    "use io_uring": "return call(425, 425, 8, room)",
    "enter io_uring": "return call(426, 426, 0, 1, 1, 0, 0, 0)",
}

PROCESSES: Final = {
    "fork": "return os.fork()",
    "fork as the C library does": "return libc.fork() if libc.fork() >= 0 else call(999, 999)",
    "clone": "return call(56, 220, 17, 0, 0, 0, 0)",
    "clone with the new call": "return call(435, 435, room, 88)",
    "clone with namespaces of its own": "return call(56, 220, 0x10000011, 0, 0, 0, 0)",
    "start a shell": "return os.posix_spawn('/bin/sh', ['sh', '-c', 'true'], {})",
    "start a program": "import subprocess\nreturn subprocess.run(['/bin/id'], capture_output=True).stdout",
    "become a shell": "os.execv('/bin/sh', ['sh'])",
    "become Python once more": "os.execv(sys.executable, [sys.executable, '-c', '1'])",
    "become a file in memory": "return call(322, 281, 3, b'', 0, 0, 0x1000)",
    "start a thread": "import _thread\ntry:\n    return _thread.start_new_thread(print, ())\nexcept RuntimeError:\n    raise PermissionError(errno.EPERM, '')",
    "start many processes": "import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()",
    "signal the parent": "os.kill(parent, 0)",
    "kill a stranger": "os.kill(stranger, 9)",
    "kill everybody": "os.kill(-1, 9)",
    "kill the first process": "os.kill(1, 9)",
    "kill the group": "os.killpg(0, 9)",
    "signal a thread": "return call(234, 131, parent, parent, 0)",
    "queue a signal": "return call(129, 138, parent, 0, room)",
    "hold a stranger": "return os.pidfd_open(stranger)",
    "signal what is held": "return call(424, 424, 3, 9, 0, 0)",
    "take a stranger's descriptor": "return call(438, 438, 3, 0, 0)",
    "trace a stranger": "return call(101, 117, 16, stranger, 0, 0)",
    "trace the parent": "return call(101, 117, 16, parent, 0, 0)",
    "be traced": "return call(101, 117, 0, 0, 0, 0)",
    "seize the first process": "return call(101, 117, 0x4206, 1, 0, 0)",
    "read the parent's memory": "return call(310, 270, parent, room, 1, room, 1, 0)",
    "write the parent's memory": "return call(311, 271, parent, room, 1, room, 1, 0)",
    "advise on a stranger's memory": "return call(440, 440, 3, room, 1, 4, 0)",
    "compare processes": "return call(312, 272, os.getpid(), parent, 0, 0, 0)",
    "slow a stranger down": "os.setpriority(os.PRIO_PROCESS, stranger, 19)",
    "move a stranger": "os.sched_setaffinity(stranger, {0})",
    "run before everybody": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    "limit a stranger": "import resource\nreturn resource.prlimit(stranger, resource.RLIMIT_NOFILE, (1, 1))",
    "lift own limits": "import resource\ntry:\n    return resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nexcept ValueError:\n    raise PermissionError(errno.EPERM, '')",
    "leave the session": "os.setsid()",
    "outlive the parent": "return call(157, 167, 1, 0, 0, 0, 0)",
    "be dumpable": "return call(157, 167, 4, 1, 0, 0, 0)",
}

KERNEL: Final = {
    "make a user namespace": "return call(272, 97, 0x10000000)",
    "make a mount namespace": "return call(272, 97, 0x20000)",
    "make a network namespace": "return call(272, 97, 0x40000000)",
    "enter a namespace": "return call(308, 268, 3, 0)",
    "mount": "return call(165, 40, b'none', b'/tmp', b'tmpfs', 0, 0)",
    "unmount": "return call(166, 39, b'/', 2)",
    "turn the root around": "return call(155, 41, b'/', b'/')",
    "open a file system": "return call(430, 430, b'tmpfs', 0)",
    "open a tree of mounts": "return call(428, 428, -100, b'/', 1)",
    "move a mount": "return call(429, 429, -100, b'/', -100, b'/tmp', 0)",
    "load a program into the kernel": "return call(321, 280, 0, room, 64)",
    "ask the kernel's keyring": "return call(250, 219, 0, -3, 0)",
    "add a key": "return call(248, 217, b'user', b'x', b'x', 1, -3)",
    "request a key": "return call(249, 218, b'user', b'x', 0, -3)",
    "handle page faults": "return call(323, 282, 1)",
    "count events": "return call(298, 241, room, 0, -1, -1, 0)",
    "start another kernel": "return call(246, 104, 0, 0, 0, 0)",
    "reboot": "return call(169, 142, 0, 0, 0, 0)",
    "load a module": "return call(175, 105, room, 1, b'')",
    "load a module from a file": "return call(313, 273, 3, b'', 0)",
    "remove a module": "return call(176, 106, b'none', 0)",
    "reach the ports": "return call(172, None, 3)",
    "swap": "return call(167, 224, b'/none', 0)",
    "rename the machine": "return call(170, 161, b'x', 1)",
    "set the clock": "return call(227, 112, 0, bytes(16))",
    "read the log of the kernel": "return call(103, 116, 3, room, 100)",
    "keep accounts": "return call(163, 89, 0)",
    "be root": "os.setuid(0)",
    "be in other groups": "os.setgroups([0])",
    "have capabilities": "return call(126, 91, bytes.fromhex('2205082000000000'), bytes(24))",
    "filter system calls": "return call(317, 277, 0, 0, 0)",
    "be another system": "return call(135, 92, 0x0400000)",
    "change the descriptor table": "return call(154, None, 1, room, 16)",
    "confine itself anew": "return call(444, 444, room, 8, 0)",
    "share memory by number": "return call(29, 194, 0, 4096, 0o1600)",
    "make a queue by number": "return call(68, 186, 0, 0o1600)",
    "make semaphores by number": "return call(64, 190, 0, 1, 0o1600)",
    "open a queue by name": "return call(240, 180, b'x', 0o102, 0o600, 0)",
    "make a timer": "return call(222, 107, 0, 0, room)",
    "lock memory": "return call(149, 228, room, 4096)",
}

PYTHON: Final = {**FILES, **DESCRIPTORS, **NETWORK, **PROCESSES, **KERNEL}

SURE: Final = (
    "read the password file", "read a file that anybody may read", "read it as bytes without buffering",
    "list its folder", "list the processes", "read the parent's command", "list own descriptors", "list the system's settings",
    "read the mounts", "read the product's settings", "write to the temporary folder", "make files in memory",
    "have signals sent by a pipe", "choose the signal of a pipe", "connect to a server here", "send a datagram", "listen",
    "connect to a socket file", "connect to an abstract socket", "ask the kernel by netlink", "start a shell",
    "start a program", "start a thread", "signal the parent", "hold a stranger", "be dumpable", "watch files",
)  # fmt: skip
"""Attacks that anybody's code brings off outside of a sandbox, and that do no harm: they show that attacks can work."""
