"""A campus to measure on: a real configuration, people by CSV, enrolled readers, and their signed taps.

Everything goes the way an integrator goes (`wardgate init`, `import people`, and what stands behind `device enrol`);
nothing is put into the database behind the gateway's back.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from devices import codec, messages, topics
from gateway import settings
from gateway.cli.site_store import now, open_site_store
from gateway.flows.enrolment import Place, device_enrolled, new_enrolment
from gateway.flows.ports import Unit
from gateway.mqtt.broker_config import taken_names
from gateway.store.enrolment import enrol_change
from tests.benchmarks.rig import say, wardgate

# Staff pass all gates at any hour, so that a benchmark at night measures the same as one at noon.
GROUP = "staff"
PORTAL = "north-in"


@dataclass(frozen=True)
class Reader:
    name: str
    key: bytes


def make_campus(folder: Path, site: str, holders: int, readers: int) -> tuple[list[Reader], float]:
    """A configuration in `folder` with so many people and readers: the readers, and how long the import took in s."""
    wardgate("init", str(folder))
    rename_site(folder, site)
    people = folder / "people.csv"
    write_people(people, holders)
    say(f"importing {holders} people")
    began = time.monotonic()
    wardgate("import", "people", str(people), "--config", str(folder))
    import_s = time.monotonic() - began
    say(f"enrolling {readers} readers")
    return enrol(folder, [f"r{number:04d}" for number in range(readers)]), import_s


def rename_site(folder: Path, site: str) -> None:
    campus = folder / "campus.yaml"
    campus.write_text(re.sub(r"(?m)^site: .*$", f"site: {site}", campus.read_text()))


def enrol(folder: Path, names: list[str]) -> list[Reader]:
    """What `wardgate device enrol` does for each, without starting a process for each."""
    found = settings.load(folder, settings.environment())
    readers = []
    with open_site_store(found) as store:
        for name in names:
            place = Place(PORTAL, None, ())
            taken = taken_names(found.mqtt_username)
            new = new_enrolment("reader", name, place, found.campus, found.private_zones, taken)
            change = enrol_change(new, store.sealer, now())
            store.commit(Unit((device_enrolled(new, "bench", now()),), (change,), directory=True))
            readers.append(Reader(name, new.key))
    return readers


def write_people(file: Path, count: int, first: int = 0) -> None:
    header = "id,name,kind,groups,card,plate,dormitory,valid_from,valid_to\n"
    lines = (f"p{n:06d},Person {n},staff,{GROUP},{card(n)},,,,\n" for n in range(first, first + count))
    file.write_text(header + "".join(lines), encoding="utf-8")


def card(number: int) -> str:
    return f"04{number:012X}"


def gateway_environment(broker_port: int) -> dict[str, str]:
    """What differs from the example: where the parts are, and no limit on a device that carries many people's taps."""
    return {
        "WARDGATE_MQTT_URL": f"mqtt://127.0.0.1:{broker_port}",
        "WARDGATE_LIMITS_DEVICE_MESSAGES_PER_S": "10000",
        "WARDGATE_LOG_LEVEL": "warning",
    }


def signed_tap(site: str, reader: Reader, id_: str, person: int, boot: str | None = None) -> tuple[str, bytes]:
    """The topic and the bytes of a fresh tap."""
    topic = topics.device_topic(site, topics.Kind.READER, reader.name, "tap")
    tap = messages.Tap(
        id=id_ if boot else f"{id_}-{secrets.token_hex(5)}",
        boot=boot or secrets.token_hex(8),
        at=datetime.now(UTC),
        nonce=secrets.token_hex(16),
        direction=messages.Direction.IN,
        credential=messages.Credential(kind=messages.CredentialKind.CARD, value=card(person)),
        attempt=1,
    )
    return topic, codec.encode(tap, topic, reader.key)


def write_taps(file: Path, site: str, readers: list[Reader], count: int, people: range) -> None:
    """`count` fresh, signed taps for the load generator: readers and people take turns."""
    run, boot = secrets.token_hex(5), secrets.token_hex(8)
    with file.open("wb") as lines:
        for number in range(count):
            turn = number % len(readers)
            _, payload = signed_tap(site, readers[turn], f"{run}-{number}", people[number % len(people)], boot)
            lines.write(b"%d %s %s\n" % (turn, readers[turn].name.encode(), payload))
