"""Servers: one that this process starts, or one that runs already."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from importlib import metadata
from types import TracebackType
from typing import IO, Any, Dict, List, Mapping, Optional, Sequence, Type, Union

from ._errors import Refused, StartError, Unreachable
from ._http import Control
from ._sandbox import Sandbox

DEFAULT_URL = "http://127.0.0.1:9311"


class Server:
    """An emulator. As a context manager, it is stopped at the end if this process has started it."""

    def __init__(self, url: str, token: Optional[str] = None, process: Optional["subprocess.Popen[str]"] = None, log: Optional[IO[str]] = None) -> None:
        #: The URL of the default sandbox, without a slash at the end.
        self.url = url.rstrip("/")
        self._process = process
        self._log = log
        self._control = Control(self.url + "/_standin", token, self._gone)

    def _gone(self) -> str:
        if self._process is None:
            return f"no emulator answers at {self.url}; start one with: standin"
        code = self._process.poll()
        if code is None:
            return f"the emulator at {self.url} does not answer"
        return f"the emulator ended with exit code {code}{_last_words(self._log)}"

    def sandbox(
        self,
        name: Optional[str] = None,
        *,
        fixture: Union[str, Sequence[str], None] = None,
        scenario: Optional[str] = None,
        profile: Optional[str] = None,
        seed: Optional[int] = None,
        exact_name: Optional[str] = None,
        **more: Any,
    ) -> Sandbox:
        """Create a sandbox. Its name is made from any text, such as the id of a test; a second one gets a number.

        fixture and scenario are names of built-in ones. more are other members of ``POST sandboxes``, such as clock, quirks,
        ttl and fork. exact_name is used as it is.
        """
        spec: Dict[str, Any] = {"for": name, "name": exact_name, "fixture": fixture, "scenario": scenario, "profile": profile, "seed": seed, **more}
        info = self._control.json("POST", "/sandboxes", {k: v for k, v in spec.items() if v is not None})
        return Sandbox(self._control, info)

    @property
    def default(self) -> Sandbox:
        """The default sandbox, which requests reach that name none. It cannot be deleted."""
        return Sandbox(self._control, self._control.json("GET", "/sandboxes/default"))

    def sandboxes(self) -> List[str]:
        """Return the names of all sandboxes."""
        return [s["name"] for s in self._control.json("GET", "/sandboxes")]

    def health(self) -> Dict[str, Any]:
        """Return the version, and how much is in use."""
        return dict(self._control.json("GET", "/health"))

    def coverage(self) -> str:
        """Return which documented answers clients have met, as JSON for ``standin report coverage``."""
        return self._control.text("GET", "/reports/coverage")

    def stop(self) -> None:
        """Stop the emulator if this process has started it."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, self._log):
            if stream is not None:
                stream.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<standin.Server at {self.url}>"


def connect(url: Optional[str] = None, *, token: Optional[str] = None) -> Server:
    """Return the emulator that runs at a URL. The default is STANDIN_URL, or else http://127.0.0.1:9311.

    token is the one of ``--control-token``. Raise Unreachable if none answers.
    """
    server = Server(url or os.environ.get("STANDIN_URL") or DEFAULT_URL, token or os.environ.get("STANDIN_CONTROL_TOKEN"))
    try:
        health = server.health()
    except Refused as refused:
        raise Unreachable(f"{server.url} answers, but it is no emulator: {refused}") from None
    if "version" not in health:
        raise Unreachable(f"{server.url} answers, but it is no emulator")
    _same_version(str(health["version"]), server.url)
    return server


def start(*, binary: Optional[str] = None, timeout: float = 20.0, listen: str = "127.0.0.1:0", **options: Any) -> Server:
    """Start ``standin``, wait until it is ready, and return it.

    binary is the program; the default is STANDIN_BINARY, or else standin in PATH. The default of listen is a free port. options
    are flags of ``standin serve``: scenario="unavailable", fixture=["default", "mine.yaml"], auth="off". Raise StartError with
    what to do.
    """
    program = binary or os.environ.get("STANDIN_BINARY") or shutil.which("standin")
    if not program:
        raise StartError(
            "there is no program standin: install it with `go install ./cmd/standin` in a checkout, "
            "set STANDIN_BINARY to its path, or set STANDIN_URL to an emulator that runs"
        )
    command = [program, "serve", "--listen", listen, *_flags(options)]
    log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
    except OSError as error:
        raise StartError(f"cannot run {program}: {error.strerror}; set STANDIN_BINARY to the path of standin") from None
    url = _first_url(process, timeout)
    if url is None:
        ended = _ends(process)
        process.kill()
        code = process.wait()
        said = _last_words(log)
        if process.stdout is not None:
            process.stdout.close()
        log.close()
        why = f"ended with exit code {code}" if ended else f"was not ready after {timeout} s"
        raise StartError(f"`{' '.join(command)}` {why}{said}")
    server = Server(url, options.get("control_token") or os.environ.get("STANDIN_CONTROL_TOKEN"), process, log)
    try:
        _same_version(str(server.health()["version"]), program)
    except StartError:
        server.stop()
        raise
    return server


def _flags(options: Mapping[str, Any]) -> List[str]:
    """Return the flags of the command line for keywords."""
    flags: List[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                flags.append(flag)
            elif one is not None and one is not False:
                flags.append(f"{flag}={one}")
    return flags


def _first_url(process: "subprocess.Popen[str]", timeout: float) -> Optional[str]:
    """Return the URL in the line that the emulator prints when it is ready; None if it prints none."""
    found: List[str] = []

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            for word in line.split():
                if word.startswith(("http://", "https://")):
                    found.append(word.rstrip("/"))
                    return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    end = time.monotonic() + timeout
    while reader.is_alive() and time.monotonic() < end and process.poll() is None:
        reader.join(0.01)
    reader.join(0.2)
    return found[0] if found else None


def _ends(process: "subprocess.Popen[str]") -> bool:
    """Report whether a process has ended, or does so soon: its output ends first."""
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        return False
    return True


def _last_words(log: Optional[IO[str]]) -> str:
    if log is None or log.closed:
        return ""
    log.seek(0)
    text = log.read().strip()
    return ": " + text[-2000:] if text else ""


def _same_version(theirs: str, where: str) -> None:
    """Raise StartError if an emulator is of another minor version than the package. Versions of a checkout fit any."""
    try:
        ours = metadata.version("standin")
    except metadata.PackageNotFoundError:  # not installed, but in PYTHONPATH
        return
    mine, its = ours.split(".")[:2], theirs.lstrip("v").split(".")[:2]
    if "devel" in theirs or ours.startswith("0.0.0") or mine == its:
        return
    raise StartError(f"{where} is standin {theirs}, and this package is for {ours}: install the package standin=={'.'.join(its)}.*, or the other program")
