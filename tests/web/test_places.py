"""The same web on the other database, and under TLS."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from gateway.core.kinds import Profile
from gateway.new_site import write_new_site
from gateway.web.names import certificate_names
from tests.web.guardpost import PASSWORD, GuardPost

SIGN_IN = {"user": "guard1", "password": PASSWORD}


@pytest.mark.postgres
async def test_on_postgresql_people_sign_in_look_up_and_read_as_on_sqlite(tmp_path: Path, postgres_url: str) -> None:
    post = await GuardPost(tmp_path / "site").open(database_url=postgres_url)
    try:
        guard = await post.signed_in("guard1", "operator", "security_officer", "auditor", "admin")
        await post.tap("CARD-LI")
        found = {}
        for path in (
            "/api/v1/me",
            "/api/v1/sessions",
            "/api/v1/users",
            "/api/v1/people?kind=student",
            "/api/v1/people/S-1",
            "/api/v1/decisions?outcome=grant",
            "/api/v1/ledger",
            "/api/v1/alarms?state=closed",
        ):
            async with guard.get(path) as answer:
                found[path] = (answer.status, await answer.json())
        async with guard.delete("/api/v1/session") as signed_out:
            pass
        async with guard.get("/api/v1/me") as afterwards:
            pass
    finally:
        await post.close()

    assert {status for status, _ in found.values()} == {200}
    assert [person["id"] for person in found["/api/v1/people?kind=student"][1]["people"]] == ["P-1", "P-2", "P-3"]
    assert [one["holder"]["id"] for one in found["/api/v1/decisions?outcome=grant"][1]["decisions"]] == ["S-1"]
    assert (signed_out.status, afterwards.status) == (204, 401)


def test_the_gateway_goes_by_the_names_in_its_certificate(tmp_path: Path) -> None:
    write_new_site(tmp_path / "made", Profile.SCHOOL, ["gate.school.example"], datetime.now(UTC))

    names = certificate_names(tmp_path / "made" / "tls" / "server.crt")

    assert "gate.school.example" in names and certificate_names(None) == ()


async def test_under_tls_the_cookie_stays_with_this_host(tmp_path: Path) -> None:
    write_new_site(tmp_path / "made", Profile.SCHOOL, [], datetime.now(UTC))
    tls = tmp_path / "made" / "tls"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "server.crt", tls / "server.key")
    post = await GuardPost(tmp_path / "site").open(tls=context)
    await post.add_user("guard1", "guard")
    trusting = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(tls / "ca.crt")))

    async with aiohttp.ClientSession(post.url, connector=trusting) as client:
        async with client.post("/api/v1/session", json=SIGN_IN) as answer:
            header = answer.headers["Set-Cookie"]
        cookie = header.partition(";")[0]
        own = {"Cookie": cookie}
        async with client.get("/api/v1/me", headers=own) as me:
            pass
        async with client.get("/api/v1/me", headers={"Cookie": cookie.replace("__Host-", "")}) as without_prefix:
            pass
        plain = post.url.replace("https", "http")
        async with client.delete("/api/v1/session", headers=own | {"Origin": plain}) as from_plain_http:
            pass
    await post.close()

    assert header.startswith("__Host-wg_session=") and "Secure" in header and "Path=/" in header
    assert (me.status, without_prefix.status, from_plain_http.status) == (200, 401, 403)
