"""Are the stack's ports free, and if not, who has them?"""

from __future__ import annotations

import socket

import psutil

from myk.settings import Settings


def taken(settings: Settings) -> str:
    """Return a sentence about the first port that is taken, with its cure; empty when none is."""
    wanted = [(settings.host, settings.port, "port", "MYK_PORT")]
    if not settings.search_address:
        wanted.append(
            (settings.search_host, settings.search_port, "search_port", "MYK_SEARCH_PORT")
        )
    for host, port, name, variable in wanted:
        if not _free(host, port):
            return (
                f"port {port} is taken{_owner(port)}; stop that program, or choose another port: "
                f"{variable}=… make up (or '{name}' in config/myk.toml)"
            )
    if settings.port == settings.search_port:
        return "port and search_port are the same; choose two different ports"
    return ""


def _free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _owner(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            address: tuple[object, ...] = tuple(connection.laddr or ())
            if connection.status != psutil.CONN_LISTEN or address[1:2] != (port,):
                continue
            if connection.pid is not None:
                name = psutil.Process(connection.pid).name()
                return f" by process {connection.pid} ({name})"
    except (psutil.Error, OSError):
        pass
    return ""
