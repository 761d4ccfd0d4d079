"""Under which names the page is served: a name of somebody else's that leads here is not ours to answer."""

import ipaddress
import re
import socket
from collections.abc import Iterable

HEADER = re.compile(
    r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]*))(?::\d*)?"
)  # an address of IPv6, or anything else; a port
REFUSAL = (
    "This page is not served under the name {host}. Open it by the name or address of its machine; or whoever"
    " serves it adds the name: --name {host}\n"
)


def own_names() -> set[str]:
    """Find the names that this machine calls itself by."""
    name = socket.gethostname().lower()
    return {"localhost", name, f"{name}.local", socket.getfqdn().lower()}


def host_of(header: str) -> str:
    """Take the name or address from a `Host` header, without the port."""
    parts = HEADER.fullmatch(header.strip().lower())
    return (parts[1] or parts[2]).rstrip(".") if parts else ""


class Hosts:
    """The names under which the page is served.

    A page of a stranger's could make a name of its own lead to this server (DNS rebinding), and speak to it
    as if it were its own. An address in numbers cannot be taken over so, and is always allowed.

    Args:
        names: allowed beside those of this machine.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = own_names() | {host_of(name) for name in names}

    def allow(self, header: str) -> bool:
        """Tell whether a request with this `Host` header is answered."""
        host = host_of(header)
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host in self.names
        return True
