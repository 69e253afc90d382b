"""The words of the availability report, in both languages, and how its numbers are written. Values only."""

from collections.abc import Mapping

from gateway.core.cameras import Finding, Miss
from gateway.core.nouns import Label

LANGUAGES = ("en", "zh")

TITLE = Label("Availability of the cameras", "摄像机在线与完好率报表")
DAILY = Label("Daily report", "日报")
MONTHLY = Label("Monthly report", "月报")
SO_FAR = Label("so far: this time is not over", "截至目前，周期尚未结束")
MADE_AT = Label("Made at", "生成时间")
DIGEST = Label("Digest", "摘要")
ON_RECORD = Label("Agrees with the record of that night", "与当夜存档一致")
NOT_AS_RECORDED = Label(
    "Differs from the record of that night: something was added or changed since",
    "与当夜存档不一致：此后有补录或改动",
)
NO_RECORD = Label("Not on record yet", "尚未存档")
SIGNATURE = Label("Signature", "签字")
ALL = Label("All cameras", "全部摄像机")
SHEET_CAMERAS = Label("Cameras", "摄像机")
SHEET_FINDINGS = Label("Findings", "故障")
NOTHING_FOUND = Label("Nothing was found in this time.", "本周期内未发现故障。")

CAMERA = Label("Camera", "摄像机")
NUMBER = Label("Id", "编号")
FINDING = Label("Finding", "故障")
RAISED = Label("Times", "次数")
MINUTES = Label("Minutes", "持续（分钟）")
COLUMNS: Mapping[str, Label] = {
    "planned": Label("Checks planned", "计划巡检"),
    "done": Label("Done", "已巡检"),
    "coverage": Label("Coverage", "巡检覆盖率"),
    "missed_camera": Label("Missed: camera", "漏检：摄像机"),
    "missed_gateway": Label("Missed: gateway", "漏检：系统"),
    "missed_overload": Label("Missed: overload", "漏检：过载"),
    "missed_maintenance": Label("Not planned: maintenance", "检修未检"),
    "healthy": Label("Healthy", "正常"),
    "availability": Label("Availability", "完好率"),
    "raised": Label("Findings", "故障次数"),
    "minutes": Label("Minutes faulty", "故障时长（分钟）"),
    "mean_notice_s": Label("Mean time to notice", "平均发现用时"),
    "mean_mend_s": Label("Mean time to mend", "平均修复用时"),
    "standing": Label("Standing at the end", "期末未消除"),
    "orders_open": Label("Open work orders", "未结工单"),
    "recording": Label("Days recorded (now)", "录像天数（当前）"),
}
"""In the order in which a report has them."""
SHARES = frozenset({"coverage", "availability"})
TIMES = frozenset({"mean_notice_s", "mean_mend_s"})
MISSED: Mapping[str, Miss] = {f"missed_{miss.value}": miss for miss in Miss}

FINDINGS: Mapping[Finding, Label] = {
    Finding.SIGNAL_LOSS: Label("No picture", "信号丢失"),
    Finding.BLACK: Label("Black picture", "黑屏"),
    Finding.OVEREXPOSED: Label("Too bright", "过曝"),
    Finding.UNDEREXPOSED: Label("Too dark", "过暗"),
    Finding.BLUR: Label("Out of focus", "画面模糊"),
    Finding.OCCLUSION: Label("Covered", "镜头遮挡"),
    Finding.MOVED: Label("Turned away", "画面移位"),
    Finding.FREEZE: Label("Frozen picture", "画面冻结"),
    Finding.NOISE: Label("Noise", "噪点"),
    Finding.STRIPES: Label("Stripes", "条纹干扰"),
    Finding.COLOR_CAST: Label("Wrong colours", "偏色"),
    Finding.LOW_CONTRAST: Label("Low contrast", "对比度低"),
    Finding.FLICKER: Label("Flicker", "画面闪烁"),
    Finding.CORRUPTION: Label("Broken picture", "画面破损"),
    Finding.SHAKE: Label("Shaking", "画面抖动"),
    Finding.LOW_FPS: Label("Too few pictures a second", "帧率过低"),
    Finding.GAP: Label("Gaps in the stream", "视频中断"),
    Finding.STALE_TIMESTAMP: Label("The camera's clock stands or is wrong", "时间戳异常"),
    Finding.WRONG_RESOLUTION: Label("Another picture size", "分辨率不符"),
    Finding.NOT_RECORDING: Label("Not recorded", "未录像"),
    Finding.DISK_LOW: Label("Little room for recordings", "录像空间不足"),
    Finding.RETENTION_SHORT: Label("Recordings not kept long enough", "录像保存天数不足"),
}


def said(label: Label, lang: str) -> str:
    """A label in one of the languages."""
    return label.zh if lang.startswith("zh") else label.en


def share_text(share: float | None) -> str:
    """A share as per cent; rounded down, so that 100 % is all."""
    if share is None:
        return "–"
    hundredths = int(share * 10_000 + 1e-6)
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def time_text(seconds: float | None, lang: str) -> str:
    """How long, in the two largest units."""
    if seconds is None:
        return "–"
    units = ("天", "小时", "分", "秒") if lang.startswith("zh") else (" d", " h", " min", " s")
    whole = round(seconds)
    parts = (whole // 86_400, whole // 3_600 % 24, whole // 60 % 60, whole % 60)
    first = next((number for number, part in enumerate(parts) if part), 3)
    shown = [f"{parts[number]}{units[number]}" for number in range(first, min(first + 2, 4)) if parts[number]]
    return " ".join(shown) or f"0{units[3]}"
