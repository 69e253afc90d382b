"""A guard post whose hosts are asked for real: the watch, the outbox and apprise, with a mail server beside it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.flows.hosts import HostWatch
from gateway.flows.notice_rules import NoticeRules, link_key_from
from gateway.flows.outbox import Outbox
from gateway.notices.channels import Channels, Mail
from gateway.notices.sender import AppriseMessenger
from tests.parts.mailbox import MailServer
from tests.web.guardpost import GuardPost


@dataclass
class HostDesk:
    """What the gateway does each second about hosts, done when a test says so."""

    post: GuardPost
    server: MailServer
    watch: HostWatch
    outbox: Outbox

    async def look(self) -> None:
        await self.watch.look()
        await self.outbox.look()
        await self.outbox.settle()

    async def secret(self) -> str:
        """What stands behind the # of the newest link in the host's mail."""
        await self.look()
        return self.server.mails[-1].text.split("/h#")[1].split()[0]


def host_desk(post: GuardPost, server: MailServer) -> HostDesk:
    """Notices of this post go to that mail server."""
    site = post.site
    site.notices = NoticeRules(frozenset({"mail"}), post.url, link_key=link_key_from(post.settings.store_key))
    mail = Mail("127.0.0.1", server.port, "none", "gate@school.example")
    return HostDesk(post, server, HostWatch(site), Outbox(site, AppriseMessenger(Channels(mail))))
