"""The guard at the door: newsboy asks public addresses only.

Feeds and pages name addresses that strangers chose, so every connection is judged by the address
it really goes to, at the moment its socket is made: names that resolve to a private network,
decimal and hexadecimal spellings, redirects and rebinding names all end here. Behind a proxy the
connection goes to the proxy, so there the guard judges what the proxy is asked for: the host is
resolved first and refused if any of its addresses is not public. What the name means to the proxy
a moment later cannot be seen from here: a proxy inside a private network has to refuse that
network by rules of its own.
"""

import asyncio
import ipaddress
import socket

from aiohttp import AddrInfoType, TCPConnector

from bot.web.errors import ForbiddenAddressError, UnreachableError

# One text for every refusal: aiohttp folds the errors of several addresses into one OSError, and
# only their text survives that.
REFUSAL = "newsboy refuses an address that is not public"

# What `is_global` of Python 3.11 takes for public and is not: 6to4 and its relays, which lead back
# to IPv4 (RFC 3056, RFC 7526), protocol assignments (RFC 6890, RFC 2928), documentation (RFC 9637).
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in ("2001::/23", "2002::/16", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")
)
# Of IPv6 only this is given out (IANA). Outside lie translations to IPv4 (RFC 6052, RFC 8215,
# RFC 2765), site-local addresses (RFC 3879), segment routing (RFC 9602) and what comes next.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

# Ports from 1024 on that no web server uses and browsers refuse as well (Fetch Standard 2.9,
# "bad port"): a request must not be taken for a command by a server of another protocol.
_BAD_PORTS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566}
    | {6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211}
)
_LOW_PORTS = frozenset({80, 81, 443, 591})


def is_public(address: str) -> bool:
    """Whether `address` (an IP address as text, with or without a zone) is on the open internet.

    An IPv4 address mapped into IPv6 is judged as the IPv4 address that it is.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip not in _GLOBAL_UNICAST:
            return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return not any(ip.version == net.version and ip in net for net in _NOT_PUBLIC)


def is_web_port(port: int | None) -> bool:
    """Whether a stranger's link may lead to this port; None is the scheme's own."""
    if port is None or port in _LOW_PORTS:
        return True
    return 1024 <= port <= 65_535 and port not in _BAD_PORTS


def guarded_connector(*, allow_private: bool) -> TCPConnector:
    """A connector that opens sockets to public addresses only, unless `allow_private`.

    A refusal surfaces as an OSError whose text is `REFUSAL`.
    """

    def make_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allow_private and not is_public(str(address[0])):
            raise OSError(REFUSAL)
        return socket.socket(family, kind, protocol)

    # How many run at once is the pacer's to say: a limit here would queue on the server's time.
    return TCPConnector(limit=0, socket_factory=make_socket, ttl_dns_cache=60)


def forbidden(host: str) -> ForbiddenAddressError:
    """The error for a host that leads to an address that is not public."""
    return ForbiddenAddressError(
        f"{host} leads into a private network, where newsboy does not go. "
        "If that is meant, set ALLOW_PRIVATE_NETWORKS=on."
    )


async def judge_host(host: str, port: int) -> None:
    """Refuse a host that a proxy would be asked for, unless all its addresses are public.

    Raises ForbiddenAddressError, or UnreachableError where the name is unknown here: what cannot
    be judged is not asked for.
    """
    loop = asyncio.get_running_loop()
    try:
        # inet_aton reads the decimal, octal and hexadecimal spellings that proxies read too.
        addresses = {socket.inet_ntoa(socket.inet_aton(host))}
    except OSError:
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise UnreachableError(
                f"{host} has no address in this machine's DNS, so it cannot be judged before the "
                "proxy is asked. Check the spelling, or set ALLOW_PRIVATE_NETWORKS=on to leave "
                "the judging to the proxy."
            ) from error
        addresses = {str(info[4][0]) for info in found}
    if not all(is_public(address) for address in addresses):
        raise forbidden(host)
