"""The Prometheus metrics of this process. app/jobs/exporter.py exports those from the database.

Labels are bounded: our endpoints and outcomes, never an address, a company or a person.
gunicorn.conf.py adds up the figures of several processes.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Buckets around the goals for pages (60 and 150 ms) and for saving (250 ms under load).
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
OPERATIONS = Counter(
    "laudo_operations", "Operations of phones by their verdict.", ("kind", "verdict")
)
PHOTOS = Counter("laudo_photos", "Photos sent: received, refused or repeated.", ("outcome",))
UPLOADS = Counter("laudo_uploads", "Pieces of photos: received, cut off or refused.", ("outcome",))


def observe_request(endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """Count one response; an unknown address is the endpoint `none`."""
    name = endpoint or "none"
    method = method if method in METHODS else "other"
    REQUESTS.labels(name, method, f"{status // 100}xx").inc()
    REQUEST_SECONDS.labels(name).observe(seconds)
