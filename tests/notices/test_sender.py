"""Notices through real sockets: what arrives, what a failing or silent server costs, and what nobody gets to see."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from gateway.flows.ports import Delivered, Message, Recipient
from gateway.notices import sender
from gateway.notices.channels import Channels, Mail, is_messenger_address, mail_address, relay_address
from gateway.notices.sender import AppriseMessenger, service_of
from tests.parts.mailbox import MailServer, Relay

MESSAGE = Message("访客待您确认 · A visitor", "姓名 Name: Anna Berg\nhttps://gate.school.example/h#secret")
LI = Recipient("S-1", "li@school.example")
WECOM = "wecombot://693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
DINGTALK = "dingtalk://SECabcdef0123456789@" + "a1" * 32 + "/13800138000"
FEISHU = "feishu://abcdefgh-1234-1234-1234-abcdefabcdef"


def mail(server: MailServer) -> Mail:
    return Mail("127.0.0.1", server.port, "none", "gate@school.example")


async def test_a_mail_arrives_with_its_words_at_the_person(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with MailServer() as server:
        done = await AppriseMessenger(Channels(mail(server))).send(LI, MESSAGE)

    assert done == Delivered(("mail",))
    (came,) = server.mails
    assert (came.sender, came.to, came.subject) == ("gate@school.example", ["li@school.example"], MESSAGE.title)
    assert came.text.strip() == MESSAGE.body
    assert "li@" not in caplog.text and "secret" not in caplog.text and "Anna" not in caplog.text


async def test_the_schools_relay_hears_for_whom_it_is() -> None:
    async with Relay() as relay:
        done = await AppriseMessenger(Channels(relay=relay.url)).send(LI, MESSAGE)

    assert done == Delivered(("relay",))
    (came,) = relay.taken
    assert (came["to"], came["title"], came["message"]) == ("S-1", MESSAGE.title, MESSAGE.body)


async def test_one_channel_that_takes_it_is_enough_and_the_other_is_named() -> None:
    async with MailServer(refuse=True) as server, Relay() as relay:
        done = await AppriseMessenger(Channels(mail(server), relay=relay.url)).send(LI, MESSAGE)

    assert done == Delivered(("relay",), ("mail",))


async def test_a_server_that_is_away_refuses_or_answers_badly_is_a_no_and_no_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with MailServer(refuse=True) as server, Relay(status=500) as relay:
        assert await AppriseMessenger(Channels(mail(server))).send(LI, MESSAGE) == Delivered((), ("mail",))
        assert await AppriseMessenger(Channels(relay=relay.url)).send(LI, MESSAGE) == Delivered((), ("relay",))
    assert await AppriseMessenger(Channels(mail(server))).send(LI, MESSAGE) == Delivered((), ("mail",))
    assert "li@" not in caplog.text and "notices" not in caplog.text.replace("gateway.notices", "")


async def test_a_server_that_never_answers_costs_its_time_and_not_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "WITHIN_S", 0.5)
    async with MailServer(hang=True) as server:
        messenger = AppriseMessenger(Channels(mail(server)))
        began = time.monotonic()
        done = await asyncio.gather(*(messenger.send(LI, MESSAGE) for _ in range(3)))

    assert done == [Delivered((), ("mail",))] * 3 and time.monotonic() - began < 5


async def test_who_has_no_address_that_any_channel_takes_is_told_nothing() -> None:
    messenger = AppriseMessenger(Channels(messengers=frozenset({"wecom"})))

    assert await messenger.send(LI, MESSAGE) == Delivered((), ("no_address",))
    assert await messenger.send(Recipient("S-1", messenger=FEISHU), MESSAGE) == Delivered((), ("no_address",))


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (WECOM, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"),
        (DINGTALK, "https://oapi.dingtalk.com/robot/send"),
        (FEISHU, "https://open.feishu.cn/open-apis/bot/v2/hook/"),
    ],
)
def test_each_messengers_address_reaches_its_own_service(address: str, host: str) -> None:
    assert is_messenger_address(address)
    assert service_of(address).notify_url.startswith(host)


@pytest.mark.parametrize(
    "address",
    [
        "", "json://127.0.0.1/x", "file:///etc/passwd", "mailto://a:b@c.example", "syslog://", "wecombot://",
        "wecombot://abcdefgh/../../x", "wecombot://abcdefgh?x=y", "dingtalk://evil.example/robot",
        "feishu://a b c d e f g h",
        "feishu://abcdefgh\nx", "WECOMBOT://abcdefgh12,json://127.0.0.1", "dbus://", "exec://x", "wecombot:abcdefgh12",
    ],
)  # fmt: skip
def test_what_stands_in_somebodys_contact_reaches_nothing_else(address: str) -> None:
    everything = Channels(messengers=frozenset({"wecom", "dingtalk", "feishu"}))

    assert not is_messenger_address(address)
    assert everything.to(Recipient("S-1", messenger=address)) == {}


def test_a_mails_address_keeps_signs_apart_and_hides_the_password() -> None:
    server = Mail("smtp.school.example", 587, "starttls", "gate@school.example", "gate@x", "p@ss/w:rd?&#")
    address = mail_address(server, "li.na+x@school.example")
    service = service_of(address)

    assert (service.user, service.password, service.smtp_host, service.port) == (
        "gate@x", "p@ss/w:rd?&#", "smtp.school.example", 587,
    )  # fmt: skip
    assert service.secure_mode == "starttls" and service.targets == [(False, "li.na+x@school.example")]
    assert "p@ss" not in repr(server) and "p@ss" not in repr(Channels(server))
    assert service_of(mail_address(Mail("h.example", 465, "tls", "g@x.example"), "a@b.example")).secure_mode == "ssl"


@pytest.mark.parametrize("to", ["", "li", "a@b c", "a@b,c@d", "a@b\r\nBcc: x@y", "<a@b>", "a@b?cc=c@d", "@b", "a@"])
def test_what_is_no_mail_address_gets_no_mail(to: str) -> None:
    assert Channels(Mail("127.0.0.1", 25, "none", "g@x.example")).to(Recipient("S-1", to)) == {}


def test_a_relay_keeps_its_own_parameters() -> None:
    service = service_of(relay_address("https://user:pw@relay.example:8443/in?token=a%26b", "S&1"))

    assert (service.secure, service.host, service.port, service.fullpath) == (True, "relay.example", 8443, "/in")
    assert service.payload_extras == {"to": "S&1"}
