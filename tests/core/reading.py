"""An independent reading of the policy: its tables and sentences once more, as plain code from top to bottom.

Promises: written from the text of the policy, with tables of its own; it shares no line with the rules, the policy
files or the look-ups of `gateway.core`, only the values that it is given. It is slow and simple on purpose. Leaves to
others: the trace; it answers the outcome and the reason that settles it, and nothing else.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate
from typing import Any

from gateway.core.nouns import Request, World

# Sentence by sentence, so conditions stay apart as the policy has them.
# ruff: noqa: SIM102
PRECEDENCE: list[str] = []
for line in """
bad_request device_quarantined lockdown unknown_credential credential_revoked credential_lost credential_expired
credential_not_yet pass_used_up holder_suspended entry_banned pin_locked pin_required wrong_pin no_permission
outside_hours visiting_hours vehicle_not_permitted vehicle_window_closed gathering_suspended level_refuses
authorisation_required registration_required appointment_required document_not_seen office_consent_required
host_not_confirmed handover_at_gate leave_slip_required already_inside zone_full guard_confirms second_person
""".splitlines():
    PRECEDENCE += line.split()

# Columns accumulate: what L3 asks, what L2 adds, what L1 adds.
GATE = {
    "student": ("card", "", ""),
    "staff": ("card", "", ""),
    "service": ("card", "", ""),
    "resident": ("card", "", ""),
    "contractor": ("pass", "guard", "refused escort"),
    "supplier": ("pass", "guard", "essential"),
    "visitor": ("visit document", "host", "refused"),
    "guardian": ("visit host", "appointment", "refused"),
    "official": ("visit document", "", "authorisation"),
    "media": ("visit consent", "", "refused"),
    "delivery": ("shelf", "", ""),
    "responder": ("guard", "", ""),
}
VEHICLE = {
    "registered": ("", "guard", "essential"),
    "visitor": ("approved_vehicle", "refused", ""),
    "bus": ("bus_papers timetable", "guard", ""),
    "two_wheeler": ("", "", ""),
}
DORMITORY = {
    "resident": ("card", "", ""),
    "building_staff": ("card", "", ""),
    "responder": ("", "", ""),
    "repair": ("escort", "", ""),
    "guest": ("visit visiting_hours", "refused", ""),
}
RESTRICTED = {
    "named": ("card", "pin", "control_room"),
    "responder": ("guard", "", ""),
    "other": ("named authorisation escort", "pin", "control_room"),
}
LARGE_GATHERING = 200
SECURITY = {"security"}


def reading(request: Request, world: World, now: datetime) -> tuple[str, str]:
    """What the policy says: the outcome and its reason."""
    return Reader(request, world, now).answer()


def open_at(windows: Iterable[Any] | None, local: datetime) -> bool:
    """True if a weekly window is open; None: always open."""
    if windows is None:
        return True
    minute_of_week = local.weekday() * 1440 + local.hour * 60 + local.minute
    for window in windows:
        length = window.to_min - window.from_min
        if length <= 0:
            length += 1440
        for day in window.days:
            if (minute_of_week - day * 1440 - window.from_min) % 10080 < length:
                return True
    return False


class Reader:
    """One question, and everything that the sentences of the policy speak of."""

    def __init__(self, request: Request, world: World, now: datetime) -> None:
        self.request, self.world, self.now = request, world, now
        self.campus = world.campus
        self.school = self.campus.profile == "school"
        self.portal = self.campus.portals.get(request.portal)
        self.local = now.astimezone(self.campus.timezone)
        self.papers = list(world.directory.papers.by_id.values())
        self.card = world.directory.credentials.get((request.credential, request.value))
        self.person = world.directory.holders.get(self.card.holder) if self.card else None
        self.vehicle = None
        if self.card:
            for paper in self.of("vehicle"):
                if paper.id == self.card.ref and paper.removed_at is None:
                    self.vehicle = paper

    # ------------------------------------------------------------ words

    def of(self, kind: str) -> list[Any]:
        return [paper for paper in self.papers if paper.paper == kind]

    def around(self, zone: str | None) -> list[str]:
        zones = []
        while zone is not None and zone in self.campus.zones:
            zones.append(zone)
            zone = self.campus.zones[zone].parent
        return zones

    def surely(self, starts: datetime | None, ends: datetime | None) -> bool:
        """In force beyond doubt: while the clock is suspect at its time and at the last good one."""
        moments = [self.now, self.world.trusted_until or self.now]
        return all((starts is None or starts <= m) and (ends is None or m < ends) for m in moments)

    def perhaps(self, starts: datetime, ends: datetime | None) -> bool:
        """In force for all anybody knows: it may have started, and is not surely over."""
        moments = [self.now, self.world.trusted_until or self.now]
        return any(starts <= m for m in moments) and (ends is None or any(m < ends for m in moments))

    def level_of(self, zone: str) -> int:
        levels = [3]
        for order in self.world.orders:
            if order.state == "signed" and self.perhaps(order.starts_at, order.ends_at):
                if any(some in order.zones for some in self.around(zone)):
                    levels.append(int(order.level))
        return min(levels)

    def emergency(self, kind: str) -> bool:
        for zone in self.around(self.portal.zone):
            if kind == "evacuate" and zone in self.world.fires:
                return True
            for emergency in self.world.emergencies:
                if emergency.kind == kind and emergency.ended_at is None and zone in emergency.zones:
                    return True
        return False

    def permissions(self, person: Any) -> list[Any]:
        """The permissions that name this person for this portal, at any hour."""
        found = []
        for rule in self.campus.permissions:
            if rule.own_dormitory:
                here = self.portal.kind == "dormitory" or self.portal.id in rule.portals
                if here and person.dormitory == self.portal.zone:
                    if not rule.groups or rule.groups & person.groups:
                        found.append(rule)
            elif self.portal.id in rule.portals and rule.groups & person.groups:
                found.append(rule)
        return found

    def hours(self) -> list[datetime]:
        """What the clock on the wall may say: while it is suspect also what it said when it was last believed."""
        return [moment.astimezone(self.campus.timezone) for moment in (self.now, self.world.trusted_until) if moment]

    def surely_open(self, windows: Iterable[Any] | None) -> bool:
        return all(open_at(windows, hour) for hour in self.hours())

    def at_home(self) -> bool:
        return self.portal.kind == "dormitory" and self.person.dormitory == self.portal.zone

    def curfew(self) -> bool:
        """It may be curfew: at the hour that is shown, or at the last one beyond doubt."""
        return self.campus.curfew is not None and any(open_at([self.campus.curfew], hour) for hour in self.hours())

    def visits(self) -> list[Any]:
        found = []
        for visit in self.of("visit"):
            if visit.holder != self.person.ref or visit.state not in ("expected", "checked_in"):
                continue
            if not self.surely(visit.starts_at, visit.ends_at):
                continue
            if any(self.portal.zone in self.around(zone) for zone in visit.zones):
                found.append(visit)
        return found

    def gathering_closed(self, visit: Any) -> str | None:
        if visit.gathering is None:
            return None
        for gathering in self.of("gathering"):
            if gathering.id == visit.gathering and gathering.state == "approved":
                places = [self.portal.zone, *(zone for zone in gathering.zones if zone in self.campus.zones)]
                large = gathering.headcount >= LARGE_GATHERING
                return "gathering_suspended" if large and min(map(self.level_of, places)) == 1 else None
        return "registration_required"

    def authorised(self) -> bool:
        subjects = {self.person.ref} | {visit.id for visit in self.visits()}
        if self.request.credential == "plate":
            subjects.add(self.card.ref)
        for paper in self.of("authorisation"):
            if paper.subject in subjects and paper.revoked_at is None and self.portal.id in paper.portals:
                if self.surely(paper.starts_at, paper.ends_at):
                    return True
        return False

    def banned(self, ref: str) -> bool:
        for ban in self.of("ban"):
            if ban.holder == ref and ban.lifted_at is None and len(ban.approvers) >= 2:
                if self.perhaps(ban.starts_at, ban.ends_at):
                    return True
        return False

    def of_the_house(self, person: Any) -> bool:
        """Who may go along: named for the door; building staff; at a gate the school's own people."""
        named = bool(self.permissions(person))
        if self.portal.kind == "restricted":
            return named
        if self.portal.kind == "dormitory":
            return named and person.kind != "responder" and person.dormitory != self.portal.zone
        return named and person.kind in ("staff", "service")

    def accompanied(self) -> bool:
        other = self.world.directory.holders.get(self.request.accompanied_by)
        return other is not None and other is not self.person and not other.suspended and self.of_the_house(other)

    # ------------------------------------------------------------ the answer

    def answer(self) -> tuple[str, str]:
        if self.request.direction == "out":
            return self.leaving()
        if self.portal is None:
            return "deny", "bad_request"
        no, wait, late = self.entering()
        if no:
            return "deny", min(no, key=PRECEDENCE.index)
        if wait:
            return "wait", min(wait, key=PRECEDENCE.index)
        return "grant", "ok_late_return" if late else "ok"

    def about_the_card(self) -> set[str]:
        """The codes from `unknown_credential` to `wrong_pin` that hold for a card wherever it is shown."""
        if self.card is None or self.person is None:
            return {"unknown_credential"}
        codes = set()
        moments = [self.now, self.world.trusted_until or self.now]
        if self.card.state == "revoked":
            codes.add("credential_revoked")
        if self.card.state == "lost":
            codes.add("credential_lost")
        if self.card.not_after is not None and any(m >= self.card.not_after for m in moments):
            codes.add("credential_expired")
        if self.card.not_before is not None and any(m < self.card.not_before for m in moments):
            codes.add("credential_not_yet")
        if self.card.max_uses is not None and self.world.used.get(self.card.ref, 0) >= self.card.max_uses:
            codes.add("pass_used_up")
        if self.person.suspended:
            codes.add("holder_suspended")
        if self.banned(self.person.ref):
            codes.add("entry_banned")
        if self.request.pin == "locked":
            codes.add("pin_locked")
        return codes

    def vehicle_window_closed(self) -> bool:
        if self.portal.kind != "vehicle_gate":
            return False
        if self.vehicle is not None and self.vehicle.kind == "bus":
            return False
        if self.person is not None and self.person.kind == "responder":
            return False
        today = self.campus.calendar.get(self.local.date(), "normal")
        return any(today in w.day_kinds and open_at([w.window], self.local) for w in self.portal.vehicle_windows)

    def leaving(self) -> tuple[str, str]:
        if self.portal is None:
            return "grant", "ok_exit"
        if self.emergency("evacuate"):
            return "grant", "ok_evacuate"
        if self.portal.escape or self.portal.kind == "dormitory":
            return "grant", "ok_exit"
        if self.vehicle_window_closed():
            return "deny", "vehicle_window_closed"
        if self.portal.kind != "gate" or self.request.credential == "plate":
            return "grant", "ok"
        codes = self.about_the_card()
        level = self.level_of(self.portal.zone)
        if self.person is None:
            return ("wait", "guard_confirms") if self.school or level < 3 else ("grant", "ok")
        if self.school and self.person.kind == "student":
            return self.pupil_leaves(codes)
        return ("wait", "guard_confirms") if level < 3 and codes else ("grant", "ok")

    def pupil_leaves(self, codes: set[str]) -> tuple[str, str]:
        slip = any(
            paper.holder == self.person.ref
            and paper.revoked_at is None
            and paper.state == "given"  # one that is only asked for lets nobody out
            and self.surely(paper.starts_at, paper.ends_at)
            for paper in self.of("slip")
        )
        doubt = self.world.trusted_until
        if not slip:
            moments = [self.now] if doubt is None else [self.now, doubt]
            if not all(self.is_leaving_time(moment) for moment in moments):
                return ("deny", "leave_slip_required") if doubt is None else ("wait", "guard_confirms")
        # A ban is for entering: it never stops leaving, so it asks nobody to look.
        return ("wait", "guard_confirms") if codes - {"entry_banned"} else ("grant", "ok")

    def is_leaving_time(self, moment: datetime) -> bool:
        local = moment.astimezone(self.campus.timezone)
        kind = self.campus.calendar.get(local.date(), "normal")
        windows = self.campus.leaving_windows
        if kind != "normal":
            windows = self.campus.leaving_windows_on.get(kind, () if kind == "holiday" else windows)
        return open_at(windows, local)

    def entering(self) -> tuple[set[str], set[str], bool]:
        portal, person = self.portal, self.person
        no: set[str] = set()
        wait: set[str] = set()
        if "in" not in portal.directions:
            no.add("bad_request")
        if self.request.quarantined:
            no.add("device_quarantined")
        responder = person is not None and person.kind == "responder"
        if self.emergency("lockdown"):
            if person is None or not (responder or self.at_home()):
                no.add("lockdown")
        elif self.emergency("evacuate"):
            if person is None or not (responder or person.groups & SECURITY):
                no.add("lockdown")
            else:
                wait.add("guard_confirms")
        if self.card is None and self.request.credential == "plate" and portal.kind == "vehicle_gate":
            wait.add("guard_confirms")  # an unknown plate waits for the guard with the picture
        else:
            no |= self.about_the_card()
        if self.request.unsure:
            wait.add("guard_confirms")  # and so does one that the camera is not sure of
        if self.vehicle_window_closed():
            no.add("vehicle_window_closed")
        if (
            portal.two_people
            and not responder
            and (person is None or not self.of_the_house(person) or not self.accompanied())
        ):
            wait.add("second_person")
        for zone in self.around(portal.zone):
            if zone in self.around(portal.outside):
                break
            most = self.campus.zones[zone].capacity
            if most is not None and self.world.inside.get(zone, 0) >= most:
                no.add("zone_full")
        if person is None:
            return no, wait, False
        known = self.world.presence.get(person.ref)
        code = self.card is not None and self.card.kind == "qr" and portal.kind in ("gate", "vehicle_gate")
        one_person = code and self.card.max_uses is None
        if one_person and self.request.granted_elsewhere:
            no.add("already_inside")
        hard = one_person or (portal.anti_passback == "hard" and not code)
        if hard and known is not None and known.state == "inside":
            if portal.zone in self.around(known.zone):
                no.add("already_inside")
        late = self.words(self.cell(), no, wait)
        return no, wait, late

    def cell(self) -> set[str]:
        """All that is asked of this person here: the row, up to the level."""
        portal, person = self.portal, self.person
        if portal.kind == "gate":
            rows = [GATE[person.kind]]
        elif portal.kind == "vehicle_gate":
            visiting = person.kind in ("visitor", "guardian", "official", "media")
            kind = self.vehicle.kind if self.vehicle is not None else "visitor" if visiting else "registered"
            if kind == "bus":
                rows = [VEHICLE["bus"]]
            elif person.kind == "responder":
                rows = [GATE["responder"]]
            else:
                rows = [VEHICLE[kind], GATE[person.kind]]
        elif portal.kind == "dormitory":
            if person.kind == "responder":
                rows = [DORMITORY["responder"]]
            elif self.permissions(person):
                rows = [DORMITORY["resident" if self.at_home() else "building_staff"]]
            else:
                rows = [DORMITORY["repair" if person.kind == "contractor" else "guest"]]
        elif self.permissions(person):
            rows = [RESTRICTED["named"]]
        else:
            rows = [RESTRICTED["responder" if person.kind == "responder" else "other"]]
        column = 3 - self.level_of(portal.zone)
        return {word for row in rows for word in list(accumulate(row, "{} {}".format))[column].split()}

    def words(self, cell: set[str], no: set[str], wait: set[str]) -> bool:
        """What each word of the cell says; True for a late return."""
        late = False
        if "card" in cell or "pass" in cell:
            why = self.no_permission()
            if why == "late":
                late = True
            elif why is not None:
                no.add(why)
        if cell & {"visit", "document", "host", "consent", "appointment", "approved_vehicle"}:
            no |= self.lacking(cell)
        if "visiting_hours" in cell and not self.surely_open(self.campus.visiting_hours):
            no.add("visiting_hours")
        if "refused" in cell and not self.authorised():
            no.add("level_refuses")
        if "named" in cell and not self.authorised():
            no.add("no_permission")
        if "authorisation" in cell and not self.authorised():
            no.add("authorisation_required")
        if "essential" in cell:
            whom = self.card.ref if self.portal.kind == "vehicle_gate" else self.person.ref
            if not any(paper.id == whom and paper.removed_at is None for paper in self.of("essential")):
                no.add("level_refuses")
        if "bus_papers" in cell and not self.bus_in_order():
            no.add("vehicle_not_permitted")
        if "timetable" in cell and not self.authorised():
            runs = self.portal.id in self.vehicle.portals and self.surely_open(self.vehicle.timetable)
            if not runs:
                no.add("outside_hours")
        if "shelf" in cell:
            no.add("handover_at_gate")
        if "pin" in cell and self.request.pin not in ("right", "duress"):
            no.add({"absent": "pin_required", "wrong": "wrong_pin", "locked": "pin_locked"}[self.request.pin])
        if "guard" in cell:
            wait.add("guard_confirms")
        if "control_room" in cell or ("escort" in cell and not self.accompanied()):
            wait.add("second_person")
        return late

    def no_permission(self) -> str | None:
        """Why no standing permission lets this person in now; None if one does, `late` for who comes home late."""
        person, portal = self.person, self.portal
        rules = self.permissions(person)
        opening = [rule for rule in rules if self.surely_open(rule.windows)]
        for rule in opening:
            resident = self.at_home() and (rule.own_dormitory or person.kind == "student")
            if not rule.late_return and not (self.curfew() and resident):
                return None
        if opening:
            return "late"
        if rules and self.at_home():
            return "late"
        if rules and portal.kind == "gate" and person.kind == "student" and self.curfew():
            if portal.zone in self.around(person.dormitory):
                # A boarder is let in at every hour that is one of theirs or curfew; in doubt it has to be so twice.
                theirs = [window for rule in rules for window in rule.windows]
                if self.surely_open([self.campus.curfew, *theirs]):
                    return "late"
        if person.kind in ("contractor", "supplier"):
            visit = self.meant_visit()
            if visit is not None and self.gathering_closed(visit) is None:
                return None
            # "contractor (standing pass): pass, within its hours": at its own portals, while it is valid beyond doubt.
            held = [
                paper
                for paper in self.of("standing_pass")
                if paper.holder == person.ref and paper.revoked_at is None and not paper.over
                if portal.id in paper.portals and self.surely(paper.starts_at, paper.ends_at)
            ]
            if any(self.surely_open(paper.windows) for paper in held):
                return None
            rules = rules or held
        if rules:
            return "outside_hours"
        lane = self.request.credential == "plate" and portal.kind == "vehicle_gate"
        return "vehicle_not_permitted" if lane else "no_permission"

    def meant_visit(self) -> Any:
        """Of several visits the one that lacks least is meant."""
        cell = self.cell()

        def lacks(visit: Any) -> tuple[int, str]:
            missing = [word for word, _, has in VISIT_WORDS if word in cell and not has(visit)]
            return len(missing) + (self.gathering_closed(visit) is not None), visit.id

        return min(self.visits(), key=lacks, default=None)

    def lacking(self, cell: set[str]) -> set[str]:
        """What the registration lacks."""
        visit = self.meant_visit()
        missing = {code for word, code, has in VISIT_WORDS if word in cell and (visit is None or not has(visit))}
        if "visit" in cell:
            closed = self.why_not_registered() if visit is None else self.gathering_closed(visit)
            missing |= {closed} - {None}
        return missing

    def why_not_registered(self) -> str:
        own = self.person.kind not in ("visitor", "guardian", "official", "media")
        return "no_permission" if own and self.portal.kind == "dormitory" else "registration_required"

    def bus_in_order(self) -> bool:
        bus = self.vehicle
        for ref in (bus.driver, bus.attendant):
            person = self.world.directory.holders.get(ref)
            if person is None or person.suspended or self.banned(ref):
                return False
        return bus.papers_until is not None and self.surely(None, bus.papers_until)


VISIT_WORDS = (
    ("approved_vehicle", "vehicle_not_permitted", lambda visit: visit.vehicle_approved),
    ("appointment", "appointment_required", lambda visit: visit.appointment),
    ("document", "document_not_seen", lambda visit: visit.document_seen),
    ("consent", "office_consent_required", lambda visit: visit.consent_by is not None),
    ("host", "host_not_confirmed", lambda visit: visit.confirmed is True),
)
