#!/usr/bin/env python3
"""Runs the author's own simulators and writes what they find, with standard errors.

    git clone https://github.com/mbrooker/simulator_example
    git -C simulator_example checkout bbfe3946f0459a69f6012737c68fc63b973471be
    validation/brooker-retries/reference.py retries simulator_example > retries.csv
    validation/brooker-retries/reference.py collapse simulator_example > collapse.csv
"""

import collections
import contextlib
import io
import math
import pathlib
import random
import runpy
import sys

RATES = [0.0, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.0325, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75]
RETRY_RUNS = 10
CLIENTS = 100
CALLS_PER_SECOND = 10.0
SECONDS = 30.0

COLLAPSE_RUNS = 400
WINDOW = 5
WINDOWS = 15


def program(path):
    """The names of a program that simulates as soon as it is read."""
    sys.path.insert(0, str(path.parent))
    with contextlib.redirect_stdout(io.StringIO()):
        return runpy.run_path(str(path))


def ratio(numerators, denominators):
    """A ratio of sums over independent units, and its standard error (linearized)."""
    value = sum(numerators) / sum(denominators)
    residuals = (n - value * d for n, d in zip(numerators, denominators))
    return value, math.sqrt(sum(residual**2 for residual in residuals)) / sum(denominators)


def mean(values):
    """A mean, and its standard error."""
    return ratio(values, [1] * len(values))


def retries(checkout):
    """`run_sims`, with counts of each client's own: clients share no state, so each is an independent unit."""
    sim = program(checkout / "retry_sim/retry_sim.py")
    strategies = {
        "none": sim["NRetriesFactory"](0),
        "three": sim["NRetriesFactory"](3),
        "adaptive": sim["AdaptiveRetryFactory"](0.1, 5),
        "breaker": sim["CircuitBreakerRetryFactory"](sim["NRetriesFactory"](3), 0.1),
    }
    print("failure_rate,strategy,clients,calls,success_share,success_se,attempts_per_call,attempts_se")
    for rate in RATES:
        for name, factory in strategies.items():
            stats = []
            for run in range(RETRY_RUNS):
                random.seed(f"{rate} {name} {run}")
                server = sim["Server"](rate)
                clients = []
                for _ in range(CLIENTS):
                    stats.append(sim["Stats"](rate, name))
                    clients.append(sim["Client"](factory.make(), CALLS_PER_SECOND, server, stats[-1], 0.0))
                sim["sim_loop"](clients, SECONDS)
            calls = [client.unique_calls for client in stats]
            success, success_se = ratio([client.successes for client in stats], calls)
            attempts, attempts_se = ratio([client.total_calls for client in stats], calls)
            print(
                f"{rate},{name},{len(stats)},{sum(calls)},{success:.7f},{success_se:.7f},"
                f"{attempts:.7f},{attempts_se:.7f}",
                flush=True,
            )


def noting_retries(client, sent):
    """The same client, which notes when it sends a retry; the author's counts are of when it decides to."""

    class Noting(client):
        def send_req(self, t, extra_delay):
            if self.current_try > 0:
                sent.append(t + extra_delay)
            return super().send_req(t, extra_delay)

    return Noting


def collapse(checkout):
    """`run_sim_spike`, averaged over windows; each run is an independent unit."""
    sim = program(checkout / "simple_collapse_sim/sim.py")
    clients = {"no backoff": sim["Client"], "backoff and jitter": sim["ClientWithBackoffAndJitter"]}
    print("strategy,from,to,runs,successes_per_s,successes_se,retries_per_s,retries_se,up_share,up_se")
    for name, client in clients.items():
        successes, retries = [], []
        for run in range(COLLAPSE_RUNS):
            random.seed(f"{name} {run}")
            sent = []
            history = sim["run_sim_spike"](name, noting_retries(client, sent))
            in_second = collections.Counter(map(int, sent))
            successes.append([second.successes for second in history])
            retries.append([in_second[second] for second in range(len(history))])
        for start in range(0, WINDOW * WINDOWS, WINDOW):
            end = start + WINDOW
            in_window = lambda runs: [sum(run[start:end]) for run in runs]
            figures = [
                mean([count / WINDOW for count in in_window(successes)]),
                mean([count / WINDOW for count in in_window(retries)]),
                mean([count > 0 for count in in_window(successes)]),
            ]
            cells = ",".join(f"{value:.4f},{error:.4f}" for value, error in figures)
            print(f"{name},{start},{end},{COLLAPSE_RUNS},{cells}", flush=True)


if __name__ == "__main__":
    {"retries": retries, "collapse": collapse}[sys.argv[1]](pathlib.Path(sys.argv[2]).resolve())
