"""Sandboxes: own records, faults, journal and clock."""

from __future__ import annotations

import datetime
import urllib.parse
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Type, Union

from ._errors import Refused, VerificationError
from ._http import Control

#: A duration: a text such as "90s" or "1h30m", a number of seconds, or a timedelta.
Duration = Union[str, int, float, datetime.timedelta]

#: A rule: the name of a documented failure such as "freezer.clients.create/753", or a mapping as in the faults of a scenario.
Rule = Union[str, Mapping[str, Any]]

#: An entry of the journal, as ``GET requests`` of the control API returns it.
Entry = Dict[str, Any]


def duration(value: Duration) -> str:
    """Return a duration in the form of the control API."""
    if isinstance(value, str):
        return value
    seconds = value.total_seconds() if isinstance(value, datetime.timedelta) else float(value)
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


@dataclass(frozen=True)
class Judgement:
    """The verdict of one rule for retries."""

    #: The id of the rule, such as ignores-retry-after.
    rule: str
    #: passed, failed, warning or not-tested.
    verdict: str
    #: What was wrong, one text for each request.
    why: List[str]


@dataclass(frozen=True)
class Retries:
    """How clients repeated requests: a verdict for each rule."""

    #: The verdicts, in the order of the report.
    rules: List[Judgement]

    @property
    def failed(self) -> List[Judgement]:
        """The rules that failed."""
        return [r for r in self.rules if r.verdict == "failed"]

    def __str__(self) -> str:
        return "\n".join(f"{r.rule} {r.verdict}: {why}" for r in self.failed for why in r.why) or "no rule failed"


class Sandbox:
    """A sandbox: its own records, faults, journal and clock. As a context manager, it is deleted at the end."""

    def __init__(self, control: Control, info: Mapping[str, Any]) -> None:
        self._control = control.below("/sandboxes/" + urllib.parse.quote(info["name"], safe=""))
        #: The name, which Standin made from any text.
        self.name: str = info["name"]
        #: The URL at which clients reach the sandbox, without a slash at the end.
        self.url: str = info["url"]
        #: A fixed token of the user in environ(), for X-Auth-Token and Authorization: Bearer; empty if there is none.
        self.token: str = info.get("token", "")
        self._environment: Dict[str, str] = dict(info["environment"])

    def environ(self) -> Dict[str, str]:
        """Return the environment variables with which clients find the sandbox and log in: OS_AUTH_URL and others."""
        return dict(self._environment)

    def arm(self, rule: Rule, **when: Any) -> str:
        """Arm a rule and return its name. The keywords are members of its ``when``, such as times=2."""
        body: Dict[str, Any] = {"use": rule} if isinstance(rule, str) else dict(rule)
        if when:
            body["when"] = {**body.get("when", {}), **when}
        (armed,) = self._control.json("POST", "/faults", body)
        return str(armed["name"])

    def lose_reply(self, operation: str, **when: Any) -> str:
        """Make the next request to an operation lose its reply: it is carried out, then the connection is reset."""
        return self.arm({"where": {"operation": operation}, "phase": "after", "what": {"connection": "reset"}}, **when)

    def disarm(self, name: str) -> None:
        """Remove a rule."""
        self._control.text("DELETE", "/faults/" + urllib.parse.quote(name, safe=""))

    def faults(self) -> List[Dict[str, Any]]:
        """Return the armed rules with how often they matched and fired."""
        return list(self._control.json("GET", "/faults"))

    def requests(self, **filters: Any) -> List[Entry]:
        """Return the exchanges that match: requests(operation="freezer.*", status="5xx"). See the page on the journal."""
        return list(self._control.json("GET", "/requests", query=filters)["requests"])

    def lines(self, **filters: Any) -> str:
        """Return the exchanges that match as text, one line each."""
        return self._control.text("GET", "/requests", query={**filters, "format": "text"})

    def wait_for(self, at_least: int = 1, timeout: float = 10.0, **filters: Any) -> List[Entry]:
        """Wait until enough exchanges match, and return them. Raise TimeoutError if the time, in seconds, is over first."""
        query = {"ended": "answered", **filters, "at_least": at_least, "wait": duration(timeout)}
        found = list(self._control.json("GET", "/requests", query=query, wait=timeout)["requests"])
        if len(found) < at_least:
            text = f"{len(found)} of {at_least} requests matched {filters} after {timeout} s; the requests were:\n{self.lines()}"
            raise TimeoutError(text)
        return found

    def verify(self, *expectations: Mapping[str, Any]) -> None:
        """Raise VerificationError unless all expectations are met. Without any, judge those of the scenario.

        Rules with an end must have fired in any case, unless they are optional.
        """
        try:
            self._control.json("POST", "/verify", list(expectations) if expectations else None)
        except Refused as refused:
            judgements = refused.problem.get("judgements")
            if judgements is None:
                raise
            unmet = [f"{j['expectation']}: {j['found']}" for j in judgements if not j["met"]]
            raise VerificationError("\n".join([*unmet, "the requests were:", self.lines() or "none"]), judgements) from None

    def retries(self, **grading: Any) -> Retries:
        """Return how clients repeated requests: retries(operation="freezer.*", max=5)."""
        found = self._control.json("GET", "/reports/retries", query=grading)
        return Retries([Judgement(r["id"], r["verdict"], [c["why"] for c in r.get("chains", [])]) for r in found["rules"]])

    def advance(self, by: Duration) -> None:
        """Move the clock of the sandbox forward."""
        self._control.text("PUT", "/clock", {"advance": duration(by)})

    def freeze(self, at: Optional[datetime.datetime] = None) -> None:
        """Stop the clock of the sandbox, now or at a time with a zone."""
        self._control.text("PUT", "/clock", {"freeze": True if at is None else at.isoformat()})

    def state(self, service: str = "") -> Dict[str, Any]:
        """Return the records as a fixture: of all services, or of one."""
        return dict(self._control.json("GET", "/state" + ("/" + service if service else "")))

    def load(self, fixture: Union[str, Mapping[str, Any]]) -> None:
        """Replace records. A text is a whole fixture in YAML or JSON. A mapping replaces the services that it names."""
        if isinstance(fixture, str):
            self._control.text("PUT", "/state", fixture)
            return
        for service, records in fixture.items():
            self._control.text("PUT", "/state/" + urllib.parse.quote(service, safe=""), {service: records})

    def snapshot(self, name: str) -> None:
        """Give the present records a name, for reset(to=NAME)."""
        self._control.text("POST", "/snapshots", {"name": name})

    def reset(self, *only: str, to: Optional[str] = None) -> None:
        """Reset to the start, or only some parts: "world", "faults", "journal", "clock". to is the name of a snapshot."""
        self._control.text("POST", "/reset", query={"only": ",".join(only) or None, "to": to})

    def delete(self) -> None:
        """Delete the sandbox. It is no error if it does not exist any more."""
        try:
            self._control.text("DELETE", "")
        except Refused as refused:
            if refused.status != 404:
                raise

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.delete()

    def __repr__(self) -> str:
        return f"<standin.Sandbox {self.name} at {self.url}>"
