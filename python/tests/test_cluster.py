"""A sweep on a scheduler and two workers, each a process of its own, one of which is killed midway."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from distributed import Client

from fusebox_dask import Progress, Sweep, SweepError

BINARY = os.environ.get("FUSEBOX", str(Path(__file__).parents[2] / "target/debug/fusebox"))
SCENARIO = """
run: { duration: 300s, warmup: 10s, seed: 3 }
workloads: { web: { to: api, arrivals: poisson 400/s } }
services: { api: { threads: 8, handle: [ { work: exponential 15ms } ] } }
calls: { web -> api: { timeout: 500ms } }
sweep:
  vary: { services.api.threads: 6..13 step 1, workloads.web.arrivals: poisson 200/s..500/s in 6 }
  maximize: [ availability of web ]
  minimize: [ capacity of api.threads ]
  replications: 2
"""


class OnACluster(unittest.TestCase):
    """What one machine writes, a cluster writes."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="fusebox-dask-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.scenario = self.folder / "queue.yaml"
        self.scenario.write_text(SCENARIO)
        self.file = str(self.folder / "scheduler.json")
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", self.file)
        self.workers = {name: self._worker(name) for name in ("one", "two")}
        self.client = Client(scheduler_file=self.file, timeout=60)
        self.addCleanup(self.client.close)
        self.client.wait_for_workers(2, timeout=60)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (process.kill(), process.wait()))
        return process

    def _worker(self, name: str) -> subprocess.Popen[bytes]:
        where = ["--scheduler-file", self.file, "--host", "127.0.0.1", "--local-directory", str(self.folder)]
        return self._start("worker", *where, "--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard")

    def _local(self) -> dict[str, bytes]:
        out = self.folder / "local"
        subprocess.run([BINARY, "sweep", str(self.scenario), "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
        return _files(out)

    def test_a_lost_worker_costs_time_and_not_a_byte(self) -> None:
        seen: list[Progress] = []

        def kill_one(progress: Progress) -> None:
            seen.append(progress)
            if progress.parts_done == 3:
                self._wait_until_busy("one")
                self.workers["one"].send_signal(signal.SIGKILL)

        out = self.folder / "cluster"
        report = Sweep(self.scenario, binary=BINARY).run(self.client, out, parts=12, tell=kill_one)
        self.assertEqual(self.workers["one"].wait(timeout=30), -signal.SIGKILL)
        self.assertEqual(len(self.client.scheduler_info()["workers"]), 1)
        self.assertEqual(_files(out), self._local())
        self.assertIn("48 points", report)
        self.assertEqual([progress.parts_done for progress in seen], list(range(13)))
        self.assertEqual(seen[-1].points_done, 48)

    def _wait_until_busy(self, name: str) -> None:
        """A worker that has nothing to lose proves nothing."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            info = self.client.scheduler_info()["workers"]
            address = next(address for address, worker in info.items() if worker["id"] == name)
            if self.client.processing().get(address):
                return
            time.sleep(0.01)
        self.fail(f"{name} has nothing to do")

    def test_parts_that_are_there_are_not_done_again(self) -> None:
        class CutOff(Exception):
            pass

        def cut_off(progress: Progress) -> None:
            if progress.parts_done == 2:
                raise CutOff

        out = self.folder / "cluster"
        sweep = Sweep(self.scenario, binary=BINARY)
        with self.assertRaises(CutOff):
            sweep.run(self.client, out, parts=6, tell=cut_off)
        kept = {path: path.stat().st_mtime_ns for path in out.glob("parts/*/journal.jsonl")}
        self.assertEqual(len(kept), 2)
        seen: list[Progress] = []
        unchanged: list[bool] = []

        def look(progress: Progress) -> None:
            seen.append(progress)
            unchanged.append(all(path.stat().st_mtime_ns == time for path, time in kept.items()))

        sweep.run(self.client, out, parts=6, tell=look)
        self.assertEqual(seen[0].parts_done, 2)
        self.assertTrue(all(unchanged))
        self.assertEqual(_files(out), self._local())

    def test_mistakes_are_told_in_the_words_of_fusebox(self) -> None:
        with self.assertRaisesRegex(SweepError, "did you mean"):
            Sweep(self.scenario, ["--figure", "availabilty of web"], binary=BINARY).run(self.client, self.folder / "x", parts=2)
        with self.assertRaisesRegex((SweepError, OSError), "no-such-fusebox"):
            Sweep(self.scenario, binary="no-such-fusebox").run(self.client, self.folder / "x", parts=2)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


if __name__ == "__main__":
    unittest.main()
