"""A scenario as the driver plays it: who calls when, and how long the callee takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

CALLER, CALLEE = "shop", "ledger"
UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0}


class Unplayable(Exception):
    """A setting that the driver has no counterpart for."""


def seconds(written: object) -> float:
    """A duration such as `300ms`, in seconds."""
    text = str(written)
    unit = text.lstrip("0123456789.")
    return float(text.removesuffix(unit)) * UNITS[unit]


def known(section: dict, *keys: str) -> dict:
    """A section, of which the driver must know every key."""
    if unknown := section.keys() - set(keys):
        raise Unplayable(f"the driver cannot play {', '.join(sorted(unknown))}")
    return section


@dataclass
class Fault:
    """Something that some instances of the callee do while it lasts."""

    begin: float
    end: float
    instances: int
    slow_to: float | None = None
    fails: bool = False
    refuses: bool = False

    def is_in_force(self, instance: int, now: float) -> bool:
        return instance < self.instances and self.begin <= now < self.end


@dataclass
class Scenario:
    """What the driver plays of a scenario file."""

    path: Path
    arrivals: list[float]
    instances: int
    work: float
    faults: list[Fault] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Scenario:
        file = known(yaml.safe_load(path.read_text()), "name", "run", "workloads", "services", "calls", "faults")
        duration = seconds(known(file["run"], "duration", "drain")["duration"])
        service = known(file["services"][CALLEE], "instances", "threads", "handle")
        instances = service.get("instances", 1)
        [step] = service["handle"]
        return cls(
            path=path,
            arrivals=arrivals(file["workloads"]["users"], duration),
            instances=instances,
            work=seconds(known(step, "pause")["pause"]),
            faults=[read_fault(fault, instances) for fault in file.get("faults", [])],
        )


def arrivals(workload: dict, duration: float) -> list[float]:
    """The n-th of the arrivals at a constant rate comes after n intervals."""
    process, rate = known(workload, "to", "arrivals")["arrivals"].split()
    if process != "constant":
        raise Unplayable(f"the driver cannot play {process} arrivals")
    interval = 1 / float(rate.removesuffix("/s"))
    count = round(duration / interval)
    return [number * interval for number in range(1, count + 1) if number * interval < duration - 1e-9]


def read_fault(fault: dict, instances: int) -> Fault:
    known(fault, "at", "for", "instances", "slow", "to", "errors", "rate", "refuse")
    if fault.get("rate", "100%") != "100%":
        raise Unplayable("the driver cannot play errors by chance")
    begin = seconds(fault["at"])
    return Fault(
        begin=begin,
        end=begin + seconds(fault["for"]) if "for" in fault else float("inf"),
        instances=fault.get("instances", instances),
        slow_to=seconds(fault["to"]) if "slow" in fault else None,
        fails="errors" in fault,
        refuses="refuse" in fault,
    )
