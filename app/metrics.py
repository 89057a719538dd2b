"""What this process counts for Prometheus. What the database knows is told by app/jobs/exporter.py.

Labels are bounded: endpoints and outcomes of ours, never an address, a company or a person. Where
the figures of several processes are added up stands in gunicorn.conf.py.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Around the goals of the pages (60 and 150 ms) and of saving (250 ms under load).
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)

REQUESTS = Counter(
    "laudo_requests", "Requests answered by the app.", ("endpoint", "method", "status")
)
REQUEST_SECONDS = Histogram(
    "laudo_request_seconds", "Time until the answer was ready.", ("endpoint",), buckets=SECONDS
)
IN_PROGRESS = Gauge(
    "laudo_requests_in_progress", "Requests being answered.", multiprocess_mode="livesum"
)
SAVES = Counter("laudo_saves", "Answers sent: accepted, conflict or refused.", ("outcome",))
PHOTOS = Counter("laudo_photos", "Photos sent: received, refused or repeated.", ("outcome",))


def observe_request(endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """Count one answer; an address that is nobody's is the endpoint `none`."""
    name = endpoint or "none"
    method = method if method in METHODS else "other"
    REQUESTS.labels(name, method, f"{status // 100}xx").inc()
    REQUEST_SECONDS.labels(name).observe(seconds)
