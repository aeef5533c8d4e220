"""Which addresses newsboy goes to, and that no spelling leads anywhere else."""

import asyncio
import socket

import pytest

from bot.web.errors import ForbiddenAddressError, UnreachableError
from bot.web.guard import is_public, is_web_port, judge_host


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4010:c0f::8a", "::ffff:8.8.8.8"])
def test_public_addresses_pass(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "::ffff:0:127.0.0.1",
        "2001::1",
        "2001:20::1",
        "100::1",
        "4000::1",
        "fe80::5efe:10.0.0.1",
    ],
)
def test_everything_else_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "::1", "localhost"]
)
async def test_behind_a_proxy_every_spelling_of_home_is_refused(host: str) -> None:
    with pytest.raises(ForbiddenAddressError, match="ALLOW_PRIVATE_NETWORKS"):
        await judge_host(host, 80)


async def test_behind_a_proxy_a_public_literal_passes() -> None:
    await judge_host("8.8.8.8", 443)


async def test_behind_a_proxy_an_unknown_name_is_not_asked_for() -> None:
    with pytest.raises(UnreachableError, match="DNS"):
        await judge_host("no-such-host.invalid", 443)


async def test_behind_a_proxy_one_private_address_among_many_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def both(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("8.8.8.8", "10.0.0.1")
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    with pytest.raises(ForbiddenAddressError):
        await judge_host("mixed.example", 443)


@pytest.mark.parametrize("port", [None, 80, 81, 443, 591, 1024, 3000, 8000, 8080, 8443, 65_535])
def test_web_servers_are_found_on_these_ports(port: int | None) -> None:
    assert is_web_port(port)


@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 110, 445, 993, 2049, 5060, 6379, 6667, 11211])
def test_other_servers_are_not_spoken_to(port: int) -> None:
    assert not is_web_port(port)
