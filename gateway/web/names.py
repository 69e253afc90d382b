"""By which names the gateway may be called, besides its addresses: what its certificate speaks for."""

from pathlib import Path

from cryptography import x509


def certificate_names(certificate: Path | None) -> tuple[str, ...]:
    """The DNS names in a PEM certificate; none if there is no certificate or no name in it."""
    if certificate is None:
        return ()
    try:
        names = x509.load_pem_x509_certificate(certificate.read_bytes()).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (ValueError, x509.ExtensionNotFound):
        return ()
    return tuple(names.value.get_values_for_type(x509.DNSName))
