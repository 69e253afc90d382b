"""Shapes of the API: finding people, how to reach them."""

from typing import Annotated

from msgspec import Meta

from gateway.web.shapes import Answer, Given, Person

Kinds = Annotated[list[str], Meta(max_length=20)]
Few = Annotated[int, Meta(ge=1, le=50)]


class FindPeople(Given, frozen=True):
    """`q`: a name or a part of it, an id, pinyin or its first letters."""

    q: Annotated[str, Meta(max_length=100)]
    kinds: Kinds | None = None
    limit: Few = 20


class PeopleFound(Answer, frozen=True):
    """The best answers first."""

    people: list[Person]


class FindHosts(Given, frozen=True):
    q: Annotated[str, Meta(max_length=100)]
    limit: Few = 10


class Host(Answer, frozen=True):
    """Enough to pick somebody, and no more."""

    id: str
    name: str
    unit: str


class HostsFound(Answer, frozen=True):
    hosts: list[Host]


class KeepContact(Given, frozen=True):
    """`messenger` left out stays as it is; an empty text takes a part away."""

    phone: Annotated[str, Meta(max_length=100)] = ""
    mail: Annotated[str, Meta(max_length=300)] = ""
    messenger: Annotated[str, Meta(max_length=500)] | None = None


class ContactInfo(Answer, frozen=True):
    """`messenger`: which one; its address is a secret that nobody is shown."""

    phone: str
    mail: str
    messenger: str | None
