"""``fusebox-dask``: a sweep on a cluster, from the command line."""

from __future__ import annotations

import argparse
import sys

from distributed import Client, LocalCluster

from .sweep import Progress, Sweep, SweepError


def main() -> int:
    """Runs a sweep on a cluster; the exit code is Fusebox's: 0 fine, 2 the input is wrong."""
    arguments = _arguments()
    client = _client(arguments)
    sweep = Sweep(arguments.scenario, arguments.rest, arguments.file, arguments.binary)
    try:
        print(sweep.run(client, arguments.out, arguments.parts, _tell), end="")
    except SweepError as error:
        print(f"fusebox-dask: {error}", file=sys.stderr)
        return 2
    finally:
        client.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fusebox-dask",
        description="Runs a Fusebox sweep on a Dask cluster and writes the same bytes as one machine would.",
        epilog="example: fusebox-dask shop.yaml --scheduler tcp://10.0.0.1:8786 --out results/ -- --design 'sobol 4096'",
    )
    parser.add_argument("scenario", help="the scenario file")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the results go; parts that are there are not done again")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="the cluster's scheduler; a cluster on this machine if left out")
    parser.add_argument("--scheduler-file", metavar="FILE", help="the file in which the scheduler left its address")
    parser.add_argument("--parts", type=int, metavar="N", help="how many parts; four times the cluster's threads if left out")
    parser.add_argument("--file", action="append", default=[], metavar="PATH", help="a file that the scenario reads, relative to it")
    parser.add_argument("--binary", default="fusebox", metavar="PATH", help="the fusebox of the workers and of this machine")
    parser.add_argument("rest", nargs="*", metavar="-- ARGUMENT", help="further arguments of `fusebox sweep`")
    return parser.parse_args()


def _client(arguments: argparse.Namespace) -> Client:
    if arguments.scheduler_file:
        return Client(scheduler_file=arguments.scheduler_file)
    if arguments.scheduler:
        return Client(arguments.scheduler)
    return Client(LocalCluster(threads_per_worker=1, dashboard_address=None))


def _tell(progress: Progress) -> None:
    print(f"{progress.parts_done} of {progress.parts} parts done, {progress.points_done} points", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
