"""The routes of cameras, work orders, maintenance, the round and availability: a part of the one table in `routes`."""

from gateway.core.rights import Right
from gateway.web import availability, camera_pages, camera_rounds, camera_shapes, cameras, work_orders, work_shapes
from gateway.web.dispatch import Access, Route
from gateway.web.problems import Kind

API = "/api/v1"
CAMERA = f"{API}/cameras/{{camera:[a-z0-9-]{{1,63}}}}"
ORDER = f"{API}/work-orders/{{order:[0-9a-f]{{1,32}}}}"
WINDOW = f"{API}/maintenance-windows/{{window:[0-9a-f]{{1,32}}}}"

SEE = frozenset({Right.SEE_CAMERAS})
CONTROL_ROOM = frozenset({Right.CLOSE_ALARMS})
"""Who watches the screens confirms references and signs rounds; the handler asks for `see_cameras` too."""
WORK = frozenset({Right.WORK_ORDERS})
WORK_OR_CONTROL_ROOM = WORK | CONTROL_ROOM
SEE_OR_WORK = SEE | WORK
CONFLICT = (Kind.CONFLICT,)

CAMERA_ROUTES: tuple[Route, ...] = (
    # ------------------------------------------------------------ cameras and their checks
    Route("GET", f"{API}/cameras", cameras.list_cameras, "Every camera as it stands now.",
          allowed=SEE, answer=camera_shapes.Cameras, tag="cameras"),
    Route("GET", f"{API}/cameras/coverage", cameras.get_coverage,
          "Of each camera and hour: how many checks were planned, done, and missed by reason.",
          allowed=SEE, query=camera_shapes.CoverageQuery, answer=camera_shapes.Coverage, tag="cameras",
          problems=(Kind.NOT_FOUND,)),
    Route("GET", CAMERA, cameras.get_camera, "One camera, with what stands and what was found in the last days.",
          allowed=SEE, answer=camera_shapes.CameraDetail, tag="cameras"),
    Route("GET", f"{CAMERA}/checks", cameras.list_checks, "Single planned checks, the newest first.",
          allowed=SEE, query=camera_shapes.ChecksQuery, answer=camera_shapes.Checks, tag="cameras"),
    Route("GET", f"{CAMERA}/picture", cameras.get_camera_picture,
          "What it showed last: small, areas blurred; recorded once in ten minutes for each user.",
          allowed=SEE, query=camera_shapes.PictureQuery, answer_media="image/jpeg", tag="cameras"),
    Route("GET", f"{CAMERA}/findings/{{finding:[0-9a-f]{{1,32}}}}", cameras.get_finding,
          "One finding with its pictures.", allowed=SEE, answer=camera_shapes.FindingInfo, tag="cameras"),
    Route("GET", f"{CAMERA}/evidence/{{picture:[0-9a-f]{{1,32}}}}", cameras.get_evidence,
          "A small picture of a finding, a reference or an alarm; recorded.",
          allowed=SEE, answer_media="image/jpeg", tag="cameras"),
    # ------------------------------------------------------------ what it should look like
    Route("GET", f"{CAMERA}/reference", cameras.list_references, "What it should look like; the old ones too.",
          allowed=SEE, answer=camera_shapes.References, tag="cameras"),
    Route("POST", f"{CAMERA}/reference/confirm", cameras.confirm_reference, "Say that this is how it should look.",
          allowed=CONTROL_ROOM, body=camera_shapes.ConfirmReference, answer=camera_shapes.References, tag="cameras",
          problems=CONFLICT),
    Route("POST", f"{CAMERA}/reference/relearn", cameras.relearn,
          "What it looked like is retired; what it shows from now on is learnt.",
          allowed=WORK_OR_CONTROL_ROOM, answer=camera_shapes.References, tag="cameras", problems=CONFLICT),
    # ------------------------------------------------------------ work orders and maintenance
    Route("GET", f"{API}/work-orders", work_orders.list_work_orders, "What has to be mended, what presses most first.",
          allowed=SEE_OR_WORK, query=work_shapes.WorkOrdersQuery, answer=work_shapes.WorkOrders, tag="work-orders"),
    Route("POST", f"{API}/work-orders", work_orders.make_order, "An order by hand, of a camera or another device.",
          allowed=WORK_OR_CONTROL_ROOM, body=work_shapes.NewWorkOrder, answer=work_shapes.WorkOrderInfo, status=201,
          tag="work-orders", problems=CONFLICT),
    Route("GET", f"{API}/work-orders/workers", work_orders.list_workers, "To whom an order can be given.",
          allowed=WORK_OR_CONTROL_ROOM, answer=work_shapes.Workers, tag="work-orders"),
    Route("PATCH", ORDER, work_orders.change_order, "Somebody else does it, or at another time.",
          allowed=WORK_OR_CONTROL_ROOM, body=work_shapes.WorkOrderChange, answer=work_shapes.WorkOrderInfo,
          tag="work-orders", problems=CONFLICT),
    Route("POST", f"{ORDER}/take", work_orders.take_order, "I do it.",
          allowed=WORK, answer=work_shapes.WorkOrderInfo, tag="work-orders", problems=CONFLICT),
    Route("POST", f"{ORDER}/done", work_orders.finish_order, "It is done; the next check has to show it.",
          allowed=WORK, body=work_shapes.WorkDone, answer=work_shapes.WorkOrderInfo, tag="work-orders",
          problems=CONFLICT),
    Route("POST", f"{ORDER}/cancel", work_orders.cancel_order, "It is not to be done; not while something stands.",
          allowed=WORK_OR_CONTROL_ROOM, body=work_shapes.WorkCancelled, answer=work_shapes.WorkOrderInfo,
          tag="work-orders", problems=CONFLICT),
    Route("GET", f"{API}/maintenance-windows", work_orders.list_windows, "Work on cameras that is announced.",
          allowed=SEE, query=work_shapes.WindowsQuery, answer=work_shapes.Windows, tag="work-orders"),
    Route("POST", f"{API}/maintenance-windows", work_orders.announce,
          "Announce work on cameras: meanwhile they are not looked at. A missing recording alarms all the same.",
          allowed=WORK, body=work_shapes.NewWindow, answer=work_shapes.WindowInfo, status=201, tag="work-orders",
          problems=CONFLICT),
    Route("POST", f"{WINDOW}/renew", work_orders.renew_window, "It takes longer.",
          allowed=WORK, body=work_shapes.RenewWindow, answer=work_shapes.WindowInfo, tag="work-orders",
          problems=CONFLICT),
    Route("POST", f"{WINDOW}/end", work_orders.end_window, "The work is over: the cameras are looked at again.",
          allowed=WORK_OR_CONTROL_ROOM, answer=work_shapes.WindowInfo, tag="work-orders", problems=CONFLICT),
    # ------------------------------------------------------------ the round of a shift
    Route("GET", f"{API}/camera-rounds", camera_rounds.list_rounds, "What is open, and the rounds that were signed.",
          allowed=SEE, answer=work_shapes.CameraRounds, tag="cameras"),
    Route("POST", f"{API}/camera-rounds", camera_rounds.sign_round, "Sign that one has seen what is open.",
          allowed=CONTROL_ROOM, body=work_shapes.SignRound, answer=work_shapes.RoundInfo, status=201, tag="cameras",
          problems=CONFLICT),
    # ------------------------------------------------------------ availability
    Route("GET", f"{API}/reports/availability", availability.get_availability,
          "How well the cameras did on a day or in a month; as a workbook it is recorded.",
          allowed=SEE, query=work_shapes.AvailabilityQuery, answer=work_shapes.Availability, tag="cameras",
          problems=(Kind.NOT_FOUND,)),
    # ------------------------------------------------------------ pages
    Route("GET", "/cameras", camera_pages.page, "The cameras: what is wrong, and what is done about it.",
          allowed=Access.PUBLIC, is_page=True),
    Route("GET", "/cameras/report", availability.page, "How well the cameras did, on paper.",
          allowed=Access.PUBLIC, is_page=True),
)  # fmt: skip
