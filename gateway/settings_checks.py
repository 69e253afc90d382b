"""Whether the fields of wardgate.yaml fit each other: addresses and their encryption, days with their reason, gates.

Promises: every fault is told at its field. Leaves to others: the shape of the file (`config_schema`), its secrets
(`secret_files`).
"""

import ipaddress
import os
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import urlsplit

from gateway.campus_file import FILE as CAMPUS_FILE
from gateway.config_faults import FaultList
from gateway.config_schema import GatewayFile, split_listen
from gateway.flows.retention_rules import Retention
from gateway.yaml_lines import FieldPath

PathOf = Callable[[FieldPath, str], Path]
"""A path as it was meant, in a file or in the environment."""


def is_loopback(host: str) -> bool:
    """True if what is sent to `host` stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_addresses(gateway: GatewayFile, faults: FaultList, path_of: PathOf) -> None:
    """What leaves this machine is encrypted, and the files for it are there."""
    http, mqtt = gateway.http, gateway.mqtt
    if (http.tls_cert is None) != (http.tls_key is None):
        missing = "tls_key" if http.tls_key is None else "tls_cert"
        faults.add(("http", missing), "is missing; a certificate and its key go together")
    host = split_listen(http.listen)[0]
    if http.tls_cert is None and http.tls_key is None and not is_loopback(host):
        faults.add(
            ("http", "listen"),
            f"plain HTTP is for 127.0.0.1 only; {host} needs http.tls_cert and http.tls_key "
            "(WARDGATE_TLS_CERT, WARDGATE_TLS_KEY)",
        )
    url = urlsplit(mqtt.url)
    if url.scheme == "mqtt" and not is_loopback(url.hostname or "") and not mqtt.allow_plain:
        faults.add(
            ("mqtt", "url"),
            f"without TLS everybody between here and {url.hostname} can read card numbers; write mqtts:// "
            "(or allow_plain: true if the line itself is safe)",
        )
    places: list[tuple[FieldPath, str | None]] = [
        (("http", "tls_cert"), http.tls_cert),
        (("http", "tls_key"), http.tls_key),
        (("mqtt", "ca"), mqtt.ca if url.scheme == "mqtts" else None),
    ]
    for place, text in places:
        if text is not None and not os.access(path_of(place, text), os.R_OK):
            faults.add(place, f"there is no file {text!r} that can be read")
    if http.tls_key is not None:
        path = path_of(("http", "tls_key"), http.tls_key)
        if path.is_file() and path.stat().st_mode & 0o007:
            faults.add(("http", "tls_key"), f"can be read by everybody; type: chmod 600 {path}")


def check_retention(chosen: Retention, faults: FaultList) -> None:
    """Other days than the usual ones are the school's to choose, with a reason that can be read afterwards."""
    if not chosen.is_usual and len(chosen.reason) < 10:
        said = "other numbers of days than the usual ones need a written reason (retention.reason, 10 letters or more)"
        faults.add(("retention",), said)


def check_printers(gateway: GatewayFile, faults: FaultList, gates: Collection[str]) -> None:
    """A printer stands at a gate that there is."""
    for what, named in (("printers", gateway.printing.printers), ("paper_day", gateway.printing.paper_day)):
        for gate in named or {}:
            if gate not in gates:
                faults.add(("printing", what, gate), f"there is no gate {gate!r} in {CAMPUS_FILE}")
