"""What a kiosk registered while the gateway was away comes in once, and opens nothing before it is judged."""

import base64
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.web.context import PARTS
from gateway.web.sealed import FOR_BOX
from tests.web.guardpost import GuardPost
from tests.web.kiosk_scene import ask


def sealed(post: GuardPost, registration: dict[str, Any], key: str | None = None) -> dict[str, str]:
    """As the kiosk seals it."""
    public = base64.b64decode(post.listener.app[PARTS].offline_box.public)
    mine = ec.generate_private_key(ec.SECP256R1())
    point = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = mine.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public))
    under = HKDF(SHA256(), 32, point + public, FOR_BOX).derive(shared)
    name = key or registration["key"]
    nonce = secrets.token_bytes(12)
    box = point + nonce + AESGCM(under).encrypt(nonce, json.dumps(registration).encode(), name.encode())
    return {"key": name, "box": base64.b64encode(box).decode()}


def a_registration(post: GuardPost, **other: Any) -> dict[str, Any]:
    now: datetime = post.site.clock.now()
    return {
        "visitor": {"name": "王小明", "document": {"kind": "passport", "number": "E12345678"}},
        "kind": "official",
        "purpose": "inspection",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
        "key": secrets.token_urlsafe(16),
    } | other


async def bring_in(client: aiohttp.ClientSession, *boxes: dict[str, str]) -> list[dict[str, Any]]:
    status, answer = await ask(client, "POST", "visits/offline", {"sealed": list(boxes)})
    assert status == 200, answer
    results: list[dict[str, Any]] = answer["results"]
    return results


async def test_what_was_registered_offline_is_brought_in_once(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    box = sealed(post, a_registration(post))

    first, again = await bring_in(guard, box), await bring_in(guard, box)

    assert (first[0]["state"], again[0]["state"]) == ("registered", "known")
    assert first[0]["visit"] == again[0]["visit"]
    assert len([row for row in await post.records("visit") if row.get("step") == "registered"]) <= 1
    _, visit = await ask(guard, "GET", f"visits/{first[0]['visit']}")
    assert visit["visitor"]["name"] == "王小明"


async def test_one_that_cannot_be_taken_is_named_and_keeps_no_other_back(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    now = post.site.clock.now()
    good = a_registration(post)
    ends_first = a_registration(post, ends_at=(now - timedelta(hours=1)).isoformat())
    foreign = sealed(post, a_registration(post))
    raw = bytearray(base64.b64decode(foreign["box"]))
    raw[-1] ^= 1

    results = await bring_in(
        guard,
        foreign | {"box": base64.b64encode(bytes(raw)).decode()},
        sealed(post, ends_first),
        sealed(post, {"nothing": 1}, key="0123456789abcdef"),
        sealed(post, good, key="another-name-altogether"),
        sealed(post, good),
    )

    assert [one["state"] for one in results] == ["unreadable", "invalid", "invalid", "unreadable", "registered"]
    assert results[1]["errors"][0]["field"] == "ends_at"
    assert all(one["errors"] for one in results[1:3])


async def test_a_registration_made_offline_opens_nothing_until_it_is_judged(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    before = len(post.courier.sent)

    result = (await bring_in(guard, sealed(post, a_registration(post))))[0]

    _, visit = await ask(guard, "GET", f"visits/{result['visit']}")
    assert visit["needs"] == ["document_not_seen"] and len(post.courier.sent) == before
