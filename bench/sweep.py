#!/usr/bin/env python3
"""Measures sweeps: two cores against one, the overhead of a point, memory, and ten thousand points of the reference cascade.

Usage: bench/sweep.py [POINTS], after `cargo build --release`. Times on shared machines vary; the ratio is taken within one run.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BINARY = str(ROOT / "target/release/fusebox")
CASCADE = str(ROOT / "scenarios/cascade-unprotected.yaml")
VARY = [
    "services.d.threads=20..80",
    "services.c.threads=50..200",
    "databases.d-db.connections=8..32",
    "workloads.visitors.arrivals=poisson 100/s..400/s",
    "faults[0].by=2x..40x",
]
# Hardly any events per point, so the time goes into reading the scenario, writing the journal and the analysis.
IDLE = """
run: { duration: 1s, seed: 1 }
workloads: { web: { to: api, arrivals: constant 1/s } }
services: { api: { threads: 8, handle: [ { work: 1ms } ] } }
"""


def sweep(scenario: str, points: int, jobs: int, vary: list[str]) -> tuple[float, float]:
    """Returns the seconds that a sweep takes and its peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [item for each in vary for item in ("--vary", each)]
        command = [BINARY, "sweep", scenario, *arguments, "--design", f"latin hypercube {points}", "--replications", "1"]
        command += ["--jobs", str(jobs), "--out", folder]
        if scenario == CASCADE:
            command += ["--duration", "60s", "--set", "faults[0].at=20s", "--set", "faults[0].for=20s", "--set", "run.warmup=10s"]
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, command
        return time.monotonic() - begin, usage.ru_maxrss / 1024


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    some = max(points // 10, 50)
    one, two = [sweep(CASCADE, some, jobs, VARY)[0] for jobs in (1, 2)]
    print(f"{some} points of the cascade, 60 s simulated each: one thread {one:.1f} s, two {two:.1f} s, ratio {one / two:.2f} (target 1.8)")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as idle:
        idle.write(IDLE)
        idle.flush()
        seconds, _ = sweep(idle.name, 5_000, 1, ["services.api.threads=1..64"])
        print(f"overhead: {seconds / 5_000 * 1e3:.3f} ms a point (target below 1)")
    _, few = sweep(CASCADE, some, 2, VARY)
    seconds, many = sweep(CASCADE, points, 2, VARY)
    print(f"{points} points: {seconds:.0f} s on two threads, peak {many:.0f} MB; with {some} points {few:.0f} MB")


if __name__ == "__main__":
    main()
