"""What a browser says of itself, in words: "Chrome on Android".

User agents lie and age; this names the common ones and says "unknown" for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

# In the order of asking: most browsers also name the ones they descend from.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"), ("FxiOS", "Firefox"), ("Firefox", "Firefox"), ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"), ("Chromium", "Chromium"), ("Chrome", "Chrome"),
    ("Safari", "Safari"), ("curl", "curl"), ("python", "Python"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"), ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
PHONES = ("iPhone", "iPad", "Android")


@dataclass(frozen=True, slots=True)
class Device:
    """Names as their makers write them; empty where unknown."""

    browser: str
    system: str

    @property
    def is_phone(self) -> bool:
        return self.system in PHONES


def device_of(user_agent: str) -> Device:
    return Device(_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent))


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in names if mark in user_agent), "")
