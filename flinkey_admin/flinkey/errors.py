"""What can go wrong, as facts. The sentences for people are made elsewhere, from these facts."""

# The names are part of the client's interface and say what happened, so they need no suffix:


class Invalid(ValueError):
    """The caller's own values break a rule of the page; nothing was sent."""


class FlinkeyError(Exception):
    """A call that did not give its result.

    operation: the operationId of openapi.yaml. method, path: the request, without address and query.
    status: the HTTP status, or None when no whole answer came.
    detail: at most 2,000 characters of the answer, or the fault of the transport; secrets are masked.
    repeatable: the same call may be sent again without a second effect.
    """

    def __init__(
        self,
        operation: str,
        method: str,
        path: str,
        status: int | None = None,
        detail: str = "",
        *,
        repeatable: bool = False,
    ) -> None:
        super().__init__(operation, method, path, status, detail)
        self.operation = operation
        self.method = method
        self.path = path
        self.status = status
        self.detail = detail
        self.repeatable = repeatable

    def __str__(self) -> str:
        """One line for logs: line breaks of the upstream must not forge a second one."""
        line = f"{self.operation}: {self.status or 'no answer'}: {self.detail}"
        return "".join(c if c.isprintable() else " " for c in line).strip()


class BadApiKey(FlinkeyError):
    """401: the API key is missing or wrong. A fault of the configuration; signing in again does not help."""


class Unauthorized(FlinkeyError):
    """401: the token is missing, wrong or expired. Signing in again helps."""


class SignInRefused(FlinkeyError):
    """The token request was refused: the user name or the password is wrong."""


class NotFound(FlinkeyError):
    """404. missing: manager group car user service product member assignment, or unknown.

    "manager": this account may not act for this customer. "member": already not in the group.
    """

    def __init__(
        self,
        operation: str,
        method: str,
        path: str,
        status: int | None = 404,
        detail: str = "",
        *,
        repeatable: bool = False,
        missing: str = "unknown",
    ) -> None:
        super().__init__(operation, method, path, status, detail, repeatable=repeatable)
        self.missing = missing


class Conflict(FlinkeyError):
    """409. reason: member (already in the group), name (taken), relations (group not empty), or unknown."""

    def __init__(
        self,
        operation: str,
        method: str,
        path: str,
        status: int | None = 409,
        detail: str = "",
        *,
        repeatable: bool = False,
        reason: str = "unknown",
    ) -> None:
        super().__init__(operation, method, path, status, detail, repeatable=repeatable)
        self.reason = reason


class Rejected(FlinkeyError):
    """400, 403, 415 or another 4xx: flinkey refused the request as it stands. Usually a bug of ours."""


class RateLimited(FlinkeyError):
    """429: nothing was done. retry_after: seconds to wait, between 1 and 3,600."""

    def __init__(
        self,
        operation: str,
        method: str,
        path: str,
        status: int | None = 429,
        detail: str = "",
        *,
        repeatable: bool = True,
        retry_after: float = 30.0,
    ) -> None:
        super().__init__(operation, method, path, status, detail, repeatable=repeatable)
        self.retry_after = retry_after


class Unavailable(FlinkeyError):
    """Nothing was done: flinkey was not reached, or a read gave no usable answer."""


class OutcomeUnknown(FlinkeyError):
    """A write that may have taken effect: it was sent, and its answer is lost or unusable."""
