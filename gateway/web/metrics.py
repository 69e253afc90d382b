"""The gateway's own measurements for Prometheus. Labels are closed lists: no person in them, and no device's text."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.flows.alarms import SILENT
from gateway.flows.site import Site


class Metrics:
    """Counts what the web does, and reads off what the site has counted."""

    def __init__(self, site: Site) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "wardgate_http_requests", "Requests by route.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "wardgate_http_request_seconds",
            "Time to answer.",
            ("route",),
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
            registry=self._registry,
        )
        self._sign_ins = Counter("wardgate_sign_ins", "Sign-ins by outcome.", ("outcome",), registry=self._registry)
        self._streams = Gauge("wardgate_streams", "Live streams that are open.", registry=self._registry)
        self._cut = Counter(
            "wardgate_streams_cut", "Live streams cut off, by cause.", ("cause",), registry=self._registry
        )
        self._refused = Counter(
            "wardgate_connections_refused", "Connections above the limits.", ("cause",), registry=self._registry
        )
        self._registry.register(_SiteCollector(site))

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        # The method is the caller's own word: only those that routes have become a label.
        known = method if method in ("GET", "HEAD", "POST", "PATCH", "DELETE") else "other"
        self._requests.labels(route, known, str(status)).inc()
        if status != 101:  # a stream's length is not the time of an answer
            self._seconds.labels(route).observe(seconds)

    def sign_in(self, outcome: str) -> None:
        self._sign_ins.labels(outcome).inc()

    def stream_opened(self) -> None:
        self._streams.inc()

    def stream_closed(self) -> None:
        self._streams.dec()

    def stream_cut(self, cause: str) -> None:
        self._cut.labels(cause).inc()

    def connection_refused(self, cause: str) -> None:
        self._refused.labels(cause).inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _SiteCollector(Collector):
    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        site, counters = self._site, self._site.counters
        decisions = CounterMetricFamily("wardgate_decisions", "Decisions.", labels=("portal", "outcome", "reason"))
        for labels, count in list(counters.decisions.items()):
            decisions.add_metric(labels, count)
        yield decisions
        for name, text, count in (
            ("taps", "Taps received.", counters.taps),
            ("taps_repeated", "Taps that came again.", counters.repeats),
            (
                "taps_unanswered",
                "Taps left to the device, because the record could not be written.",
                counters.unanswered,
            ),
            ("taps_dropped", "Taps dropped of a flooding device.", counters.dropped_flood),
            ("messages_dropped", "Messages dropped because the inbox was full.", counters.dropped_inbox),
            ("answers_unsent", "Answers that could not be sent: no broker.", counters.unsent),
            ("passes_forged", "Codes shown that begin like ours and were not made here.", counters.forged_passes),
            ("events", "Device events.", counters.events),
            ("feed_lost", "Live events that a slow screen lost.", site.feed.lost),
            ("feed_unfit", "Live events that could not be encoded and were left out.", site.feed.unfit),
        ):
            yield CounterMetricFamily(f"wardgate_{name}", text, value=count)
        bad = CounterMetricFamily("wardgate_bad_messages", "Bad messages.", labels=("reason",))
        for reason, count in list(counters.bad_messages.items()):
            bad.add_metric((reason.rsplit(":", 1)[-1],), count)
        yield bad
        online = sum(device.online for device in site.devices)
        devices = GaugeMetricFamily("wardgate_devices", "Devices by state.", labels=("state",))
        devices.add_metric(("online",), online)
        devices.add_metric(("lost",), len(site.devices) - online)
        yield devices
        for name, text, value in (
            ("broker_connected", "1 while the broker is there.", site.broker_connected),
            ("ledger_away", "1 while the ledger cannot be written.", site.ledger.is_away),
            ("holders", "People in the directory.", len(site.directory.holders)),
            ("waiting", "People who wait for a guard.", len(site.waits)),
            (
                "alarms_open",
                "Alarms that are open; silent ones do not count.",
                sum(alarm.condition not in SILENT for alarm in site.alarms.by_id.values()),
            ),
        ):
            yield GaugeMetricFamily(f"wardgate_{name}", text, value=float(value))
