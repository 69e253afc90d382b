"""What each reason says to people: one sentence for the guard, what would help, and one polite one for the person.

Promises: every `Reason` has all three, in English and Chinese, one sentence each; a test keeps it so. `POLITE` is
what a device's display or a stranger behind the person may see, so it tells nothing about them: no ban, no lost card,
no leave.
Leaves to others: which reason applies (the decision) and where a sentence is shown (pages, devices).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.core.nouns import Label
from gateway.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Sentences:
    """The three sentences of one reason."""

    guard: Label
    hint: Label
    polite: Label


_ASK_THE_GUARD = Label("Please speak to the guard.", "请与值班保安联系。")
_CANNOT_PASS_NOW = Label(
    "You cannot pass here just now; please speak to the guard.", "现在暂时不能由此通行，请与值班保安联系。"
)
_ONE_MOMENT = Label("One moment, please: the guard is looking.", "请稍候，值班保安正在查看。")
_WELCOME = Label("Please go through.", "请通行。")

SENTENCES: Mapping[Reason, Sentences] = MappingProxyType(
    {
        Reason.OK_EVACUATE: Sentences(
            Label("Evacuation: everybody may leave.", "正在疏散：所有人均可离开。"),
            Label("Keep the way clear and send people to the assembly point.", "保持通道畅通，引导人员前往集合点。"),
            Label("Please leave calmly and go to the assembly point.", "请有序离开，前往集合点。"),
        ),
        Reason.OK_EXIT: Sentences(
            Label("Leaving by an escape route is always free.", "疏散通道始终可以离开。"),
            Label("Nothing to do.", "无需处理。"),
            Label("Goodbye, take care.", "请慢走。"),
        ),
        Reason.BAD_REQUEST: Sentences(
            Label("The reader sent something that makes no sense here.", "读卡器发来的请求在此处无效。"),
            Label(
                "Ask for another try; if it stays, report the reader to maintenance.",
                "请其再试一次；仍然如此请将读卡器报修。",
            ),
            Label("Please try again.", "请再试一次。"),
        ),
        Reason.DEVICE_QUARANTINED: Sentences(
            Label(
                "This reader is in quarantine: it sent too much, so it lets nobody in.",
                "该读卡器请求异常，已被隔离，暂停进入。",
            ),
            Label(
                "Send people to the next lane; the operator can end the quarantine.",
                "请引导至相邻通道；控制室值班员可解除隔离。",
            ),
            Label("This reader is out of use; please take another lane.", "此读卡器暂停使用，请走其他通道。"),
        ),
        Reason.LOCKDOWN: Sentences(
            Label("Lockdown: nobody enters.", "已封控：禁止进入。"),
            Label(
                "Responders pass with one touch; people of the school may take shelter with one touch.",
                "应急人员一键放行；本校人员避险可一键放行。",
            ),
            Label("The entrance is closed for the moment.", "入口暂时关闭。"),
        ),
        Reason.UNKNOWN_CREDENTIAL: Sentences(
            Label("Nobody known has this card, pass or plate.", "没有人登记过这张卡、通行码或车牌。"),
            Label(
                "Ask who it is: find them by name, or register them as a visitor.",
                "询问其身份：按姓名查找，或登记为访客。",
            ),
            Label("This pass is not known here; please speak to the guard.", "未识别到您的凭证，请与值班保安联系。"),
        ),
        Reason.CREDENTIAL_REVOKED: Sentences(
            Label("This card or pass has been revoked.", "该凭证已被注销。"),
            Label(
                "Keep nobody's card; find the person by name and check the picture.",
                "不要扣留卡片；按姓名查找并核对照片。",
            ),
            _CANNOT_PASS_NOW,
        ),
        Reason.CREDENTIAL_LOST: Sentences(
            Label("This card was reported lost.", "该卡已挂失。"),
            Label(
                "Compare the picture: the owner may have found it again, or somebody else may be using it.",
                "核对照片：可能是本人找回，也可能是他人冒用。",
            ),
            _CANNOT_PASS_NOW,
        ),
        Reason.CREDENTIAL_EXPIRED: Sentences(
            Label("This card or pass is no longer valid.", "该凭证已过有效期。"),
            Label("The office that issued it can extend it.", "请联系发证部门办理延期。"),
            Label("This pass has expired; please speak to the guard.", "您的凭证已过期，请与值班保安联系。"),
        ),
        Reason.CREDENTIAL_NOT_YET: Sentences(
            Label("This card or pass is not valid yet.", "该凭证尚未生效。"),
            Label(
                "Ask the person to come back when it begins, or ask the issuing office.",
                "请其在生效后再来，或联系发证部门。",
            ),
            Label("This pass is not valid yet.", "您的凭证尚未生效。"),
        ),
        Reason.PASS_USED_UP: Sentences(
            Label("This pass has been used as often as it may.", "该通行码的可用次数已用完。"),
            Label("Ask the host or the office for a new pass.", "请联系被访人或部门重新开具。"),
            Label("This pass has been used already; please speak to the guard.", "该通行码已使用，请与值班保安联系。"),
        ),
        Reason.HOLDER_SUSPENDED: Sentences(
            Label("This person's permissions are suspended.", "该人员的通行权限已暂停。"),
            Label("The security office can tell why and lift it.", "由保卫处说明原因并恢复。"),
            _CANNOT_PASS_NOW,
        ),
        Reason.ENTRY_BANNED: Sentences(
            Label("An entry ban is in force; leaving stays free.", "对该人员的禁入决定生效中；离开不受限制。"),
            Label(
                "Stay polite, do not discuss it here, call the security office.",
                "保持礼貌，不在现场争论，请联系保卫处。",
            ),
            _CANNOT_PASS_NOW,
        ),
        Reason.PIN_LOCKED: Sentences(
            Label("Too many wrong PINs: this card is locked at this reader.", "密码多次错误：该卡在此读卡器上已锁定。"),
            Label("Find the person by name; the control room can unlock the card.", "按姓名核实身份；控制室可解锁。"),
            Label("This card is locked here; please speak to the guard.", "此卡已锁定，请与值班保安联系。"),
        ),
        Reason.PIN_REQUIRED: Sentences(
            Label("This door asks for the PIN as well.", "此门还需要输入密码。"),
            Label("Ask the person to enter the PIN after the card.", "请其刷卡后输入密码。"),
            Label("Please enter your PIN.", "请输入密码。"),
        ),
        Reason.WRONG_PIN: Sentences(
            Label("The PIN was wrong.", "密码错误。"),
            Label("Another try is possible; five wrong ones lock the card.", "可以再试；错误五次将锁定。"),
            Label("The PIN is not right; please try again.", "密码不正确，请重试。"),
        ),
        Reason.NO_PERMISSION: Sentences(
            Label("This person has no permission for this door.", "该人员没有此处的通行权限。"),
            Label(
                "Ask where they want to go; the unit in charge of the zone can permit it.",
                "询问去向；由该区域负责部门授权。",
            ),
            Label("You cannot pass here; please speak to the guard.", "您不能由此通行，请与值班保安联系。"),
        ),
        Reason.OUTSIDE_HOURS: Sentences(
            Label("This person may pass here, but not at this hour.", "该人员有权限，但不在允许时段。"),
            Label(
                "The next open window is in the person's permission; a duty leader can authorise.",
                "请查看其允许时段；值班领导可特批。",
            ),
            Label("This entrance is not open for you at this hour.", "当前时段不能由此通行。"),
        ),
        Reason.VISITING_HOURS: Sentences(
            Label("Guests may enter the dormitory in visiting hours only.", "宿舍仅在探访时段接待来访。"),
            Label(
                "Ask the resident to come down, or to come back in visiting hours.",
                "请住宿人员下楼会面，或在探访时段再来。",
            ),
            Label("Please come back in visiting hours.", "请在探访时段再来。"),
        ),
        Reason.VEHICLE_NOT_PERMITTED: Sentences(
            Label("This vehicle has no permission to drive in.", "该车辆没有入校许可。"),
            Label(
                "Let it turn round; people may walk in by the pedestrian gate.", "引导车辆掉头；人员可从人行通道进入。"
            ),
            Label("This vehicle cannot drive in; please speak to the guard.", "该车辆不能驶入，请与值班保安联系。"),
        ),
        Reason.VEHICLE_WINDOW_CLOSED: Sentences(
            Label(
                "Arrival or dismissal time: no vehicles now, the bollards stay raised.",
                "上学、放学时段：禁止车辆通行，升降柱保持升起。",
            ),
            Label(
                "Only responders and school buses pass; ask the driver to wait outside.",
                "仅应急车辆与校车可通行；请司机在外等候。",
            ),
            Label("No vehicles at this time; please wait outside.", "当前时段禁止车辆通行，请在外等候。"),
        ),
        Reason.GATHERING_SUSPENDED: Sentences(
            Label("The event of this pass is suspended.", "该通行证对应的活动已暂停。"),
            Label(
                "The organiser knows more; the pass works again when the event does.",
                "请联系活动组织者；活动恢复后通行证恢复。",
            ),
            Label(
                "The event does not take place just now; please ask its organiser.", "活动目前不举行，请联系组织者。"
            ),
        ),
        Reason.LEVEL_REFUSES: Sentences(
            Label("The defence level in force does not admit this person here.", "当前防控等级不允许该人员由此进入。"),
            Label(
                "A duty leader's authorisation can admit; otherwise meet them at the gate.",
                "可由值班领导特批；否则在门口会面。",
            ),
            Label("Entry is restricted at present; please speak to the guard.", "目前限制进入，请与值班保安联系。"),
        ),
        Reason.AUTHORISATION_REQUIRED: Sentences(
            Label("At this level a duty leader's authorisation is needed.", "当前等级需要值班领导特批。"),
            Label("Telephone the duty leader, who can authorise at once.", "请电话联系值班领导，可即时特批。"),
            Label("Permission is being asked for; please wait at the gate.", "需要批准，请在门口稍候。"),
        ),
        Reason.REGISTRATION_REQUIRED: Sentences(
            Label("Nobody knows this person yet: a registration is needed.", "该人员未登记：需要先登记。"),
            Label("Register them as a visitor, it takes half a minute.", "请登记为访客，约半分钟。"),
            Label("Please register with the guard.", "请在值班保安处登记。"),
        ),
        Reason.APPOINTMENT_REQUIRED: Sentences(
            Label("At this level a visit needs an appointment.", "当前等级来访需要预约。"),
            Label("The teacher or host can make one now.", "可由教师或被访人现在预约。"),
            Label("A visit needs an appointment; please call your host.", "来访需要预约，请联系被访人。"),
        ),
        Reason.DOCUMENT_NOT_SEEN: Sentences(
            Label("The visit is registered, but nobody has looked at the document.", "已登记来访，但尚未查验证件。"),
            Label("Look at the document and confirm it in the visit.", "请查验证件并在登记中确认。"),
            Label("Please show your document to the guard.", "请向值班保安出示证件。"),
        ),
        Reason.OFFICE_CONSENT_REQUIRED: Sentences(
            Label("The responsible office has not consented yet.", "归口部门尚未同意。"),
            Label("Call the office; its consent completes the registration.", "请联系归口部门；同意后登记完成。"),
            Label("We are waiting for the office's consent.", "正在等待归口部门同意，请稍候。"),
        ),
        Reason.HOST_NOT_CONFIRMED: Sentences(
            Label("The host has not confirmed this visitor.", "被访人尚未确认该来访。"),
            Label(
                "Telephone the host at the number in the directory and record who answered.",
                "按通讯录号码致电被访人，并记录接听人。",
            ),
            Label("Your host has not confirmed yet; please wait.", "被访人尚未确认，请稍候。"),
        ),
        Reason.HANDOVER_AT_GATE: Sentences(
            Label("Deliveries are handed over at the gate shelf.", "快递、外卖在门口货架交接。"),
            Label("Point to the shelf; no registration is needed.", "引导至货架；无需登记。"),
            Label("Please leave the delivery on the shelf at the gate.", "请将物品放在门口货架。"),
        ),
        Reason.LEAVE_SLIP_REQUIRED: Sentences(
            Label("It is no leaving time, and no leave slip is in force.", "当前不是离校时段，也没有生效的假条。"),
            Label(
                "The class teacher can issue a slip now; let out at once for illness or danger.",
                "班主任可现在开具假条；生病或危险时立即放行。",
            ),
            Label("Please speak to the guard or your class teacher.", "请与值班保安或班主任联系。"),
        ),
        Reason.ALREADY_INSIDE: Sentences(
            Label("By the records this person is inside already.", "记录显示该人员已在校内。"),
            Label(
                "Compare the picture: an unread exit is likely, a passed-back card is possible.",
                "核对照片：可能是漏刷出门，也可能是借卡。",
            ),
            _ASK_THE_GUARD,
        ),
        Reason.ZONE_FULL: Sentences(
            Label("The zone is full.", "该区域人数已满。"),
            Label("Entry works again as soon as people leave.", "有人离开后即可进入。"),
            Label("It is full at the moment; please wait.", "目前人数已满，请稍候。"),
        ),
        Reason.LEDGER_UNAVAILABLE: Sentences(
            Label("The record cannot be written, so entry cannot be granted.", "记录无法写入，暂不能批准进入。"),
            Label(
                "Readers go on alone by their own list; call maintenance.", "读卡器按本地名单继续工作；请联系维护人员。"
            ),
            Label("One moment, please: there is a technical fault.", "系统故障，请稍候。"),
        ),
        Reason.RULE_ERROR: Sentences(
            Label("A rule could not be evaluated, so entry is refused.", "某条规则无法判断，因此不予进入。"),
            Label(
                "Identify the person yourself; tell the integrator the time of this entry.",
                "请人工核实身份；将本条时间告知集成商。",
            ),
            Label("One moment, please: there is a technical fault.", "系统故障，请稍候。"),
        ),
        Reason.NOT_LISTED: Sentences(
            Label("The device was alone and this card was not on its list.", "设备离线，该卡不在其本地名单上。"),
            Label(
                "Try again when the device is connected; else identify by name.", "设备恢复连接后重试；否则按姓名核实。"
            ),
            _ASK_THE_GUARD,
        ),
        Reason.OFFLINE_DENIED: Sentences(
            Label("The device was alone and may let nobody in without the gateway.", "设备离线，且不得自行放行。"),
            Label("Check the device's connection; use another lane meanwhile.", "检查设备连接；暂用其他通道。"),
            Label("This entrance is out of use; please take another one.", "此入口暂停使用，请走其他入口。"),
        ),
        Reason.GUARD_CONFIRMS: Sentences(
            Label("A guard must look and confirm.", "需要值班保安查看并确认。"),
            Label("Compare picture and name, then grant or refuse.", "核对照片与姓名，然后放行或拒绝。"),
            _ONE_MOMENT,
        ),
        Reason.SECOND_PERSON: Sentences(
            Label("A second person must confirm.", "需要第二人确认。"),
            Label(
                "The escort, the control room or the second named person confirms.",
                "由陪同人、控制室或第二名指定人员确认。",
            ),
            Label("One moment, please: a second person must confirm.", "请稍候，需要第二人确认。"),
        ),
        Reason.GUARD_REFUSED: Sentences(
            Label("A guard refused.", "值班保安未放行。"),
            Label("The reason is in the record; the security office can review it.", "理由见记录；可由保卫处复核。"),
            _ASK_THE_GUARD,
        ),
        Reason.GUARD_TIMEOUT: Sentences(
            Label("Nobody answered in time.", "无人及时答复。"),
            Label("The person can try again; you can still let them in now.", "可以重试；您也可以现在放行。"),
            Label("Nobody could look in time; please try again.", "暂时无人处理，请再试一次。"),
        ),
        Reason.OK: Sentences(
            Label("May pass.", "可以通行。"),
            Label("Nothing to do.", "无需处理。"),
            _WELCOME,
        ),
        Reason.OK_LATE_RETURN: Sentences(
            Label("A boarder returns late: may pass, and it is recorded.", "住宿生晚归：放行并记录。"),
            Label("Nobody is locked out at night.", "夜间不得将学生拒之门外。"),
            _WELCOME,
        ),
        Reason.OK_IDENTIFIED_BY_GUARD: Sentences(
            Label("Identified by the guard: may pass once.", "已由值班保安核实：放行一次。"),
            Label("Nothing to do.", "无需处理。"),
            _WELCOME,
        ),
        Reason.OK_RESPONDER: Sentences(
            Label("A responder: may pass at once.", "应急人员：立即放行。"),
            Label("The control room has been told.", "已通知控制室。"),
            _WELCOME,
        ),
        Reason.OK_SHELTER: Sentences(
            Label("Takes shelter: may pass.", "进入避险：放行。"),
            Label("The lockdown stays in force for everybody else.", "封控对其他人员继续有效。"),
            Label("Please come in quickly.", "请迅速进入。"),
        ),
    }
)

GUARD: Mapping[Reason, Label] = MappingProxyType({reason: said.guard for reason, said in SENTENCES.items()})
HINT: Mapping[Reason, Label] = MappingProxyType({reason: said.hint for reason, said in SENTENCES.items()})
POLITE: Mapping[Reason, Label] = MappingProxyType({reason: said.polite for reason, said in SENTENCES.items()})


def text(reason: Reason) -> tuple[str, str]:
    """What a device's display shows the person, as (English, Chinese)."""
    return POLITE[reason].en, POLITE[reason].zh
