"""The exceptions of the package."""

from __future__ import annotations

from typing import Any, Mapping, Sequence


class StandinError(Exception):
    """The base of all exceptions of the package."""


class StartError(StandinError):
    """Standin could not be started. The text says what to do."""


class Unreachable(StandinError):
    """Standin does not answer, or no longer."""


class Refused(StandinError):
    """The control API refused a call. The text is that of its problem details (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"status {status}")
        #: The HTTP status.
        self.status = status
        #: The members of the problem details.
        self.problem = dict(problem)


class VerificationError(StandinError, AssertionError):
    """An expectation is not met. The text lists what is not met, and the requests."""

    def __init__(self, text: str, judgements: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(text)
        #: The judgements, met or not, as ``POST verify`` of the control API returns them.
        self.judgements = [dict(j) for j in judgements]
