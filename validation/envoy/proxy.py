"""Envoy with the clusters and routes that Fusebox has exported."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import yaml

MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
# The header in which Envoy says why it answers itself.
FLAGS = "x-flags"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def bootstrap(exported: str, ports: list[int], listener: int) -> dict:
    """The configuration of an Envoy with a listener in front of the exported routes, and the
    addresses of the instances in the exported clusters; everything else is as it was exported."""
    exported = yaml.safe_load(exported)
    flags = {"header": {"key": FLAGS, "value": "%RESPONSE_FLAGS%"}}
    manager = {
        "@type": MANAGER,
        "stat_prefix": "shop",
        "route_config": exported["route_config"] | {"response_headers_to_add": [flags]},
        "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {
        "static_resources": {
            "clusters": [cluster | addresses(cluster["name"], ports) for cluster in exported["clusters"]],
            "listeners": [{"address": address(listener), "filter_chains": [chain]}],
        }
    }


def addresses(cluster: str, ports: list[int]) -> dict:
    endpoints = [{"endpoint": {"address": address(port)}} for port in ports]
    assignment = {"cluster_name": cluster, "endpoints": [{"lb_endpoints": endpoints}]}
    return {"type": "STATIC", "load_assignment": assignment}


def address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


@contextlib.asynccontextmanager
async def running(envoy: str, exported: str, ports: list[int], folder: Path):
    """An Envoy that serves until the context ends; gives the port that it listens on."""
    listener = free_port()
    path, log = folder / "envoy.yaml", folder / "envoy.log"
    path.write_text(yaml.safe_dump(bootstrap(exported, ports, listener)))
    with log.open("wb") as output:
        # One worker: limits are shared between workers, pools of connections are not.
        options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
        process = await asyncio.create_subprocess_exec(
            envoy, "--config-path", str(path), *options, stdout=output, stderr=output
        )
        try:
            await until_it_listens(process, listener, log)
            yield listener
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def refusal(envoy: str, exported: str, folder: Path) -> str | None:
    """What Envoy says against an exported configuration; nothing if it would load it."""
    path = folder / "envoy.yaml"
    path.write_text(yaml.safe_dump(bootstrap(exported, [1], 1)))
    process = await asyncio.create_subprocess_exec(
        envoy, "--mode", "validate", "--config-path", str(path), stdout=DEVNULL, stderr=PIPE
    )
    _, said = await process.communicate()
    return said.decode() if process.returncode else None


async def until_it_listens(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    for _ in range(600):
        if process.returncode is not None:
            break
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"Envoy does not take the configuration:\n{log.read_text()}")
