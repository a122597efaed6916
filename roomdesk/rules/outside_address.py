"""Which addresses of the network belong to everybody: a webhook sent to any other would reach what stands beside the desk."""

import ipaddress

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: IPv6 addresses that stand for the IPv4 address in their last 32 bits (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_NOBODYS = tuple(ipaddress.ip_network(text) for text in ("64:ff9b:1::/48", "fec0::/10"))


def is_public(address: str) -> bool:
    """Whether an IP address can be reached from everywhere; False for what is no address.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, Teredo, NAT64) is judged by that one too.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in (found, *_carried(found))) and not _is_nobodys(found)


def _carried(found: _Address) -> list[ipaddress.IPv4Address]:
    if not isinstance(found, ipaddress.IPv6Address):
        return []
    teredo = found.teredo or ()
    inside = [ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)] if found in _TRANSLATED else []
    # A mapped address is not global by itself: its IPv4 address alone says what it is.
    return [one for one in (found.ipv4_mapped, found.sixtofour, *teredo, *inside) if one is not None]


def _is_nobodys(found: _Address) -> bool:
    return any(found.version == network.version and found in network for network in _NOBODYS)
