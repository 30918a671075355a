"""Which browser signs in, in words: enough for a person to know the own device by, too little to follow anybody."""

from django.utils.translation import gettext as _

# Each calls itself by the names of those below it, too.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device_of(agent: str) -> list[str]:
    """The names of browser and system by the User-Agent header, each "" when unknown. Nothing else of it is kept."""
    return [next((name for mark, name in known.items() if mark in agent), "") for known in (BROWSERS, SYSTEMS)]


def in_words(device: list[str]) -> str:
    """What a person reads of it."""
    browser, system = device
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Another device")
