"""Times the reference chain in Fusebox, in the bare loop and in SimPy, in turn, and prints medians and ratios.

Usage: compare.py [ROUNDS]. Called by bench/run, which builds what is needed.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

REQUESTS = 2_000_000
SIMPY_REQUESTS = 30_000
# A tenth of the requests in the same simulated time, to show that memory does not depend on the number of requests.
FEWER = "workloads.clients.arrivals=poisson 40/s"


def timed(command):
    """Returns the wall-clock seconds that a command takes."""
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def peak_memory(command):
    """Returns the peak resident memory of a command in MB, as Linux reports it during the run.

    The accounting of finished processes would count the memory of this interpreter, which starts them.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
                lines = [line.split() for line in file if line.startswith("VmHWM")]
            peak = max([peak] + [int(line[1]) for line in lines])
        except (FileNotFoundError, ProcessLookupError):
            break
        time.sleep(0.01)
    process.wait()
    return peak / 1024


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    out = tempfile.mkdtemp(prefix="fusebox-bench-")
    fusebox = ["target/release/fusebox", "run", "bench/chain.yaml", "--out", out]
    commands = {
        "bare loop": (["target/release/bare-loop", str(REQUESTS)], REQUESTS),
        "fusebox": (fusebox, REQUESTS),
        "simpy": ([sys.executable, "bench/chain_simpy.py", str(SIMPY_REQUESTS)], SIMPY_REQUESTS),
    }
    samples = {name: [] for name in commands}
    for round_number in range(rounds):
        for name, (command, requests) in commands.items():
            samples[name].append(timed(command) / requests)
        print(f"round {round_number + 1} of {rounds} done", file=sys.stderr)
    with open(os.path.join(out, "summary.json"), encoding="utf-8") as file:
        summary = json.load(file)
    events_a_request = summary["events"] / summary["workloads"][0]["offered"]

    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {rounds} rounds, medians\n")
    print(f"{'':12}{'requests/s':>14}{'µs a request':>14}{'ns an event':>13}{'peak MB':>10}")
    for name, rows in samples.items():
        each = statistics.median(rows)
        peak = peak_memory(commands[name][0])
        per_event = f"{each * 1e9 / events_a_request:13.0f}" if name != "simpy" else f"{'':13}"
        print(f"{name:12}{1 / each:14,.0f}{each * 1e6:14.2f}{per_event}{peak:10.1f}")

    def ratio(slow, fast):
        pairs = [a / b for a, b in zip(samples[slow], samples[fast])]
        return f"{statistics.median(pairs):.2f} (from {min(pairs):.2f} to {max(pairs):.2f})"

    print(f"\ntime of fusebox / bare loop: {ratio('fusebox', 'bare loop')}   target: at most 2.5")
    print(f"time of simpy / fusebox:     {ratio('simpy', 'fusebox')}   target: at least 100")
    fewer_peak = peak_memory(fusebox + ["--set", FEWER])
    print(f"memory of fusebox at a tenth of the requests: {fewer_peak:.1f} MB")


if __name__ == "__main__":
    main()
