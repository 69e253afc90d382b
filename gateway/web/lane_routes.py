"""The routes of vehicle lanes and leave slips: a part of the one table in `routes`.

What a gate needs at once (a lane's state, raising its bollard, a typed plate) is never behind the lock of the records.
"""

from gateway.core.rights import Right
from gateway.web import devices, lane_shapes, lanes, pages_desk, permit_shapes, permits, slips
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind

API = "/api/v1"
LANE = f"{API}/lanes/{{portal:[a-z0-9-]{{1,63}}}}"
SLIP = f"{API}/slips/{{slip:[0-9a-f]{{1,32}}}}"
VEHICLE = f"{API}/vehicles/{{vehicle:[0-9a-f]{{1,32}}}}"
GUARD = frozenset({Right.ANSWER_WAITING})
PASSES = frozenset({Right.MANAGE_PASSES})
SLIPS = frozenset({Right.GIVE_SLIPS})
CONFLICT = (Kind.CONFLICT,)

LANE_ROUTES: tuple[Route, ...] = (
    # ------------------------------------------------------------ at the lane
    Route("GET", f"{API}/waiting/{{tap:[A-Za-z0-9_:.-]{{1,130}}}}/picture", devices.waiting_picture,
          "The vehicle that waits, as the lane's camera sees it; recorded.",
          allowed=frozenset(devices.SEES_PLATES), answer_media="image/jpeg", tag="waiting"),
    Route("GET", f"{API}/lanes", lanes.list_lanes, "Vehicle lanes: their bollards, windows and what keeps one down.",
          allowed=frozenset({Right.WATCH}), answer=lane_shapes.Lanes, tag="lanes"),
    Route("POST", f"{LANE}/raise", lanes.raise_lane, "Raise the lane's bollards, with the interlock of every command.",
          allowed=GUARD, answer=lane_shapes.RaisedLane, tag="lanes", problems=CONFLICT),
    Route("POST", f"{LANE}/admit", lanes.admit_plate,
          "A plate that no camera has read: decided like a tap, on the guard's word.",
          allowed=GUARD, body=lane_shapes.TypedPlate, answer=lane_shapes.AdmitDone, tag="lanes", problems=CONFLICT),
    # ------------------------------------------------------------ vehicles
    Route("GET", f"{API}/vehicles", permits.list_vehicles, "Vehicles with a pass, buses, two-wheelers; recorded.",
          allowed=frozenset({Right.MANAGE_PASSES, Right.WATCH}), query=permit_shapes.ListQuery,
          answer=permit_shapes.Vehicles, tag="vehicles", records=True),
    Route("POST", f"{API}/vehicles/register", lanes.read_register,
          "The register of vehicles, a page at a time, by plate, route or name; recorded.",
          allowed=frozenset({Right.MANAGE_PASSES, Right.WATCH}), body=lane_shapes.RegisterWanted,
          answer=lane_shapes.RegisterPage, tag="vehicles", records=True),
    Route("POST", f"{API}/vehicles/search", lanes.look_up_plate,
          "What is known of a plate, and whether it may drive in; opens nothing; recorded.",
          allowed=GUARD | PASSES, body=lane_shapes.LookUpPlate, answer=lane_shapes.PlateFound, tag="vehicles",
          records=True),
    Route("GET", f"{API}/vehicles/requests", lanes.list_requests,
          "Visitors' vehicles that wait for the security office; recorded.",
          allowed=PASSES, answer=lane_shapes.VehicleRequests, tag="vehicles", records=True),
    Route("POST", f"{VEHICLE}/head-count", lanes.count_heads, "So many are on board of a bus as it passes.",
          allowed=GUARD | PASSES, body=lane_shapes.NewHeadCount, answer=permit_shapes.VehicleInfo, tag="vehicles",
          problems=CONFLICT, records=True),
    Route("POST", f"{API}/visits/{{visit:[0-9a-f]{{1,32}}}}/vehicle", lanes.ask_for_visit,
          "A visitor asks to come by car; the security office approves it.",
          allowed=frozenset({Right.REGISTER_VISITS}), body=lane_shapes.TypedPlate, answer=lane_shapes.PlateVisit,
          tag="vehicles", problems=CONFLICT, records=True),
    Route("POST", f"{API}/imports/vehicles", lanes.import_vehicles, "Take in a table of vehicles: all lines or none.",
          allowed=PASSES, raw_body=True, media="text/csv", answer=permit_shapes.TableTaken,
          body_limit=lanes.IMPORT_LIMIT, body_within_s=lanes.IMPORT_WITHIN_S, tag="vehicles"),
    # ------------------------------------------------------------ leave slips
    Route("GET", f"{API}/slips", slips.list_slips,
          "Leave slips, late returns, who is not back; the reason only for who gives them; recorded.",
          allowed=frozenset({Right.GIVE_SLIPS, Right.WATCH}), query=permit_shapes.SlipsQuery,
          answer=permit_shapes.Slips, tag="slips", records=True),
    Route("POST", f"{API}/slips", slips.give_slip, "Let a student go out for a time, or ask whose student it is.",
          allowed=SLIPS, body=permit_shapes.NewSlip, answer=permit_shapes.SlipInfo, status=201, tag="slips"),
    Route("POST", f"{API}/slips/students", slips.find_students, "Find a student, one's own classes first; recorded.",
          allowed=SLIPS, body=permit_shapes.StudentsWanted, answer=permit_shapes.Students, tag="slips", records=True),
    Route("POST", f"{API}/slips/collectors", slips.find_collectors,
          "Find who collects: of the school, or registered as a visitor; recorded.",
          allowed=SLIPS, body=permit_shapes.StudentsWanted, answer=permit_shapes.Collectors, tag="slips", records=True),
    Route("POST", f"{SLIP}/approve", slips.approve_slip, "Give what another has asked for.",
          allowed=SLIPS, answer=permit_shapes.SlipInfo, tag="slips", problems=CONFLICT),
    Route("POST", f"{SLIP}/refuse", slips.refuse_slip, "Do not give what was asked for.",
          allowed=SLIPS, answer=permit_shapes.SlipInfo, tag="slips", problems=CONFLICT),
    Route("POST", f"{SLIP}/revoke", slips.revoke_slip, "Void at the next tap.",
          allowed=SLIPS, answer=permit_shapes.SlipInfo, tag="slips", problems=CONFLICT),
    Route("POST", f"{API}/imports/slips", slips.import_slips, "Take in a CSV table of leave slips: all lines or none.",
          allowed=SLIPS, raw_body=True, media="text/csv", answer=permit_shapes.TableTaken,
          body_limit=lanes.IMPORT_LIMIT, body_within_s=lanes.IMPORT_WITHIN_S, tag="slips"),
    # ------------------------------------------------------------ pages
    Route("GET", "/vehicles", pages_desk.vehicles, "The register of vehicles.", allowed=Access.PUBLIC, is_page=True),
    Route("GET", "/slips", pages_desk.slips, "A teacher's leave slips.", allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
