"""Fusebox sweeps on a Dask cluster.

A sweep is cut into parts, each a task that runs the ``fusebox`` binary on a worker. Parts come back as journals, are kept as soon
as they are there, and are merged to the same bytes as one machine writes. A part whose worker is lost is done again by another;
a part that is there already is not.

>>> from dask.distributed import Client
>>> from fusebox_dask import Sweep
>>> Sweep("shop.yaml", ["--design", "sobol 4096"]).run(Client("tcp://scheduler:8786"), "results/", parts=64)  # doctest: +SKIP
"""

from .sweep import Progress, Sweep, SweepError

__all__ = ["Progress", "Sweep", "SweepError"]
