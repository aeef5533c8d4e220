"""The bot's own certificate: checked as whoever connects will check it, and renewed while it runs.

    two PEM files ─▶ a handshake with ourselves ─▶ Certificate ─▶ the listener's TLS
                            └─▶ CertificateError: what is wrong, what to do

The handshake happens in memory, so that OpenSSL itself judges dates, purpose and host name. The
files themselves are trusted in it: who signed them is Telegram's question, and it is asked by
uploading a certificate that signed itself.
"""

import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.config import Webhook

_EXPIRED, _NOT_YET, _OTHER_HOST, _OTHER_ADDRESS = 10, 9, 62, 64  # openssl/x509_vfy.h


class CertificateError(Exception):
    """The certificate will not do; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that passed. `pem` is the host's own alone, without chain or key."""

    pem: str
    self_signed: bool
    expires: datetime


class OwnCertificate:
    """The files WEBHOOK_CERTIFICATE and WEBHOOK_KEY, in use for `host`."""

    def __init__(self, certificate: Path, key: Path, host: str) -> None:
        """Raises CertificateError."""
        self._certificate = certificate
        self._key = key
        self._host = host
        self._seen = self._stamp()
        self.current = examine(certificate, key, host)
        self.context = _server(certificate, key)

    def renewed(self) -> bool:
        """Take the files up where they changed since the last look, for new connections.

        Raises CertificateError where they will not do: the former certificate stays in use.
        """
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            found = examine(self._certificate, self._key, self._host)
            self.context.load_cert_chain(self._certificate, self._key, _no_password)
        except OSError as error:  # SSLError is one: they change under our hands
            self._seen = []
            raise CertificateError(
                f"WEBHOOK_CERTIFICATE: {self._certificate} or its key changes just now ({error}); "
                "they are looked at again"
            ) from error
        self.current = found
        return True

    def _stamp(self) -> list[tuple[int, int, int]]:
        found = []
        for path in (self._certificate, self._key):
            with suppress(OSError):  # read in a moment, with an error that names the file
                stat = path.stat()
                found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        return found


def own_certificate(webhook: Webhook) -> OwnCertificate | None:
    """The bot's own certificate, where the settings name one. Raises CertificateError."""
    if webhook.files is None:
        return None
    return OwnCertificate(*webhook.files, urlsplit(webhook.url).hostname or "")


def examine(certificate: Path, key: Path, host: str) -> Certificate:
    """Check two PEM files for a host name or address. Raises CertificateError."""
    for name, path in (("WEBHOOK_CERTIFICATE", certificate), ("WEBHOOK_KEY", key)):
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise CertificateError(
                f"{name}: {path} cannot be read ({error.strerror}); name a file that the bot's "
                "user may read"
            ) from error
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The host's own certificate is enough, whoever signed it.
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        client.load_verify_locations(certificate)
    except ssl.SSLError as error:
        raise CertificateError(
            f"WEBHOOK_CERTIFICATE: {certificate} holds no certificate in PEM form "
            "(-----BEGIN CERTIFICATE-----)"
        ) from error
    server = _server(certificate, key)
    client.check_hostname = False
    shown = _handshake(server, client, host, certificate)
    facts = shown.getpeercert() or {}
    if not _is_common_name(facts, host):
        client.check_hostname = True
        _handshake(server, client, host, certificate)
    return Certificate(
        pem=ssl.DER_cert_to_PEM_cert(shown.getpeercert(binary_form=True) or b""),
        self_signed=facts.get("subject") == facts.get("issuer"),
        expires=datetime.fromtimestamp(ssl.cert_time_to_seconds(str(facts["notAfter"])), UTC),
    )


def _server(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Telegram's own least (core.telegram.org)
    try:
        context.load_cert_chain(certificate, key, _no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificateError(
                f"WEBHOOK_KEY: {key} is not the key of {certificate}; name the two files that "
                "were made together"
            ) from error
        raise CertificateError(
            f"WEBHOOK_KEY: {key} holds no private key that can be used; it has to be PEM "
            f"(-----BEGIN PRIVATE KEY-----), without a password ({error.reason or error})"
        ) from error
    return context


def _no_password() -> str:
    """In place of OpenSSL's own, which would ask at the terminal and wait for ever."""
    return ""


def _handshake(
    server: ssl.SSLContext, client: ssl.SSLContext, host: str, certificate: Path
) -> ssl.SSLObject:
    """Both ends in memory; the client's, once it believes the server."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=host)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    try:
        for _ in range(3):
            for step in (asking.do_handshake, answering.do_handshake):
                _as_far_as_it_goes(step)
        asking.do_handshake()
    except ssl.SSLCertVerificationError as error:
        raise CertificateError(_explain(error, host, certificate)) from error
    except ssl.SSLError as error:
        raise CertificateError(
            f"WEBHOOK_CERTIFICATE: {certificate} cannot be used ({error.reason or error}); get one "
            "with a key of the usual kind (RSA 2048, ECDSA P-256)"
        ) from error
    return asking


def _as_far_as_it_goes(step: Callable[[], None]) -> None:
    with suppress(ssl.SSLWantReadError):
        step()


def _is_common_name(facts: dict[str, Any], host: str) -> bool:
    """Telegram's own guide names an address in the subject alone, which OpenSSL passes over."""
    names = dict(pair[0] for pair in facts.get("subject", ()))
    return not facts.get("subjectAltName") and names.get("commonName", "").lower() == host.lower()


def _explain(error: ssl.SSLCertVerificationError, host: str, certificate: Path) -> str:
    if error.verify_code == _EXPIRED:
        fault = "has expired; renew it"
    elif error.verify_code == _NOT_YET:
        fault = "is not valid yet; check this machine's clock"
    elif error.verify_code in {_OTHER_HOST, _OTHER_ADDRESS}:
        fault = f"is not for {host}, the host in WEBHOOK_URL; get one for that name"
    else:
        fault = f"will not do ({error.verify_message}); get another one"
    return f"WEBHOOK_CERTIFICATE: {certificate} {fault}"
