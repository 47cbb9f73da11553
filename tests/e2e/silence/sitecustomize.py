"""Imported by every Python process of a test house: a socket may reach this machine and nothing else."""

import ipaddress
import sys


def _forbid_the_world(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host in (None, "", "localhost", b"localhost"):
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        is_here = ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        print(f"LEFT THE MACHINE: {event} {name}", file=sys.stderr, flush=True)
        raise OSError(f"This house is silent: {name} is not on this machine.")


sys.addaudithook(_forbid_the_world)
