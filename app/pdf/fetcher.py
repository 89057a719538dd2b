"""WeasyPrint's only access to files: two schemes, each with a fixed dictionary.

There is no network, no `file:`, no `data:` and no redirect. Anything not listed stops the
render, because WeasyPrint turns ordinary exceptions into warnings and prints without the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class ReportFetcher(URLFetcher):  # type: ignore[misc]
    """Serves `asset:<name>` from packaged files and `evidence:<key>` from this report's files.

    Responses contain a local path, so WeasyPrint reads image bytes only when it writes the PDF.
    `on_evidence` is called with each key that is opened.
    """

    def __init__(
        self,
        assets: Mapping[str, Path],
        evidence: Mapping[str, Path],
        on_evidence: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(allowed_protocols=("asset", "evidence"), allow_redirects=False)
        self._assets = assets
        self._evidence = evidence
        self._on_evidence = on_evidence

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """Open the file behind `url`. Raises FatalURLFetchingError for anything not listed."""
        scheme, _, name = url.partition(":")
        if scheme == "asset":
            return _respond(self._find(self._assets, name, url), "application/octet-stream")
        if scheme == "evidence":
            path = self._find(self._evidence, unquote(name), url)
            if self._on_evidence is not None:
                self._on_evidence(unquote(name))
            return _respond(path, _image_type(path, url))
        raise FatalURLFetchingError(f"A report may not fetch {url[:200]!r}")

    @staticmethod
    def _find(files: Mapping[str, Path], name: str, url: str) -> Path:
        path = files.get(name)
        if path is None or not path.is_file():
            raise FatalURLFetchingError(f"There is no file for {url[:200]!r}")
        return path


def evidence_url(key: str) -> str:
    """The URL of a file key for templates."""
    return f"evidence:{quote(key, safe='/')}"


def _image_type(path: Path, url: str) -> str:
    """The media type from the first bytes: WeasyPrint would try SVG for anything Pillow rejects."""
    with path.open("rb") as file:
        head = file.read(8)
    for signature, media_type in SIGNATURES.items():
        if head.startswith(signature):
            return media_type
    raise FatalURLFetchingError(f"{url[:200]!r} is neither JPEG nor PNG")


def _respond(path: Path, media_type: str) -> URLFetcherResponse:
    return URLFetcherResponse(
        path.resolve().as_uri(), path.open("rb"), {"Content-Type": media_type}
    )
