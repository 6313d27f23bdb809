"""A partner at a local address who says what he is told to say, and signs it."""

import collections
import contextlib
import dataclasses
import http.server
import json
import threading

from tests.channels.keys import Pairs


@dataclasses.dataclass
class Say:
    """An answer: its status and body, and what is wrong with it.

    Attributes:
        fault: ``signature`` (not the platform's), ``unsigned``, ``cut`` (no answer at all).
    """

    status: int
    body: object = None
    fault: str = ""
    by_certificate: bool = False


NOT_FOUND = Say(404, {"code": "NOT_FOUND", "message": "记录不存在"})


class Partner(http.server.ThreadingHTTPServer):
    """Answers what ``says`` holds for a method and the beginning of a path, one after another.

    What ``usual`` holds is said when that is used up; else nothing is there.
    """

    daemon_threads = True

    def __init__(self, pairs: Pairs):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pairs = pairs
        self.says: dict[str, collections.deque[Say]] = collections.defaultdict(collections.deque)
        self.usual: dict[str, Say] = {}
        self.seen: list[tuple[str, bytes, dict[str, str]]] = []
        self.guard = threading.Lock()
        self.came = threading.Semaphore(0)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def will(self, where, *answers):
        """Say these things, in turn, to requests that begin with ``where``."""
        self.says[where].extend(answers)

    def answer(self, asked):
        with self.guard:
            for where, answers in self.says.items():
                if asked.startswith(where) and answers:
                    return answers.popleft()
            for where, answer in self.usual.items():
                if asked.startswith(where):
                    return answer
        return NOT_FOUND

    def asked(self):
        """Return methods and paths, in turn."""
        with self.guard:
            return [what for what, _, _ in self.seen]

    def bodies(self, where):
        """Return the bodies of the requests that began with ``where``."""
        with self.guard:
            return [json.loads(body) for what, body, _ in self.seen if what.startswith(where)]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Partner

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def _serve(self):
        self.server.came.release()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = f"{self.command} {self.path}"
        good = self.server.pairs.proves(
            self.command, self.path, body, self.headers["Authorization"]
        )
        with self.server.guard:
            self.server.seen.append((asked, body or b"null", dict(self.headers)))
        say = self.server.answer(asked) if good else Say(401, {"code": "SIGN_ERROR"})
        if say.fault == "cut":
            self.connection.close()
            return
        text = say.body if isinstance(say.body, bytes) else b""
        if say.body is not None and not isinstance(say.body, bytes):
            text = json.dumps(say.body, ensure_ascii=False).encode()
        signed = self.server.pairs.signed(text, by_certificate=say.by_certificate)
        if say.fault == "signature":
            signed = self.server.pairs.signed(text + b" ")
        self.send_response(say.status)
        if text:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        for name, value in {} if say.fault == "unsigned" else signed.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(text)


@contextlib.contextmanager
def open_at(server):
    """Serve in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
