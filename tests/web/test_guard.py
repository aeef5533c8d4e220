"""Which addresses newsboy goes to, and that no spelling leads anywhere else."""

import pytest

from bot.web.errors import ForbiddenAddressError, UnreachableError
from bot.web.guard import is_public, judge_host


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
