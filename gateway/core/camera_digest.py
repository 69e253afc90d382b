"""The digest over the rows of a batch of camera checks, so that one record of the ledger covers all of them.

Each row is hashed by itself; the digest is the hash over the rows' hashes, by camera and by when they were due. So it
can be made row by row while the batch is open, and again from the table, whatever order the rows are written or read
in.
"""

import hashlib


def row_line(camera: str, due_ms: int, at_ms: int, miss: str | None, findings: str, measures: str) -> bytes:
    """One row as it is hashed: every column but the batch's number. No column but the last may hold a line feed."""
    return f"{camera}\n{due_ms}\n{at_ms}\n{miss or ''}\n{findings}\n{len(measures)}\n{measures}\n".encode()


class BatchDigest:
    """Takes the rows of a batch in any order."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[int, bytes]]] = {}

    def add(self, camera: str, due_ms: int, line: bytes) -> None:
        """One row."""
        self._rows.setdefault(camera, []).append((due_ms, hashlib.sha256(line).digest()))

    def hexdigest(self) -> str:
        """SHA-256, hex, over the hashes of all rows, by camera and by when they were due."""
        whole = hashlib.sha256()
        for camera in sorted(self._rows):
            for _, row in sorted(self._rows[camera]):
                whole.update(row)
        return whole.hexdigest()
