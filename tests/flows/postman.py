"""A messenger for flows that send notices, of which a test sees what it was given."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.flows.ports import Delivered, Message, Recipient


@dataclass
class Postman:
    """A messenger that keeps what it was given; `works` off: every channel fails."""

    works: bool = True
    sent: list[tuple[Recipient, Message]] = field(default_factory=list)

    async def send(self, to: Recipient, message: Message) -> Delivered:
        if not self.works:
            return Delivered((), ("mail",))
        self.sent.append((to, message))
        return Delivered(("mail",))
