"""Which ports the embedded services use: given ones or refused, else the remembered ones, else the next free ones."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator

from roomdesk.runtime.instance import Instance, InstanceError, read_ports, write_private
from roomdesk.runtime.settings import Settings

# A killed installation's children need a moment to die; its ports are worth this wait, in seconds, for all of them together.
_GRACE = 4.0


class Reservations:
    """Ports kept for this process until `close` or its death, so that two installations starting at once do not choose the same.

    A name in Linux's abstract socket space stands for a port: it vanishes with the process, even on SIGKILL.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def take(self, port: int) -> bool:
        """Reserve one port; False when another installation has it or anybody listens on it."""
        mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            mark.bind(f"\0roomdesk-port-{port}")
        except OSError:
            mark.close()
            return False
        self._held.append(mark)
        if not is_free(port):
            self._held.pop().close()
            return False
        return True

    def close(self) -> None:
        """Give all ports back."""
        while self._held:
            self._held.pop().close()


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback address."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(settings: Settings, instance: Instance, reservations: Reservations) -> dict[str, int]:
    """Reserve and remember the ports `{"web", "matrix", "postgres"}`. Raises `InstanceError` for a given port that is taken."""
    given = {"web": settings.port, "matrix": settings.matrix_port, "postgres": settings.pg_port}
    variables = {"web": "ROOMDESK_PORT", "matrix": "ROOMDESK_MATRIX_PORT", "postgres": "ROOMDESK_PG_PORT"}
    remembered, chosen, deadline = read_ports(instance), dict[str, int](), time.monotonic() + _GRACE
    for name, port in given.items():
        if port:
            chosen[name] = _given(port, variables[name], reservations, deadline)
    for name in given.keys() - chosen.keys():
        if name in remembered and _wait_for(remembered[name], reservations, deadline):
            chosen[name] = remembered[name]
    start = chosen.get("web", 8080)
    for name in [name for name in given if name not in chosen]:
        chosen[name] = start = next(port for port in _upwards(start) if reservations.take(port))
    write_private(instance.ports, json.dumps(chosen) + "\n")
    return chosen


def _given(port: int, variable: str, reservations: Reservations, deadline: float) -> int:
    if not _wait_for(port, reservations, deadline):
        raise InstanceError(
            f"Port {port} is in use by another program; stop that program or set {variable} to a free port."
        )
    return port


def _wait_for(port: int, reservations: Reservations, deadline: float) -> bool:
    while not (taken := reservations.take(port)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return taken


def _upwards(start: int) -> Iterator[int]:
    yield from range(start, 65536)
    raise InstanceError(f"No free port was found from {start} upwards; set ROOMDESK_PORT to a lower one.")
