"""The bot's own certificate: what is refused with which words, and how a renewed one comes in."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.config import Webhook
from bot.web.certificate import (
    Certificate,
    CertificateError,
    OwnCertificate,
    examine,
    own_certificate,
)
from bot.web.listener import Route, listening
from tests.web.pem import Pair, make_pair

DAY = timedelta(days=1)


def refusal(pair: Pair, host: str = "localhost") -> str:
    with pytest.raises(CertificateError) as refused:
        examine(pair.certificate, pair.key, host)
    text = str(refused.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("localhost", True),
        ("203.0.113.5", True),
        ("::1", True),
        # Telegram's own guide to certificates puts name and address into the subject alone.
        ("bot.example.org", False),
        ("203.0.113.5", False),
    ],
)
def test_one_that_fits_is_taken(tmp_path: Path, host: str, named: bool) -> None:
    pair = make_pair(tmp_path, host, named=named)
    found = examine(pair.certificate, pair.key, host)
    assert found.self_signed
    assert abs(found.expires - datetime.now(UTC) - 30 * DAY) < timedelta(minutes=5)


def test_one_that_an_authority_signed_is_not_shown_to_telegram(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, by_authority=True)
    found = examine(pair.certificate, pair.key, "localhost")
    assert not found.self_signed
    assert found.pem.count("BEGIN CERTIFICATE") == 1
    assert pair.certificate.read_text().startswith(found.pem)


def test_a_key_in_the_same_file_is_never_part_of_what_is_shown(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
    found = examine(both, both, "localhost")
    assert "PRIVATE" not in found.pem
    assert found.pem == pair.certificate.read_text()


def test_dates_and_names_that_do_not_fit_are_named(tmp_path: Path) -> None:
    assert "has expired; renew it" in refusal(make_pair(tmp_path, starts=-9 * DAY, ends=-DAY))
    assert "not valid yet; check this machine's clock" in refusal(make_pair(tmp_path, starts=DAY))
    for host, other in (("a.example", "b.example"), ("203.0.113.5", "203.0.113.6")):
        assert f"is not for {other}, the host in WEBHOOK_URL" in refusal(
            make_pair(tmp_path, host), other
        )


def test_files_that_will_not_do_are_named(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    absent = tmp_path / "absent.pem"
    assert f"WEBHOOK_CERTIFICATE: {absent} cannot be read" in refusal(Pair(absent, pair.key))
    assert f"WEBHOOK_KEY: {absent} cannot be read" in refusal(Pair(pair.certificate, absent))
    assert f"WEBHOOK_KEY: {tmp_path} cannot be read" in refusal(Pair(pair.certificate, tmp_path))
    text = tmp_path / "text.pem"
    text.write_text("a certificate")
    assert "WEBHOOK_CERTIFICATE" in refusal(Pair(text, pair.key))
    assert "in PEM form" in refusal(Pair(text, pair.key))
    assert "WEBHOOK_KEY" in refusal(Pair(pair.certificate, text))
    assert "no private key that can be used" in refusal(Pair(pair.certificate, text))
    # The two the other way round.
    assert "WEBHOOK_CERTIFICATE" in refusal(Pair(pair.key, pair.certificate))


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_pair(tmp_path / "other")
    pair = make_pair(tmp_path)
    assert "is not the key of" in refusal(Pair(pair.certificate, other.key))


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    assert "without a password" in refusal(make_pair(tmp_path, password=b"secret"))


def test_settings_without_files_need_no_certificate() -> None:
    assert own_certificate(Webhook("https://bot.example", ("127.0.0.1", 0), None)) is None


async def answer(request: web.Request) -> web.Response:
    return web.Response(text=request.scheme)


async def test_the_listener_speaks_tls_and_takes_up_a_renewed_certificate(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    files = (pair.certificate, pair.key)
    own = own_certificate(Webhook("https://localhost:8443/x", ("127.0.0.1", 0), files))
    assert own is not None
    async with listening("127.0.0.1", 0, [Route("GET", "/", answer)], own.context) as port:
        url = f"https://localhost:{port}/"

        async def trusted(pem: str) -> bool:
            tls = ssl.create_default_context(cadata=pem)
            try:
                async with aiohttp.ClientSession() as session, session.get(url, ssl=tls) as reply:
                    return await reply.text() == "https"
            except aiohttp.ClientConnectorCertificateError:
                return False

        first = own.current.pem
        assert await trusted(first)
        with pytest.raises(aiohttp.ClientError):
            async with aiohttp.ClientSession() as session:
                await session.get(f"http://localhost:{port}/")
        assert not own.renewed()
        assert own.current.pem == first
        await asyncio.to_thread(make_pair, tmp_path)
        assert own.renewed()
        assert own.current.pem != first
        assert await trusted(own.current.pem)
        assert not await trusted(first)


async def test_a_renewal_that_will_not_do_changes_nothing(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    own = OwnCertificate(pair.certificate, pair.key, "localhost")
    first, old_key = own.current, pair.key.read_bytes()
    make_pair(tmp_path)
    new_key = pair.key.read_bytes()
    pair.key.write_bytes(old_key)  # a tool writes one file after the other
    with pytest.raises(CertificateError, match="is not the key of"):
        own.renewed()
    assert own.current == first
    assert not own.renewed()  # said once
    pair.key.write_bytes(new_key)
    assert own.renewed()
    pair.certificate.unlink()
    with pytest.raises(CertificateError, match="cannot be read"):
        own.renewed()


async def test_files_that_go_while_they_are_read_are_taken_up_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = make_pair(tmp_path)
    own = OwnCertificate(pair.certificate, pair.key, "localhost")
    first = own.current
    make_pair(tmp_path)
    key = pair.key.read_bytes()

    def examine_at_the_wrong_moment(*given: Any) -> Certificate:
        found = examine(*given)
        pair.key.unlink()
        return found

    with monkeypatch.context() as patched:
        patched.setattr("bot.web.certificate.examine", examine_at_the_wrong_moment)
        with pytest.raises(CertificateError, match="looked at again"):
            own.renewed()
    assert own.current == first
    pair.key.write_bytes(key)
    assert own.renewed()
    assert own.current != first
