"""What stands between the product and its broker, and can lose or multiply every wake-up on the way.

A proxy that reads what clients send as commands. Wake-ups are broadcasts: PUBLISH, one a time, and the sender waits for
the answer. So a lost message is an answer that came from nobody; its copies go over a connection of their own.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

Command = list[bytes]


class Broker:
    """A Valkey on a TCP port of this machine, `copies` times each message: 0 loses all, 10 delivers each ten times."""

    def __init__(self, socket: Path) -> None:
        self.socket, self.copies = socket, 1
        self.messages = 0
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait()

    @property
    def url(self) -> str:
        """Where Celery finds it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def close(self) -> None:
        """Let nobody in any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._meet, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, down = await asyncio.open_unix_connection(str(self.socket))
            unheard, spare = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            writer.close()
            return
        back = asyncio.ensure_future(_pump(upstream, writer))
        away = asyncio.ensure_future(_swallow(unheard))
        try:
            while command := await _read(reader):
                if command[0].upper() == b"PUBLISH" and b"agentflow.wake" in command[1]:
                    self.messages += 1
                    if self.copies == 0:
                        writer.write(b":1\r\n")
                        continue
                    for _ in range(self.copies - 1):
                        spare.write(_encode(command))
                down.write(_encode(command))
                await down.drain()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            back.cancel()
            away.cancel()
            down.close()
            spare.close()
            writer.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


async def _swallow(source: asyncio.StreamReader) -> None:
    while await source.read(65536):
        pass


async def _read(reader: asyncio.StreamReader) -> Command:
    head = await reader.readline()
    if not head:
        return []
    if not head.startswith(b"*"):
        raise ValueError("clients send arrays")
    command = []
    for _ in range(int(head[1:])):
        length = int((await reader.readline())[1:])
        command.append((await reader.readexactly(length + 2))[:-2])
    return command


def _encode(command: Command) -> bytes:
    parts = [b"*%d\r\n" % len(command)]
    for word in command:
        parts += [b"$%d\r\n" % len(word), word, b"\r\n"]
    return b"".join(parts)
