"""The addresses of channels, as apprise spells them: built here, from the configuration and from a person's contact.

Promises: pure; an address that is not exactly of a known form makes no channel, so that what stands in somebody's
contact reaches the messenger's own service and nothing else; secrets show in no repr. Leaves to others: sending
(`sender`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from gateway.flows.notice_rules import MAIL, MESSENGERS, RELAY, messenger_of
from gateway.flows.ports import Recipient

MAIL_ADDRESS = re.compile(r"[^@\s,;:<>\"'\\()\[\]]{1,64}@[A-Za-z0-9.-]{1,190}")
_FORMS = {
    "wecom": re.compile(r"wecombot://[A-Za-z0-9_-]{8,80}/?"),
    "dingtalk": re.compile(r"dingtalk://(?:SEC[A-Za-z0-9]{8,80}@)?[A-Za-z0-9]{20,80}(?:/[0-9]{5,15})?/?"),
    "feishu": re.compile(r"feishu://[A-Za-z0-9-]{8,80}/?"),
}
_RELAY_SCHEMES = {"https": "jsons", "http": "json"}
_TLS_MODES = {"starttls": "starttls", "tls": "ssl"}


@dataclass(frozen=True, slots=True)
class Mail:
    """The school's mail server. `security`: `starttls`, `tls`, or `none` on this machine only."""

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Channels:
    """What the configuration gives: a mail server, the messengers that may be used, a relay, robots of groups."""

    mail: Mail | None = None
    messengers: frozenset[str] = frozenset()
    relay: str | None = field(default=None, repr=False)
    robots: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> frozenset[str]:
        """The channels by which a person can be told."""
        has_mail = {MAIL} if self.mail is not None else set()
        return frozenset({*has_mail, *self.messengers, *({RELAY} if self.relay else ())})

    def to(self, recipient: Recipient) -> dict[str, str]:
        """Channel → address, for every channel that reaches the recipient."""
        if recipient.robot:
            address = self.robots.get(recipient.robot)
            return {} if address is None else {f"robot {recipient.robot}": address}
        found: dict[str, str] = {}
        messenger = messenger_of(recipient.messenger)
        if messenger in self.messengers and is_messenger_address(recipient.messenger):
            found[str(messenger)] = recipient.messenger
        if self.mail is not None and MAIL_ADDRESS.fullmatch(recipient.mail):
            found[MAIL] = mail_address(self.mail, recipient.mail)
        if self.relay:
            found[RELAY] = relay_address(self.relay, recipient.person)
        return found


def is_messenger_address(text: str) -> bool:
    """True for the address of a WeCom, DingTalk or Feishu robot, and for nothing else."""
    messenger = messenger_of(text)
    return messenger in MESSENGERS and _FORMS[str(messenger)].fullmatch(text) is not None


def mail_address(mail: Mail, to: str) -> str:
    """The mail server and whom it is for, in one."""
    scheme = "mailto" if mail.security == "none" else "mailtos"
    who = "" if mail.user is None else f"{quote(mail.user, safe='')}:{quote(mail.password, safe='')}@"
    more = {"smtp": mail.host, "from": mail.sender, "to": to, "format": "text"}
    if mail.security in _TLS_MODES:
        more["mode"] = _TLS_MODES[mail.security]
    host = f"[{mail.host}]" if ":" in mail.host else mail.host
    return f"{scheme}://{who}{host}:{mail.port}/?{urlencode(more, quote_via=quote)}"


def relay_address(relay: str, person: str) -> str:
    """The school's own service, told for whom by the field `to`: the school's id of a person."""
    scheme, _, rest = relay.partition("://")
    joined = "&" if "?" in rest else "?"
    return f"{_RELAY_SCHEMES[scheme.lower()]}://{rest}{joined}{urlencode({':to': person}, quote_via=quote)}"
