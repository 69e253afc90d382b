"""The shipped policies as pages that people read: docs/policy.school.md and docs/policy.university.md.

Promises that a page is a pure function of the policy and the words below; a test compares page and data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.core.kinds import HolderKind, Level, Profile
from gateway.core.papers import VehicleKind
from gateway.core.policy import ROWS, Cell, DormitoryRole, Need, Place, Policy, RestrictedRole

Both = tuple[str, str]
"""What is said, in English and in Chinese."""

LEVELS: Mapping[Level, Both] = {
    Level.L3: ("L3 normal", "三级常规"),
    Level.L2: ("L2 enhanced", "二级加强"),
    Level.L1: ("L1 exceptional", "一级超常"),
}
PROFILES: Mapping[Profile, Both] = {
    Profile.SCHOOL: ("a school: minors, closed grounds", "中小学：未成年人，封闭管理"),
    Profile.UNIVERSITY: ("a university: adults, free to leave", "高校：成年人，自由出校"),
}
NEEDS: Mapping[Need, Both] = {
    Need.PERMISSION: ("card or pass, within its hours", "凭卡或通行证，在许可时段内"),
    Need.REGISTERED: ("a registered visit in force", "已登记且在有效期内的来访"),
    Need.VISITING_HOURS: ("in the visiting hours, common rooms only", "仅限会客时间和公共区域"),
    Need.VEHICLE_REQUEST: ("vehicle approved with the visit", "车辆已随来访申请批准"),
    Need.PAPERS: ("bus, driver and attendant registered, papers in date", "车辆、驾驶员、照管员已登记，证件在有效期内"),
    Need.TIMETABLE: ("on its route and timetable, or with an authorisation", "按线路和时刻表运行，或经领导特批"),
    Need.REFUSED: ("refused", "不准进入"),
    Need.ESSENTIAL: ("only if on the essential list", "仅限保障名单内"),
    Need.AUTHORISATION: ("a leader's authorisation", "领导特批"),
    Need.APPOINTMENT: ("by appointment", "须事先预约"),
    Need.DOCUMENT: ("document seen", "已查验证件"),
    Need.CONSENT: ("consent of the responsible office", "主管部门同意"),
    Need.HOST: ("host confirms", "受访人确认"),
    Need.TEACHER: ("class teacher confirms", "班主任确认"),
    Need.HANDOVER: ("hands over at the gate shelf, stays outside", "在门口货架交接，不进入"),
    Need.PIN: ("card and PIN", "刷卡并输入密码"),
    Need.SHOWN: ("picture and name shown to the guard", "向门卫显示照片和姓名"),
    Need.GUARD: ("guard confirms", "门卫确认"),
    Need.TOUCH: ("guard's one touch", "门卫一键放行"),
    Need.ESCORT: ("somebody of the house goes along", "由校内人员陪同"),
    Need.CONTROL_ROOM: ("control room confirms", "监控室确认"),
    Need.CARD: (
        "card or pass, else the guard identifies; nobody is held",
        "凭卡或通行证，否则由门卫核实身份；不得扣留",
    ),
    Need.SLIP: ("in a leaving window by card, else a slip in force", "放学时段凭卡，其余时间凭有效假条"),
    Need.SLIP_NOTICE: (
        "without a slip in a closed period: notice, record, message to the counsellor",
        "封闭管理期间无假条：提示、登记并告知辅导员",
    ),
}
KINDS: Mapping[str, Both] = {
    HolderKind.STUDENT: ("student", "学生"),
    HolderKind.STAFF: ("staff", "教职工"),
    HolderKind.SERVICE: ("service: canteen, cleaning, property, security", "服务人员：食堂、保洁、物业、保安"),
    HolderKind.RESIDENT: ("resident of staff housing", "家属区住户"),
    HolderKind.CONTRACTOR: ("contractor: building, repair", "施工、维修人员"),
    HolderKind.SUPPLIER: ("supplier: canteen goods, medical, waste", "供应商：食材、医疗、垃圾清运"),
    HolderKind.VISITOR: ("private visitor", "访客"),
    HolderKind.GUARDIAN: ("guardian, parent", "家长"),
    HolderKind.OFFICIAL: ("official on duty", "公务人员"),
    HolderKind.MEDIA: ("media", "媒体"),
    HolderKind.DELIVERY: ("courier, food delivery", "快递、外卖"),
    HolderKind.RESPONDER: ("responder: police, fire, ambulance", "应急人员：公安、消防、急救"),
}
ROLES: Mapping[Place, Mapping[str, Both]] = {
    Place.GATE: KINDS,
    Place.GATE_EXIT: KINDS,
    Place.VEHICLE: {
        VehicleKind.REGISTERED: ("registered plate with a pass", "已登记并有通行证的车辆"),
        VehicleKind.VISITOR: ("visitor's vehicle", "访客车辆"),
        VehicleKind.BUS: ("school bus", "校车"),
        VehicleKind.TWO_WHEELER: ("two-wheeler with a registered tag", "已登记的两轮车"),
    },
    Place.DORMITORY: {
        DormitoryRole.RESIDENT: ("its residents", "本楼住宿学生"),
        DormitoryRole.BUILDING_STAFF: ("building staff, counsellors, duty security", "楼管、驻楼辅导员、值班保安"),
        DormitoryRole.RESPONDER: ("responder", "应急人员"),
        DormitoryRole.REPAIR: ("repair", "维修人员"),
        DormitoryRole.GUEST: ("guest", "来客"),
    },
    Place.RESTRICTED: {
        RestrictedRole.NAMED: ("people named for the door", "该门的指定人员"),
        RestrictedRole.RESPONDER: ("responder", "应急人员"),
        RestrictedRole.OTHER: ("everybody else", "其他人员"),
    },
}
PLACES: Mapping[Place, Both] = {
    Place.GATE: ("Entering by a campus gate", "校门进入"),
    Place.GATE_EXIT: ("Leaving by a campus gate", "校门离开"),
    Place.VEHICLE: ("Vehicles", "车辆进入"),
    Place.DORMITORY: ("Entering a dormitory", "宿舍楼进入"),
    Place.RESTRICTED: ("Restricted doors", "重点部位进入"),
}
NOTHING: Mapping[Place, Both] = {
    Place.GATE: ("nothing more", "无其他要求"),
    Place.GATE_EXIT: ("free, recorded", "自由离开，予以登记"),
    Place.VEHICLE: ("only what the driver needs at the gate", "仅按驾驶员在校门的要求"),
    Place.DORMITORY: ("always", "随时进入"),
    Place.RESTRICTED: ("nothing more", "无其他要求"),
}
REMARKS: Mapping[Place, Both] = {
    Place.GATE: (
        "A known holder without the card is found by name, compared with the picture, and let in once.",
        "忘带、丢失或损坏卡片的已登记人员，由门卫按姓名查找、核对照片后放行一次。",
    ),
    Place.GATE_EXIT: (
        "This is the only table for leaving. Whoever leaves by an escape route is never asked anything.",
        "离开只有这一张表。走疏散通道离开的人不受任何询问。",
    ),
    Place.VEHICLE: (
        "The driver needs what the driver's own row at the gate says as well, a school bus aside. A vehicle leaves "
        "freely, recorded, at every level.",
        "驾驶员本人还须符合校门一表的要求，校车除外。任何等级下车辆均可自由离开，予以登记。",
    ),
    Place.DORMITORY: (
        "Leaving a dormitory is free at every level and every hour.",
        "任何等级、任何时间均可离开宿舍楼。",
    ),
    Place.RESTRICTED: (
        "Leaving is free. A door may ask for two named people within 30 s at every level.",
        "离开不受限制。个别门可要求两名指定人员在30秒内先后刷卡，各等级相同。",
    ),
}
ALSO: Both = ("also: ", "另须：")
SAME: Both = ("the same", "同左")
BUT: Both = (", but with a leader's authorisation", "，领导特批除外")
THEN: Both = ("; then also: ", "；特批时另须：")
YES_NO: Mapping[bool, Both] = {True: ("yes", "是"), False: ("no", "否")}


def policy_page(policy: Policy) -> str:
    """The page of one policy."""
    return "\n".join(_lines(policy)) + "\n"


def _lines(policy: Policy) -> Iterator[str]:
    name = policy.profile.value
    english, chinese = PROFILES[policy.profile]
    yield f"# The policy of {english} · {chinese}"
    yield ""
    yield f"<!-- Written by `python -m tests.docs.write` from config/policy.{name}.yaml: change the policy there. -->"
    yield ""
    yield (
        f"This is `config/policy.{name}.yaml` as a table: what each kind of person needs, at each kind of place, level "
        "by level. L1 is the strictest level, L3 is normal. What a stricter level shows comes on top of what stands "
        "left of it. How to read and change it: [the policy](policy.md)."
    )
    yield ""
    yield (
        f"本页由 `config/policy.{name}.yaml` 生成：各类人员在各类地点、各防控等级下进出的条件。一级最严，三级为日常；"
        "更严等级的要求在左侧各级要求之上累加。如何阅读和修改，见[说明](policy.md)。"
    )
    for place in (Place.GATE, Place.GATE_EXIT, Place.VEHICLE, Place.DORMITORY, Place.RESTRICTED):
        yield from _table(policy, place)
    yield from _cadences(policy)
    yield from _others(policy)


def _heading(both: Both) -> Iterator[str]:
    yield from ("", f"## {both[0]} · {both[1]}", "")


def _table(policy: Policy, place: Place) -> Iterator[str]:
    yield from _heading(PLACES[place])
    yield REMARKS[place][0]
    yield REMARKS[place][1]
    yield ""
    yield f"| who · 对象 | {' | '.join(_joined(LEVELS[level], ' ') for level in LEVELS)} |"
    yield "| --- | --- | --- | --- |"
    for row in ROWS[place]:
        cells = []
        looser: Cell | None = None
        for level in LEVELS:
            cell = policy.needs(place, row, level)
            cells.append(_joined(_cell(place, cell, looser), "<br>"))
            looser = cell
        yield f"| {_joined(ROLES[place][row], '<br>')}<br>`{row}` | {' | '.join(cells)} |"


def _cell(place: Place, cell: Cell, looser: Cell | None) -> Both:
    """What a cell says beyond the looser one left of it."""
    if cell == looser:
        return SAME
    if not cell:
        return NOTHING[place]
    if Need.REFUSED in cell and (looser is None or Need.REFUSED not in looser):
        said = _added(frozenset({Need.REFUSED}), BUT)
        more = cell - {Need.REFUSED} - (looser or frozenset())
        return _after(said, THEN, _words(more)) if more else said
    if not looser:
        return _words(cell)
    return _after(("", ""), ALSO, _words(cell - looser))


def _words(needs: Cell) -> Both:
    some = [NEEDS[need] for need in Need if need in needs]
    return ", ".join(english for english, _ in some), "、".join(chinese for _, chinese in some)


def _added(needs: Cell, tail: Both) -> Both:
    english, chinese = _words(needs)
    return f"**{english}**{tail[0]}", f"**{chinese}**{tail[1]}"


def _after(head: Both, link: Both, tail: Both) -> Both:
    return head[0] + link[0] + tail[0], head[1] + link[1] + tail[1]


def _joined(both: Both, between: str) -> str:
    return f"{both[0]}{between}{both[1]}"


def _cadences(policy: Policy) -> Iterator[str]:
    yield from _heading(("What else hangs on the level", "随等级变化的其他要求"))
    yield f"| what · 项目 | {' | '.join(_joined(LEVELS[level], ' ') for level in LEVELS)} |"
    yield "| --- | --- | --- | --- |"
    at = [policy.cadences[level] for level in LEVELS]
    rows: tuple[tuple[Both, list[str]], ...] = (
        (("each camera is looked at every", "每路摄像机巡检间隔"), [f"{one.camera_check_s} s · 秒" for one in at]),
        (("patrol rounds a day, at least", "每日巡逻不少于"), [f"{one.patrol_rounds} · 次" for one in at]),
        (("posts are manned", "岗位有人值守"), [_joined(YES_NO[one.posts_manned], " · ") for one in at]),
        (("a leader is on duty", "领导在岗带班"), [_joined(YES_NO[one.leader_on_duty], " · ") for one in at]),
    )
    for what, cells in rows:
        yield f"| {_joined(what, '<br>')} | {' | '.join(cells)} |"


def _others(policy: Policy) -> Iterator[str]:
    yield from _heading(("What holds at every level", "各等级相同的设置"))
    large, groups = policy.large_gathering, ", ".join(f"`{group}`" for group in sorted(policy.security_groups))
    evening, forgiven = _clock(policy.not_returned_at_min), _clock(policy.forgive_at_min)
    yield f"- Gatherings of {large} people and more stop at L1; lessons and examinations go on."
    yield f"  {large}人及以上的聚集活动在一级时停止；上课和考试照常。"
    yield f"- During an evacuation members of {groups} enter with a guard's one touch."
    yield f"  疏散期间，{groups} 组成员由门卫一键放行进入。"
    yield f"- The list of those not returned to their dormitory is made at {evening}."
    yield f"  Anti-passback is forgiven at {forgiven}."
    yield f"  {evening} 生成未归名单；{forgiven} 清除反潜回状态。"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
