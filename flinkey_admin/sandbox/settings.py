"""The knobs of the sandbox: everything the remote control can turn."""

from dataclasses import asdict, dataclass, fields
from typing import Any

CHOICES = {
    "customer_ids": ("integer", "string"),
    "error_shape": ("text", "json-string"),
    "product_shape": ("old", "new"),
    "service_shape": ("old", "new"),
}


@dataclass
class Settings:
    """Seconds where a number is a time; the defaults imitate the vendor's older pages."""

    latency: float = 0.0
    strict: bool = False
    delay: float = 1.5
    webhook_url: str | None = None
    webhook_secret: str | None = None
    webhook_lost: bool = False
    webhook_repeat: int = 1
    webhook_delay: float = 0.0
    webhook_separate: bool = False
    checksum: str | None = None
    customer_ids: str = "integer"
    error_shape: str = "text"
    product_shape: str = "old"
    service_shape: str = "old"
    token_seconds: int = 3600
    fail_assignments: str | None = None
    quota: int = 0
    quota_seconds: float = 10.0

    def change(self, **changes: Any) -> None:
        """Set several knobs; ValueError names an unknown one or a value that is no choice."""
        known = {item.name for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown setting: {name}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}")
        for name, value in changes.items():
            setattr(self, name, value)

    def save(self) -> dict[str, Any]:
        """All knobs as JSON."""
        return asdict(self)
