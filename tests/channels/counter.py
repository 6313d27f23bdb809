"""A book's desk at a local address: instructions in memory, behind the courier's API."""

import dataclasses
import http.server
import json
import threading
import time

from jiehuan.channels import numbers

TOKEN = "courier-token"
NOW = "2026-11-23T10:00:00+08:00"
OPEN = ("instructed", "sent", "unknown")


@dataclasses.dataclass
class Row:
    """An instruction as the book has it, and all that was told of it."""

    id: int
    kind: str = "collect"
    state: str = "instructed"
    wanted: str = "do"
    attempts: int = 0
    amount_minor: int = 12_300
    partner: dict[str, object] = dataclasses.field(default_factory=dict)
    reason: str = ""
    due_at: float = 0.0
    number: str = ""
    name: str = ""
    openid: str = "o-1"
    source: str = ""
    total: int = 0
    told: list[str] = dataclasses.field(default_factory=list)
    settled: dict[str, object] | None = None

    def to_json(self):
        return {
            "id": self.id,
            "number": self.number or numbers.write(2, self.id),
            "kind": self.kind,
            "state": self.state,
            "wanted": self.wanted,
            "attempts": self.attempts,
            "amount_minor": self.amount_minor,
            "currency": "CNY",
            "line": 5,
            "openid": self.openid,
            "name": self.name,
            "description": "还款",
            "asked_on": "2026-11-23",
            "partner": self.partner,
            "source_number": self.source or None,
            "source_total_minor": self.total or None,
        }


class Counter(http.server.ThreadingHTTPServer):
    """The service, as far as a courier sees it.

    ``faults`` are used up one a request whose path ends so: ``lost`` (done, not answered),
    ``down`` (neither), a status.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *rows, address=("127.0.0.1", 0), virtual=True, now=NOW):
        super().__init__(address, _Handler)
        self.rows = {row.id: row for row in rows}
        self.virtual = virtual
        self.now = now
        self.faults: list[tuple[str, str | int]] = []
        self.seen: list[str] = []
        self.changed = threading.Condition()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def all_finished(self):
        return all(row.state not in OPEN for row in self.rows.values())

    def wait(self, condition, within_s=20):
        """Wait until the rows are as they should be."""
        with self.changed:
            assert self.changed.wait_for(condition, within_s), self.rows

    def fault(self, path):
        for place, (end, what) in enumerate(self.faults):
            if path.endswith(end):
                del self.faults[place]
                return what
        return ""

    def due(self):
        now = time.monotonic()
        tasks = [row.to_json() for row in self.rows.values()
                 if row.state in OPEN and row.due_at <= now]  # fmt: skip
        return {"book": 2, "virtual": self.virtual, "business_on": "2026-11-23",
                "now": self.now, "tasks": tasks}  # fmt: skip

    def told(self, row, what, body):
        """Change a row; return the status of the answer and its problem's code."""
        if row.state not in OPEN:
            return 409, "instruction_finished"
        now = time.monotonic()
        if what == "sending":
            if body["attempt"] != row.attempts + 1:
                return 409, "attempt_taken"
            row.state, row.attempts = "sent", body["attempt"]
            row.due_at = now + body["retry_in_s"]
        elif what == "waiting":
            row.state, row.due_at = "sent", now + body["ask_in_s"]
            row.partner |= body["partner"]
        elif what == "unknown":
            row.state, row.due_at, row.reason = "unknown", now + body["ask_in_s"], body["reason"]
        elif what == "succeeded":
            if body["amount_minor"] != row.amount_minor:
                row.told.append("differs")
                return 422, "partner_amount_differs"
            row.state, row.settled = "succeeded", body
        else:
            row.state, row.reason = "failed", body["reason"]
        row.told.append(what)
        return 204, ""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Counter

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._serve(lambda path, _: (200, self.server.due()) if path == "/due" else (404, {}))

    def do_POST(self):
        def told(path, body):
            _, _, number, what = path.split("/")
            status, code = self.server.told(self.server.rows[int(number)], what, body)
            return status, {"code": code}

        self._serve(told)

    def _serve(self, answer):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0].removeprefix("/courier/v1")
        with self.server.changed:
            self.server.seen.append(path)
            fault = self.server.fault(path)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                fault = 401
            if fault == "down":
                self.connection.close()
                return
            status, said = (
                answer(path, json.loads(body or b"null"))
                if not fault or fault == "lost"
                else (fault, {})
            )
            self.server.changed.notify_all()
        if fault == "lost":
            self.connection.close()
            return
        text = json.dumps(said).encode() if status != 204 else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
