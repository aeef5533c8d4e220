"""Certificates for tests: made on the spot, for any host and any dates."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


def make_pair(
    folder: Path,
    host: str = "localhost",
    *,
    starts: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=30),
    named: bool = True,
    by_authority: bool = False,
    password: bytes | None = None,
) -> Pair:
    """A pair in `folder`, in place of an earlier one.

    `named` off leaves the host in the subject alone; `by_authority` has it signed by somebody
    else, whose certificate follows in the file; `password` locks the key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    issuer, signer = subject, key
    if by_authority:
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
        signer = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)

    def signed(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + starts)
            .not_valid_after(now + ends)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
        )

    own = signed(subject, key.public_key())
    if named:
        own = own.add_extension(x509.SubjectAlternativeName([_name(host)]), critical=False)
    parts = [own.sign(signer, SHA256())]
    if by_authority:
        root = signed(issuer, signer.public_key())
        root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        parts.append(root.sign(signer, SHA256()))
    pair = Pair(folder / "fullchain.pem", folder / "privkey.pem")
    pair.certificate.write_bytes(b"".join(part.public_bytes(Encoding.PEM) for part in parts))
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    return pair


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
