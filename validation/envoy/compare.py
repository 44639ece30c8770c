"""Drives a real Envoy with what Fusebox exports, and compares what happens with the simulation of the same file.

Exits with 1 if anything differs, or if Envoy does not load what is exported from the library of scenarios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import proxy
from backend import Backend
from scenario import CALLEE, CALLER, Scenario

SCENARIOS = Path(__file__).parent / "scenarios"
LIBRARY = Path(__file__).parents[2] / "scenarios"
# Outcomes of a call by the flags with which Envoy explains an answer of its own.
OUTCOMES = {"UT": "timeout", "UF": "refused", "UH": "no healthy instance", "UO": "rejected by bulkhead"}
# An experiment in which the driver was later than this is void.
LATEST = 0.030
# A busy machine can delay Envoy as well: what differs counts only if it differs every time.
MOST_ATTEMPTS = 8


@dataclass
class Result:
    """How calls ended, and how many requests reached each instance."""

    ended: dict[str, int]
    reached: list[int]

    def __str__(self) -> str:
        ended = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.ended.items()))
        return f"{ended}; requests at instances: {self.reached}"


def said_by(fusebox: str, *arguments: str | Path) -> str:
    done = subprocess.run([fusebox, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"fusebox {' '.join(map(str, arguments))}:\n{done.stderr}")
    return done.stdout


def simulated(fusebox: str, path: Path) -> Result:
    report = json.loads(said_by(fusebox, "run", path, "--format", "json"))
    [call] = [call for call in report["calls"] if call["edge"] == f"{CALLER} -> {CALLEE}"]
    if call["in_flight"]:
        raise RuntimeError(f"{path.name}: {call['in_flight']} calls have not ended: write a longer `drain`")
    threads = [pool for pool in report["pools"] if pool["owner"].split("#")[0] == CALLEE]
    return Result(call["ended"], [pool["granted"] for pool in threads])


async def measured(envoy: str, scenario: Scenario, exported: str) -> tuple[Result, float]:
    """What a real Envoy does, and by how much the driver was late at most."""
    backend = Backend(scenario)
    ports = await backend.start()
    try:
        with tempfile.TemporaryDirectory(prefix="fusebox-envoy-") as folder:
            async with proxy.running(envoy, exported, ports, Path(folder)) as port:
                loop = asyncio.get_running_loop()
                await send(port, loop.time())
                zero = loop.time() + 0.1
                backend.begin(zero)
                calls = [send(port, zero + arrival) for arrival in scenario.arrivals]
                ended, late = zip(*await asyncio.gather(*calls))
    finally:
        backend.close()
    return Result(dict(Counter(ended)), backend.requests), max(*late, backend.late)


async def send(port: int, at: float) -> tuple[str, float]:
    """How a call ends that begins at an instant, and by how much later it began."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(at - loop.time())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET / HTTP/1.1\r\nhost: {CALLEE}\r\n\r\n".encode())
    late = loop.time() - at
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    return outcome(head), late


def outcome(head: str) -> str:
    status, *lines = head.splitlines()
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    flags = headers.get(proxy.FLAGS, "-").upper().split(",")
    code = int(status.split()[1])
    for flag, outcome in OUTCOMES.items():
        if flag in flags:
            return outcome
    return {200: "ok", 500: "server error"}.get(code, f"{code} {','.join(flags)}")


async def compare(fusebox: str, envoy: str, path: Path) -> bool:
    expected, configuration = simulated(fusebox, path), said_by(fusebox, "export", "envoy", path)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        result, late = await measured(envoy, Scenario.read(path), configuration)
        is_equal = result == expected and late <= LATEST
        if is_equal:
            break
        void = f" (void: {late * 1e3:.0f} ms late)" if late > LATEST else ""
        print(f"attempt {attempt} of {path.stem}: Envoy has {result}{void}", flush=True)
    print(f"{'equal' if is_equal else 'DIFFERS':8}{path.stem}: {expected}", flush=True)
    return is_equal


async def loads(fusebox: str, envoy: str, path: Path, slots: asyncio.Semaphore) -> int:
    """The number of configurations, one for each caller of a scenario, that Envoy would load; all of them must."""
    with tempfile.TemporaryDirectory(prefix="fusebox-envoy-") as folder:
        said_by(fusebox, "export", "envoy", path, "--out", folder)
        configurations = sorted(Path(folder).glob("*.yaml"))
        for configuration in configurations:
            async with slots:
                if said := await proxy.refusal(envoy, configuration.read_text(), Path(folder)):
                    raise RuntimeError(f"Envoy does not load {path.name}, {configuration.stem}:\n{said}")
    return len(configurations)


async def everything(fusebox: str, envoy: str, paths: list[Path], library: list[Path]) -> bool:
    results = await asyncio.gather(*(compare(fusebox, envoy, path) for path in paths))
    slots = asyncio.Semaphore(2)
    loaded = await asyncio.gather(*(loads(fusebox, envoy, path, slots) for path in library))
    print(f"{results.count(True)} of {len(results)} experiments are equal; Envoy loads {sum(loaded)} exported configurations")
    return all(results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    beside = shutil.which("envoy", path=Path(sys.executable).parent)
    parser.add_argument("--fusebox", default="target/debug/fusebox", help="the binary of Fusebox")
    parser.add_argument("--envoy", default=beside or "envoy", help="the binary of Envoy")
    parser.add_argument("scenarios", nargs="*", type=Path, help="experiments; all if there are none")
    arguments = parser.parse_args()
    paths = arguments.scenarios or sorted(SCENARIOS.glob("*.yaml"))
    library = [] if arguments.scenarios else sorted(LIBRARY.glob("*.yaml"))
    is_equal = asyncio.run(everything(arguments.fusebox, arguments.envoy, paths, library))
    sys.exit(0 if is_equal else 1)


if __name__ == "__main__":
    main()
