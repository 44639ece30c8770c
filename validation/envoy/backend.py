"""The callee: a small server for each of its instances."""

from __future__ import annotations

import asyncio
import contextlib

from scenario import Scenario

ANSWER = b"HTTP/1.1 %d %s\r\ncontent-length: 0\r\n\r\n"


class Backend:
    """The instances of the callee, each on a port of its own; `requests` counts what reaches them.

    Envoy begins its round at an instance that it draws. A first request, before the experiment, shows
    where it is; the instance after that is the first of the scenario.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.requests = [0] * scenario.instances
        self.servers: list[asyncio.Server] = []
        self.zero: float | None = None
        self.first = 0
        # By how much an answer was late at most, in seconds.
        self.late = 0.0

    async def start(self) -> list[int]:
        """Listens, and gives the ports."""
        for port in range(self.scenario.instances):
            serve = lambda reader, writer, port=port: self.serve(port, reader, writer)
            self.servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return [server.sockets[0].getsockname()[1] for server in self.servers]

    def begin(self, zero: float) -> None:
        """Begins the experiment at an instant of the loop's clock."""
        self.zero = zero
        for instance in range(self.scenario.instances):
            if any(fault.refuses and instance < fault.instances for fault in self.scenario.faults):
                self.servers[(self.first + instance) % self.scenario.instances].close()

    def close(self) -> None:
        for server in self.servers:
            server.close()

    async def serve(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answers the requests of one connection, one after the other."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if self.zero is None:
                    self.first = (port + 1) % self.scenario.instances
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                    break
                instance = (port - self.first) % self.scenario.instances
                self.requests[instance] += 1
                writer.write(await self.answer(instance, self.zero))
                await writer.drain()
        writer.close()

    async def answer(self, instance: int, zero: float) -> bytes:
        loop = asyncio.get_running_loop()
        began = loop.time()
        now = began - zero
        in_force = [it for it in self.scenario.faults if it.is_in_force(instance, now)]
        if any(fault.fails for fault in in_force):
            return ANSWER % (500, b"Internal Server Error")
        slow = [fault.slow_to for fault in in_force if fault.slow_to is not None]
        duration = slow[0] if slow else self.scenario.work
        await asyncio.sleep(duration)
        self.late = max(self.late, loop.time() - began - duration)
        return ANSWER % (200, b"OK")

