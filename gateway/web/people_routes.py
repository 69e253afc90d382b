"""The routes of finding people, their pictures and how to reach them: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.flows.portraits import BYTES_AT_MOST
from gateway.web import people, people_shapes
from gateway.web.dispatch import Route


def rights(*some: Right) -> frozenset[Right]:
    """Any one of these is enough."""
    return frozenset(some)


API = "/api/v1"
PERSON = f"{API}/people/{{person:[A-Za-z0-9._-]{{1,64}}}}"
LOOK_UP = rights(Right.IDENTIFY, Right.MANAGE_PEOPLE, Right.MANAGE_PASSES)
MANAGE = rights(Right.MANAGE_PEOPLE)

PEOPLE_ROUTES: tuple[Route, ...] = (
    Route("POST", f"{API}/people/search", people.search_people,
          "Find people by name, id, pinyin or its first letters; recorded, without what was typed.",
          allowed=LOOK_UP, body=people_shapes.FindPeople, answer=people_shapes.PeopleFound, tag="people", records=True),
    Route("POST", f"{API}/hosts/search", people.search_hosts, "Find who may be a visitor's host; recorded.",
          allowed=rights(Right.REGISTER_VISITS), body=people_shapes.FindHosts, answer=people_shapes.HostsFound,
          tag="people", records=True),
    Route("GET", f"{PERSON}/picture", people.get_picture, "The picture that the school keeps; recorded.",
          allowed=rights(*LOOK_UP, Right.ANSWER_WAITING), answer_media="image/jpeg", tag="people", records=True),
    Route("PUT", f"{PERSON}/picture", people.put_picture, "Keep a picture, drawn anew and without what files carry.",
          allowed=MANAGE, raw_body=True, media="image/jpeg", other_media=("image/png",), body_limit=BYTES_AT_MOST,
          status=204, tag="people"),
    Route("DELETE", f"{PERSON}/picture", people.delete_picture, "Keep no picture any more.",
          allowed=MANAGE, status=204, tag="people"),
    Route("GET", f"{PERSON}/contact", people.get_contact, "How to reach somebody of the school; recorded.",
          allowed=rights(Right.MANAGE_PEOPLE, Right.MANAGE_PASSES), answer=people_shapes.ContactInfo, tag="people",
          records=True),
    Route("PUT", f"{PERSON}/contact", people.put_contact, "Enter how to reach somebody; recorded.",
          allowed=MANAGE, body=people_shapes.KeepContact, answer=people_shapes.ContactInfo, tag="people"),
)  # fmt: skip
