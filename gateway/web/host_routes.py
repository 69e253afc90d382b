"""The routes of hosts: with an account, by the link of a notice, on the telephone."""

from gateway.core.rights import Right
from gateway.web import host_pages, hosts
from gateway.web import host_shapes as shapes
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind
from gateway.web.visit_shapes import AskedInfo, VisitInfo

API = "/api/v1"
VISIT = f"{API}/visits/{{visit:[0-9a-f]{{1,32}}}}"
HOSTS = frozenset({Right.HOST_VISITS, Right.CONFIRM_GUARDIANS})
AT_THE_GATE = frozenset({Right.REGISTER_VISITS})
CONFLICT = (Kind.CONFLICT,)

HOST_ROUTES: tuple[Route, ...] = (
    Route("POST", f"{VISIT}/confirm", hosts.confirm_visit, "The host's word; for a guardian the class teacher's.",
          allowed=HOSTS, answer=VisitInfo, tag="visits", problems=CONFLICT),
    Route("POST", f"{VISIT}/decline", hosts.decline_visit, "The host says no.",
          allowed=HOSTS, body=shapes.Decline, answer=VisitInfo, tag="visits", problems=CONFLICT),
    Route("POST", f"{VISIT}/move", hosts.move_visit, "The host puts the visit at another time.",
          allowed=HOSTS, body=shapes.Move, answer=VisitInfo, tag="visits", problems=CONFLICT),
    Route("POST", f"{VISIT}/ask-host", hosts.ask_host, "Have the host asked once more.",
          allowed=AT_THE_GATE, answer=AskedInfo, tag="visits", problems=(Kind.CONFLICT, Kind.TOO_MANY)),
    Route("GET", f"{VISIT}/host-number", hosts.host_number,
          "The number that the directory has for the host; recorded.",
          allowed=AT_THE_GATE, answer=shapes.HostNumber, tag="visits", problems=CONFLICT, records=True),
    Route("POST", f"{VISIT}/confirm-by-telephone", hosts.answered_by_telephone,
          "Record what the host said on the telephone, under the number that the directory shows.",
          allowed=AT_THE_GATE, body=shapes.TelephoneAnswer, answer=VisitInfo, tag="visits", problems=CONFLICT,
          records=True),
    Route("POST", f"{API}/host-link/open", hosts.open_link, "What a host is asked, by the link of a notice.",
          allowed=Access.PUBLIC, body=shapes.LinkSecret, answer=shapes.HostLinkInfo, tag="host-link",
          problems=(Kind.NOT_FOUND, Kind.TOO_MANY)),
    Route("POST", f"{API}/host-link/answer", hosts.answer_link, "The host's answer by a link, once.",
          allowed=Access.PUBLIC, body=shapes.LinkAnswer, answer=shapes.HostLinkInfo, tag="host-link",
          problems=(Kind.NOT_FOUND, Kind.TOO_MANY, Kind.CONFLICT)),
    Route("GET", "/h", host_pages.link_page, "What a host is asked, on a phone without an account.",
          allowed=Access.PUBLIC, is_page=True),
    Route("GET", "/host", host_pages.host_page, "My visitors.", allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
