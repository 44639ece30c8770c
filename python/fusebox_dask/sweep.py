"""Cutting a sweep into parts, having them done, and putting them together."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cloudpickle
from distributed import Client, as_completed

JOURNAL = "journal.jsonl"


class SweepError(Exception):
    """What ``fusebox`` says is wrong, in its own words."""


@dataclass(frozen=True)
class Progress:
    """How far a sweep is."""

    #: Parts done, those that were there already included.
    parts_done: int
    #: Parts in all.
    parts: int
    #: Points simulated in those parts.
    points_done: int


@dataclass
class Sweep:
    """A sweep of a scenario.

    :param scenario: the scenario file.
    :param arguments: further arguments of ``fusebox sweep``, such as ``["--design", "sobol 4096"]``; not ``--out``, ``--shard``,
        ``--jobs`` and ``--resume``, which are given by whoever does a part.
    :param files: what the scenario reads besides (includes, recordings), relative to its folder.
    :param binary: the ``fusebox`` of the workers and of this machine; the same version everywhere.
    """

    scenario: str | os.PathLike[str]
    arguments: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    binary: str = "fusebox"

    def run(
        self,
        client: Client,
        out: str | os.PathLike[str],
        parts: int | None = None,
        tell: Callable[[Progress], None] = lambda _: None,
    ) -> str:
        """Has every part done on the cluster and merges them into ``out``; returns the report.

        Parts lie in ``out/parts`` until the merge is done: a run that was cut off goes on where it was. ``parts`` should be a few
        times the number of threads of the cluster; four times if it is left out.

        :raises SweepError: if the scenario or an argument is wrong, or versions differ.
        """
        out = Path(out)
        parts = parts or 4 * max(1, sum(client.nthreads().values()))
        # Workers need Dask and the binary, not this package.
        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        self._check_versions(client)
        folders = {number: out / "parts" / f"{number}-of-{parts}" for number in range(1, parts + 1)}
        done = {number for number, folder in folders.items() if (folder / JOURNAL).exists()}
        points = sum(_points_of(folders[number] / JOURNAL) for number in done)
        tell(Progress(len(done), parts, points))
        job = self._job()
        tasks = {
            client.submit(_do_part, job, number, parts, pure=False): number
            for number in folders
            if number not in done
        }
        try:
            for task in as_completed(tasks):
                number = tasks[task]
                journal, error = task.result()
                if error:
                    raise SweepError(error)
                _write_whole(folders[number] / JOURNAL, journal)
                task.release()
                done.add(number)
                points += _lines(journal)
                tell(Progress(len(done), parts, points))
        finally:
            client.cancel([task for task in tasks if not task.done()])
        report = _fusebox([self.binary, "merge", *map(str, folders.values()), "--out", str(out)])
        for folder in folders.values():
            (folder / JOURNAL).unlink()
            folder.rmdir()
        (out / "parts").rmdir()
        return report

    def _check_versions(self, client: Client) -> None:
        """Parts of different versions do not go together; better to know before they are done."""
        here = _fusebox([self.binary, "--version"])
        there = client.run(_version, self.binary)
        different = {worker: version for worker, version in there.items() if version != here}
        if different:
            listed = "\n".join(f"  {worker}: {version.strip()}" for worker, version in sorted(different.items()))
            raise SweepError(f"this machine has {here.strip()}, and these workers have not:\n{listed}")

    def _job(self) -> dict:
        """Everything that a worker needs, as plain data: workers need not see this machine's files."""
        scenario = Path(self.scenario)
        texts = {scenario.name: scenario.read_bytes()}
        texts.update({name: (scenario.parent / name).read_bytes() for name in self.files})
        return {"binary": self.binary, "scenario": scenario.name, "files": texts, "arguments": list(self.arguments)}


def _do_part(job: dict, number: int, parts: int) -> tuple[bytes, str]:
    """Runs on a worker: one part of the sweep, in a folder of its own that goes with it. Its journal, or what is wrong."""
    with tempfile.TemporaryDirectory(prefix="fusebox-") as folder:
        for name, content in job["files"].items():
            path = Path(folder, "scenario", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        scenario, out = Path(folder, "scenario", job["scenario"]), Path(folder, "out")
        part = ["--shard", f"{number}/{parts}", "--out", str(out), "--jobs", "1"]
        try:
            _fusebox([job["binary"], "sweep", str(scenario), *job["arguments"], *part])
        except SweepError as error:
            return b"", str(error)
        return (out / JOURNAL).read_bytes(), ""


def _version(binary: str) -> str:
    try:
        return _fusebox([binary, "--version"])
    except (OSError, SweepError) as error:
        return f"no fusebox: {error}"


def _fusebox(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SweepError(done.stderr.strip() or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def _write_whole(path: Path, content: bytes) -> None:
    """Beside its place, then renamed: a journal is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    beside.write_bytes(content)
    beside.replace(path)


def _lines(journal: bytes) -> int:
    """The points of a journal: all its lines but the first."""
    return max(0, journal.count(b"\n") - 1)


def _points_of(path: Path) -> int:
    return _lines(path.read_bytes())


