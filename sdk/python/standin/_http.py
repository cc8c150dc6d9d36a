"""Calls of the control API."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Mapping, Optional

from ._errors import Refused, Unreachable

#: Seconds that a call may take, beyond the time for which it waits on purpose.
TIMEOUT = 30.0

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy


class Control:
    """The control API at an address."""

    def __init__(self, url: str, token: Optional[str], gone: Callable[[], str]) -> None:
        self.url = url
        self.token = token
        self._gone = gone  # says why the emulator does not answer

    def below(self, path: str) -> "Control":
        """Return the part of the API under a path."""
        return Control(self.url + path, self.token, self._gone)

    def text(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Optional[Mapping[str, Any]] = None,
        wait: float = 0.0,
    ) -> str:
        """Make a call and return the text of the answer. Raise Refused or Unreachable."""
        url = self.url + path
        if query:
            url += "?" + urllib.parse.urlencode({k: _word(v) for k, v in query.items() if v is not None})
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with _direct.open(request, timeout=TIMEOUT + wait) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, _problem(error.read())) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self._gone()} ({error})") from error

    def json(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Optional[Mapping[str, Any]] = None,
        wait: float = 0.0,
    ) -> Any:
        """Make a call and return the JSON of the answer; None if it has no body."""
        text = self.text(method, path, body, query, wait)
        return json.loads(text) if text else None


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _problem(text: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(text)
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"detail": text.decode(errors="replace")[:300]}
