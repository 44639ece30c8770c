"""The reference chain in SimPy, written as its documentation suggests.

A -> B -> C -> D -> database: 32 threads a service held across the call, 16 connections, Poisson 400/s, exponential work of
2 ms in each service and 20 ms a query, a 1 s timeout on each call.

Usage: chain_simpy.py [REQUESTS]. Prints one line: requests and mean latency in milliseconds.
"""

import random
import sys

import simpy

SLOTS = [32, 32, 32, 32, 16]
MEAN_SERVICE = [0.002, 0.002, 0.002, 0.002, 0.020]
ARRIVAL_RATE = 400.0
TIMEOUT = 1.0


def serve(env, pools, station):
    """Holds a slot of the station while working and calling the next one."""
    with pools[station].request() as slot:
        yield slot
        yield env.timeout(random.expovariate(1.0 / MEAN_SERVICE[station]))
        if station + 1 < len(pools):
            yield from call(env, pools, station + 1)


def call(env, pools, station):
    """Calls a station and waits for its answer, for at most the timeout; the callee goes on working either way."""
    answer = env.process(serve(env, pools, station))
    yield answer | env.timeout(TIMEOUT)


def client(env, pools, latencies):
    begun = env.now
    yield from call(env, pools, 0)
    latencies.append(env.now - begun)


def arrivals(env, pools, requests, latencies):
    for _ in range(requests):
        yield env.timeout(random.expovariate(ARRIVAL_RATE))
        env.process(client(env, pools, latencies))


def main():
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    random.seed(1)
    env = simpy.Environment()
    pools = [simpy.Resource(env, capacity) for capacity in SLOTS]
    latencies = []
    env.process(arrivals(env, pools, requests, latencies))
    env.run()
    print(f"{len(latencies)} requests, mean latency {1000 * sum(latencies) / len(latencies):.3f} ms")


if __name__ == "__main__":
    main()
