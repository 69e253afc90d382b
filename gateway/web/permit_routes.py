"""The routes of permits, visits and what a guard does by hand: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import by_hand, permit_shapes, permits, visit_shapes, visits
from gateway.web.dispatch import Route
from gateway.web.problems import Kind


def rights(*some: Right) -> frozenset[Right]:
    """Any one of these is enough."""
    return frozenset(some)


API = "/api/v1"
ID = ":[0-9a-f]{1,32}}"
AUTHORISATION = f"{API}/authorisations/{{authorisation{ID}"
BAN = f"{API}/bans/{{ban{ID}"
GATHERING = f"{API}/gatherings/{{gathering{ID}"
VEHICLE = f"{API}/vehicles/{{vehicle{ID}"
ESSENTIAL = f"{API}/essential/{{essential{ID}"
VISIT = f"{API}/visits/{{visit{ID}"
OPENING = f"{API}/openings/{{opening{ID}"

SIGN = rights(Right.SIGN_AUTHORISATIONS)
SEE_BANS = rights(Right.REQUEST_BANS, Right.APPROVE_BANS)
PASSES = rights(Right.MANAGE_PASSES)
SEE_GATHERINGS = rights(Right.WATCH, Right.REQUEST_GATHERINGS, Right.APPROVE_GATHERINGS)
SEE_VISITS = rights(Right.REGISTER_VISITS, Right.HOST_VISITS, Right.CONFIRM_GUARDIANS, Right.CONSENT_MEDIA)
AT_THE_GATE = rights(Right.REGISTER_VISITS)
HOSTS = rights(Right.HOST_VISITS, Right.CONFIRM_GUARDIANS)
CONFLICT = (Kind.CONFLICT,)

PERMIT_ROUTES: tuple[Route, ...] = (
    # ------------------------------------------------------------ authorisations
    Route("GET", f"{API}/authorisations", permits.list_authorisations, "What leaders have signed; recorded.",
          allowed=rights(Right.WATCH, Right.SIGN_AUTHORISATIONS), query=permit_shapes.ListQuery,
          answer=permit_shapes.Authorisations, tag="permits", records=True),
    Route("POST", f"{API}/authorisations", permits.sign_authorisation,
          "Sign that somebody may pass where the level refuses.",
          allowed=SIGN, body=permit_shapes.NewAuthorisation, answer=permit_shapes.AuthorisationInfo, status=201,
          tag="permits"),
    Route("POST", f"{AUTHORISATION}/revoke", permits.revoke_authorisation, "Void at the next tap.",
          allowed=SIGN, answer=permit_shapes.AuthorisationInfo, tag="permits", problems=CONFLICT),
    # ------------------------------------------------------------ entry bans
    Route("GET", f"{API}/bans", permits.list_bans, "Entry bans, requested and in force; recorded.",
          allowed=SEE_BANS, query=permit_shapes.ListQuery, answer=permit_shapes.Bans, tag="permits", records=True),
    Route("POST", f"{API}/bans", permits.request_ban, "Ask for an entry ban; two others have to approve it.",
          allowed=rights(Right.REQUEST_BANS), body=permit_shapes.NewBan, answer=permit_shapes.BanInfo, status=201,
          tag="permits", problems=CONFLICT),
    Route("POST", f"{BAN}/approve", permits.approve_ban, "One of two approvals; the second puts it in force.",
          allowed=rights(Right.APPROVE_BANS), answer=permit_shapes.BanInfo, tag="permits", problems=CONFLICT),
    Route("POST", f"{BAN}/object", permits.object_to_ban, "Note that the person objects.",
          allowed=SEE_BANS, answer=permit_shapes.BanInfo, tag="permits", problems=CONFLICT),
    Route("POST", f"{BAN}/lift", permits.lift_ban, "It ends now.",
          allowed=rights(Right.APPROVE_BANS), answer=permit_shapes.BanInfo, tag="permits", problems=CONFLICT),
    # ------------------------------------------------------------ gatherings
    Route("GET", f"{API}/gatherings", permits.list_gatherings, "Group events, and whether the level suspends them.",
          allowed=SEE_GATHERINGS, query=permit_shapes.ListQuery, answer=permit_shapes.Gatherings, tag="permits",
          records=True),
    Route("POST", f"{API}/gatherings", permits.request_gathering, "Ask for a group event.",
          allowed=rights(Right.REQUEST_GATHERINGS), body=permit_shapes.NewGathering,
          answer=permit_shapes.GatheringInfo, status=201, tag="permits"),
    Route("POST", f"{GATHERING}/approve", permits.approve_gathering, "Approve; never one's own request.",
          allowed=rights(Right.APPROVE_GATHERINGS), answer=permit_shapes.GatheringInfo, tag="permits",
          problems=CONFLICT),
    Route("POST", f"{GATHERING}/refuse", permits.refuse_gathering, "Refuse.",
          allowed=rights(Right.APPROVE_GATHERINGS), answer=permit_shapes.GatheringInfo, tag="permits",
          problems=CONFLICT),
    Route("POST", f"{GATHERING}/cancel", permits.cancel_gathering, "Call it off: who asked for it, or who approves.",
          allowed=rights(Right.REQUEST_GATHERINGS, Right.APPROVE_GATHERINGS), answer=permit_shapes.GatheringInfo,
          tag="permits", problems=CONFLICT),
    # ------------------------------------------------------------ vehicles and the essential list
    Route("POST", f"{API}/vehicles", permits.register_vehicle, "Give a plate or tag a pass.",
          allowed=PASSES, body=permit_shapes.NewVehicle, answer=permit_shapes.VehicleInfo, status=201,
          tag="vehicles", problems=CONFLICT),
    Route("PATCH", VEHICLE, permits.change_vehicle, "Another driver, attendant, papers, timetable or route.",
          allowed=PASSES, body=permit_shapes.VehicleChange, answer=permit_shapes.VehicleInfo, tag="vehicles",
          problems=CONFLICT),
    Route("POST", f"{VEHICLE}/remove", permits.remove_vehicle, "Its plate opens nothing any more.",
          allowed=PASSES, answer=permit_shapes.VehicleInfo, tag="vehicles", problems=CONFLICT),
    Route("GET", f"{API}/essential", permits.list_essential,
          "Whom the campus cannot do without at the exceptional level; recorded.",
          allowed=rights(Right.MANAGE_PASSES, Right.WATCH), query=permit_shapes.ListQuery,
          answer=permit_shapes.EssentialList, tag="vehicles", records=True),
    Route("POST", f"{API}/essential", permits.add_essential, "Put a person or a vehicle on the list.",
          allowed=PASSES, body=permit_shapes.NewEssential, answer=permit_shapes.EssentialInfo, status=201,
          tag="vehicles", problems=CONFLICT),
    Route("POST", f"{ESSENTIAL}/remove", permits.remove_essential, "Take somebody off the list.",
          allowed=PASSES, answer=permit_shapes.EssentialInfo, tag="vehicles", problems=CONFLICT),
    # ------------------------------------------------------------ visits
    Route("GET", f"{API}/visits", visits.list_visits, "Visits, and what the rules still ask of each; recorded.",
          allowed=SEE_VISITS, query=visit_shapes.VisitsQuery, answer=visit_shapes.Visits, tag="visits",
          records=True),
    Route("POST", f"{API}/visits", visits.register_visit, "Register a visit.",
          allowed=rights(Right.REGISTER_VISITS, Right.HOST_VISITS), body=visit_shapes.NewVisit,
          answer=visit_shapes.VisitMade, status=201, tag="visits", problems=CONFLICT, records=True),
    Route("GET", VISIT, visits.get_visit, "One visit; recorded.",
          allowed=SEE_VISITS, answer=visit_shapes.VisitInfo, tag="visits", records=True),
    Route("POST", f"{VISIT}/consent", visits.consent_to_visit, "The responsible office consents.",
          allowed=rights(Right.CONSENT_MEDIA), answer=visit_shapes.VisitInfo, tag="visits", problems=CONFLICT),
    Route("POST", f"{VISIT}/approve-vehicle", visits.approve_vehicle, "Approve the vehicle that was asked for.",
          allowed=PASSES, answer=visit_shapes.VisitInfo, tag="visits", problems=CONFLICT),
    Route("POST", f"{VISIT}/check-in", visits.check_in, "The visitor is here and the document was looked at.",
          allowed=AT_THE_GATE, body=visit_shapes.CheckIn, answer=visit_shapes.VisitInfo, tag="visits",
          problems=CONFLICT, records=True),
    Route("POST", f"{VISIT}/check-out", visits.check_out, "The visitor has left; the passes of the visit are void.",
          allowed=AT_THE_GATE, answer=visit_shapes.VisitInfo, tag="visits", problems=CONFLICT, records=True),
    Route("POST", f"{VISIT}/belongings", visits.declare_belongings,
          "What the visitor carries, and what becomes of what is prohibited.",
          allowed=AT_THE_GATE, body=visit_shapes.Declare, answer=visit_shapes.VisitInfo, tag="visits",
          problems=CONFLICT, records=True),
    Route("POST", f"{VISIT}/refuse", visits.refuse_visit, "Sent away at the gate.",
          allowed=AT_THE_GATE, body=visit_shapes.RefuseVisit, answer=visit_shapes.VisitInfo, tag="visits",
          problems=CONFLICT, records=True),
    Route("POST", f"{VISIT}/cancel", visits.cancel_visit, "Call a visit off.",
          allowed=rights(Right.REGISTER_VISITS, Right.HOST_VISITS), answer=visit_shapes.VisitInfo, tag="visits",
          problems=CONFLICT, records=True),
    # ------------------------------------------------------------ by hand
    Route("POST", f"{API}/identifications", by_hand.identify, "Let a known person pass once without the card.",
          allowed=rights(Right.IDENTIFY), body=visit_shapes.NewIdentification,
          answer=visit_shapes.IdentificationDone, tag="by-hand", problems=CONFLICT, records=True),
    Route("GET", f"{API}/identifications", by_hand.list_identifications,
          "Who came without the card, and how often; recorded.",
          allowed=rights(Right.IDENTIFY, Right.GIVE_SLIPS), query=visit_shapes.IdentificationsQuery,
          answer=visit_shapes.Identifications, tag="by-hand", records=True),
    Route("POST", f"{API}/openings", by_hand.open_by_hand,
          "One touch for responders, for shelter in a lockdown, or to let somebody out.",
          allowed=rights(Right.ANSWER_WAITING), body=visit_shapes.NewOpening, answer=visit_shapes.OpeningDone,
          tag="by-hand", problems=CONFLICT),
    Route("GET", f"{API}/openings", by_hand.list_openings, "Openings that wait for a second person's word.",
          allowed=rights(Right.WATCH), answer=visit_shapes.Openings, tag="by-hand"),
    Route("POST", f"{OPENING}/disposal", by_hand.dispose_opening, "A second person says what became of it.",
          allowed=rights(Right.ANSWER_WAITING, Right.SIGN_AUTHORISATIONS), body=visit_shapes.Disposal,
          answer=visit_shapes.OpeningInfo, tag="by-hand", problems=CONFLICT),
)  # fmt: skip
