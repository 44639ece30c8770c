"""Compares breakers that Fusebox exports as Go with its own simulation of the same files.

Called by `run`, with the programs and folders that it has found.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GOBREAKER = "v2.4.0"
EDGE = "app -> stock"
# All scenarios send a call every 50 ms, the first after 50 ms.
GAP_MS = 50
# Instants on a real clock are this close to those of the simulation.
TOLERANCE_NS = 25_000_000
# A call lies in the very instant of a change, so that a real clock decides it by chance.
ONLY_ON_AN_EXACT_CLOCK = {"same-instant"}
# Outcomes that a client in Go returns without an error, unless the breaker counts them.
WITHOUT_ERROR = {"ok", "degraded", "client error"}
OPENING = re.compile(r"^(closed|half-open|open)\b")


def main():
    parser = argparse.ArgumentParser()
    for name in ["fusebox", "go", "work"]:
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--real-clock", action="store_true")
    options = parser.parse_args()

    scenarios = sorted(path.stem for path in (HERE / "scenarios").glob("*.yaml"))
    if options.real_clock:
        scenarios = [name for name in scenarios if name not in ONLY_ON_AN_EXACT_CLOCK]
    work = pathlib.Path(options.work)
    module = GoModule(options.go, work)
    exports = {name: module.add(name, export(options.fusebox, HERE / "scenarios" / f"{name}.yaml")) for name in scenarios}
    library = add_library(module, options.fusebox)
    module.write_registry(scenarios)
    module.check()
    simulated = simulate(options.fusebox, scenarios)
    unguarded = simulate(options.fusebox, scenarios, without_guards=True)
    plans = [plan(name, unguarded[name], exports[name]) for name in scenarios]
    driven = module.drive(plans, options.real_clock)

    version = output([options.fusebox, "--version"]).strip()
    clock = "the real clock, instants within 25 ms" if options.real_clock else "the simulated clock of Go's runtime, instants to the nanosecond"
    lines = [
        f"gobreaker {GOBREAKER}",
        output([options.go, "version"]).split()[2],
        version,
        f"clock: {clock}",
        f"compiled, vetted and in the layout of gofmt: {len(scenarios)} files of the scenarios below, "
        f"{library[0]} files with {library[1]} breakers from `scenarios/`",
        "",
    ]
    tolerance = TOLERANCE_NS if options.real_clock else 0
    has_failed = False
    for name in scenarios:
        text, is_as_announced = report(name, simulated[name], driven[name], exports[name], tolerance)
        lines += text
        has_failed |= not is_as_announced
    text = "\n".join(lines)
    print(text)
    if not options.real_clock:
        (HERE / "result.txt").write_text(text + "\n")
    sys.exit(1 if has_failed else 0)


def output(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def export(fusebox, path):
    return output([fusebox, "export", "gobreaker", path.name], cwd=path.parent)


def add_library(module, fusebox):
    """Exports the library of scenarios, to be compiled only; returns the numbers of files and breakers."""
    folder = module.folder / "library"
    folder.mkdir()
    for path in sorted((ROOT / "scenarios").rglob("*.yaml")):
        name = "s_" + re.sub(r"\W", "_", path.stem)
        command = [fusebox, "export", "gobreaker", path.name, "--out", folder / name]
        subprocess.run(command, cwd=path.parent, capture_output=True, check=False)
    files = list(folder.rglob("*.go"))
    return len(files), sum(path.read_text().count("gobreaker.NewCircuitBreaker") for path in files)


class GoModule:
    """A Go module of the exported files and the driver, in a temporary folder."""

    def __init__(self, go, folder):
        self.go, self.folder = go, folder
        self.variables = {}
        (folder / "go.mod").write_text(
            f"module validation\n\ngo 1.22.0\n\nrequire github.com/sony/gobreaker/v2 {GOBREAKER}\n"
        )
        shutil.copy(HERE / "drive.go", folder / "drive.go")

    def add(self, name, text):
        package = self.folder / "scenarios" / name
        package.mkdir(parents=True)
        (package / "breakers.go").write_text(text)
        [self.variables[name]] = re.findall(r"^var (\w+) = gobreaker", text, re.MULTILINE)
        return text

    def write_registry(self, scenarios):
        imports = "".join(f'\tp{i} "validation/scenarios/{name}"\n' for i, name in enumerate(scenarios))
        rows = "".join(f'\t"{name}": p{i}.{self.variables[name]},\n' for i, name in enumerate(scenarios))
        (self.folder / "registry.go").write_text(
            f'package main\n\nimport (\n\t"github.com/sony/gobreaker/v2"\n{imports})\n\n'
            f"var breakers = map[string]*gobreaker.CircuitBreaker[any]{{\n{rows}}}\n"
        )

    def run(self, *arguments):
        environment = os.environ | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        return output([self.go, *arguments], cwd=self.folder, env=environment)

    def check(self):
        self.run("vet", "-unsafeptr=false", "./...")
        gofmt = pathlib.Path(self.run("env", "GOROOT").strip()) / "bin" / "gofmt"
        differences = output([gofmt, "-d", "scenarios", "library"], cwd=self.folder)
        if differences:
            sys.exit(f"not in the layout of gofmt:\n{differences}")

    def drive(self, plans, is_clock_real):
        tags = [] if is_clock_real else ["-tags", "faketime"]
        self.run("build", *tags, "-o", "drive", ".")
        (self.folder / "plan.json").write_text(json.dumps(plans))
        output([self.folder / "drive", "plan.json", "result.json"], cwd=self.folder)
        results = json.loads((self.folder / "result.json").read_text())
        return {result["Scenario"]: result for result in results}


def simulate(fusebox, scenarios, without_guards=False):
    """Runs each scenario once for each number of calls: what one more call adds is what became of it."""
    files = [f"{name}.yaml" for name in scenarios]
    settings = []
    if without_guards:
        settings = [f"--set=calls.{EDGE}.{guard}=null" for guard in ["breaker", "timeout"]]

    def run(duration):
        arguments = ["--duration", f"{duration}ms"] if duration else []
        text = output([fusebox, "run", "--format", "json", *files, *arguments, *settings], cwd=HERE / "scenarios")
        return list(documents(text))

    whole = run(None)
    most = max(round(report["simulated_seconds"] * 1000) for report in whole) // GAP_MS
    with concurrent.futures.ThreadPoolExecutor() as pool:
        prefixes = list(pool.map(run, [calls * GAP_MS + GAP_MS // 2 for calls in range(1, most)]))
    return {
        name: simulated_calls(whole[place], [prefix[place] for prefix in prefixes])
        for place, name in enumerate(scenarios)
    }


def documents(text):
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        yield value
        place += len(text[place:]) - len(text[place:].lstrip())


def simulated_calls(whole, prefixes):
    edge = calls_of(whole)
    outcomes, takes = [], []
    ended, total = {}, 0.0
    for calls, prefix in enumerate(prefixes[: edge["calls"]], 1):
        now = calls_of(prefix)
        assert now["calls"] == calls and not now["in_flight"], f"{whole['scenario']}: call {calls} has not ended"
        [outcome] = [kind for kind, count in now["ended"].items() if count > ended.get(kind, 0)]
        ended = now["ended"]
        sum_of_latencies = now["latency"]["mean"] * calls
        outcomes.append(outcome)
        takes.append(round((sum_of_latencies - total) * 1e6) * 1000)
        total = sum_of_latencies
    assert ended == edge["ended"], whole["scenario"]
    changes = [
        {"At": round(line["seconds"] * 1e9), "State": OPENING.match(line["text"])[1]}
        for line in whole["timeline"]
        if line["kind"] == "breaker" and line["subject"] == EDGE
    ]
    return {"Outcomes": outcomes, "Takes": takes, "Changes": changes}


def calls_of(report):
    [edge] = [edge for edge in report["calls"] if edge["edge"] == EDGE]
    return edge


def plan(name, unguarded, exported):
    """What the driver does for a scenario: as the callee would without guards, and as the comments of the export say."""
    timeout_ms = 0
    if "pass a context" in exported:
        [(count, unit)] = re.findall(r"pass a context with a timeout of (\d+)(ms|s)$", exported, re.MULTILINE)
        timeout_ms = int(count) * {"ms": 1, "s": 1000}[unit]
    counted = re.search(r"the breaker counts (.*?)(?: and ignores (.*))?$", exported, re.MULTILINE)
    errors = None
    if counted:
        errors = {kind for kinds in counted.groups() if kinds for kind in kinds.split(", ")}
    kinds = set(unguarded["Outcomes"]) | {"timeout"}
    calls = [
        {"At": (place + 1) * GAP_MS * 1_000_000, "Takes": takes, "Outcome": outcome}
        for place, (outcome, takes) in enumerate(zip(unguarded["Outcomes"], unguarded["Takes"]))
    ]
    return {
        "Scenario": name,
        "Timeout": timeout_ms * 1_000_000,
        "Errors": sorted(kinds - WITHOUT_ERROR if errors is None else kinds & errors),
        "Calls": calls,
    }


def report(name, simulated, driven, exported, tolerance):
    """The lines about a scenario, and true if the two are equal or the export announces that they are not."""
    differing = [
        place for place, pair in enumerate(zip(simulated["Outcomes"], driven["Outcomes"]), 1) if pair[0] != pair[1]
    ]
    is_equal = (
        not differing
        and len(simulated["Outcomes"]) == len(driven["Outcomes"])
        and len(simulated["Changes"]) == len(driven["Changes"])
        and all(
            one["State"] == other["State"] and abs(one["At"] - other["At"]) <= tolerance
            for one, other in zip(simulated["Changes"], driven["Changes"])
        )
    )
    remarks = re.findall(rf"^// no equivalent: {EDGE}: (.*)$", exported, re.MULTILINE)
    remarks = [remark for remark in remarks if "pass a context" not in remark]
    if is_equal:
        verdict = "equal"
    else:
        verdict = f"differs in {len(differing)} calls, {'as the comments say' if remarks else 'and no comment says so'}"
    lines = [f"{name}: {verdict}"]
    lines += [f"  comment: {remark}" for remark in remarks]
    lines.append(f"  fusebox    {summary(simulated)}")
    lines.append(f"  gobreaker  {summary(driven)}")
    lines.append("")
    return lines, is_equal or bool(remarks)


def summary(side):
    rejected = side["Outcomes"].count("rejected by breaker")
    calls = len(side["Outcomes"])
    others = sorted(set(side["Outcomes"]) - {"rejected by breaker"})
    kinds = ", ".join(f"{side['Outcomes'].count(kind)} {kind}" for kind in others)
    changes = ", ".join(f"{change['State']} {change['At'] / 1e9:.3f}" for change in side["Changes"])
    return f"{calls} calls, {calls - rejected} let through ({kinds}), {rejected} rejected; {changes or 'no change'}"


if __name__ == "__main__":
    main()
