"""One question that `lpstat` does not answer: did a job come to its end, or was it given up?

Promises: one short request to the print service's own socket (IPP, RFC 8011), with an end to the wait; what cannot be
asked is None. Leaves to others: everything else (`cups`).
"""

import struct
from pathlib import Path

import aiohttp

SOCKET = Path("/run/cups/cups.sock")
"""Where Debian's print service listens; elsewhere it is asked on its port."""
PORT = "localhost:631"
WITHIN_S = 3.0
GET_JOB_ATTRIBUTES = 0x0009
CHARSET, LANGUAGE, URI, KEYWORD, ENUM = 0x47, 0x48, 0x45, 0x44, 0x23
OPERATION, END = 0x01, 0x03
CANCELED, ABORTED, COMPLETED = 7, 8, 9


async def job_state(server: str | None, job: str) -> int | None:
    """The state of `QUEUE-NUMBER` as IPP numbers it; None if the print service does not say."""
    address = server or _own_address()
    connector = aiohttp.UnixConnector(address) if address.startswith("/") else None
    url = "http://localhost/" if connector is not None else f"http://{address}/"
    body = _question(f"ipp://localhost/jobs/{job.rpartition('-')[2]}")
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(WITHIN_S)) as client,
            client.post(url, data=body, headers={"Content-Type": "application/ipp"}) as answer,
        ):
            return _state_in(await answer.read())
    except (TimeoutError, aiohttp.ClientError, OSError):
        return None


def _own_address() -> str:
    return str(SOCKET) if SOCKET.exists() else PORT


def _question(job: str) -> bytes:
    head = struct.pack(">BBHIB", 2, 0, GET_JOB_ATTRIBUTES, 1, OPERATION)
    return b"".join(
        (
            head,
            _attribute(CHARSET, "attributes-charset", "utf-8"),
            _attribute(LANGUAGE, "attributes-natural-language", "en"),
            _attribute(URI, "job-uri", job),
            _attribute(KEYWORD, "requested-attributes", "job-state"),
            bytes([END]),
        )
    )


def _attribute(tag: int, name: str, value: str) -> bytes:
    spelled, given = name.encode("ascii"), value.encode("ascii")
    return struct.pack(">BH", tag, len(spelled)) + spelled + struct.pack(">H", len(given)) + given


def _state_in(answer: bytes) -> int | None:
    """The one number that was asked for, wherever it stands."""
    mark = struct.pack(">BH", ENUM, len("job-state")) + b"job-state" + struct.pack(">H", 4)
    at = answer.find(mark)
    if at < 0 or len(answer) < at + len(mark) + 4:
        return None
    state: int = struct.unpack_from(">i", answer, at + len(mark))[0]
    return state
