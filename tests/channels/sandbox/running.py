"""A sandbox in a thread of this process, a merchant that is notified, and a signer of requests."""

import asyncio
import base64
import contextlib
import functools
import http.server
import json
import queue
import secrets
import tempfile
import threading
import time
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from jiehuan.channels.sandbox import config as told
from jiehuan.channels.sandbox import keys as keyring
from jiehuan.channels.sandbox import run
from jiehuan.channels.sandbox.clock import Clock
from jiehuan.channels.sandbox.journal import Journal
from jiehuan.channels.sandbox.office import Office
from jiehuan.channels.sandbox.people import read_people
from jiehuan.channels.sandbox.settings import Settings
from jiehuan.channels.sandbox.wire import Signing
from jiehuan.channels.sandbox.world import World

WAIT_S = 20.0  # for what must come; a test that waits so long fails


def until(true):
    """Wait for what must come true."""
    last = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < last, "it did not come true"
        time.sleep(0.005)


@functools.cache
def shared_keys():
    """Keys for every sandbox of a test process: making them takes a second."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-keys-"))
    return keyring.load_or_make(folder, read_people().merchant.mchid)


class Running:
    """A sandbox that serves, in a thread of its own."""

    def __init__(self, mode="both", **settings):
        self.keys, self.mode, people = shared_keys(), mode, read_people()
        self._bound = run.bind(0)
        self.port = self._bound.getsockname()[1]
        self.config = told.config(self.keys, people, self.port, mode)
        given = Settings(cashier_url=self.config["cashier_url"], **settings)
        self.world = World(Journal(None), people, Clock(), given)
        signing = Signing(self.keys, mode, people.merchant.mchid)
        self.office = Office(world=self.world, signing=signing, config=self.config)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._loop = asyncio.new_event_loop()

    def _serve(self):
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(run.attend(self.office, self._bound))

    def __enter__(self):
        self._thread.start()
        self.http = httpx.Client(base_url=self.config["base_url"], timeout=WAIT_S, trust_env=False)
        self.http.get("/control/clock").raise_for_status()
        return self

    def __exit__(self, *_):
        self.http.close()
        self._loop.call_soon_threadsafe(self.office.closing.set)
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()

    # --- what a merchant does -------------------------------------------------------------------

    def authorization(self, method, target, body=b"", order=None, **instead):
        """Sign a request; ``instead`` replaces fields after signing, ``*_signed`` before."""
        stamp = str(instead.pop("timestamp_signed", int(time.time())))
        word = secrets.token_hex(16).upper()
        message = f"{method}\n{target}\n{stamp}\n{word}\n".encode() + body + b"\n"
        signature = self.keys.merchant.sign(message, padding.PKCS1v15(), hashes.SHA256())
        fields = {
            "mchid": self.config["mchid"],
            "nonce_str": word,
            "signature": base64.b64encode(signature).decode(),
            "timestamp": stamp,
            "serial_no": self.config["merchant_serial"],
        } | instead
        told_in = order or list(fields)
        listed = ",".join(f'{name}="{fields[name]}"' for name in told_in)
        return f"WECHATPAY2-SHA256-RSA2048 {listed}"

    def call(self, method, target, body=None, headers=None, **instead):
        """Send a signed request."""
        raw = b"" if body is None else json.dumps(body).encode()
        given = {
            "Authorization": self.authorization(method, target, raw, **instead),
            "Accept": "application/json",
            "User-Agent": "test/1",
            "Content-Type": "application/json",
        }
        return self.http.request(method, target, content=raw, headers=given | (headers or {}))

    def control(self, path, body):
        """Do something by JSON; it must be accepted."""
        answer = self.http.post(f"/control{path}", json=body)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def prepay_body(self, number, notify_url="http://127.0.0.1:9/", total=1000, person=0):
        """Return the body of a JSAPI order."""
        return {
            "appid": self.config["appid"],
            "mchid": self.config["mchid"],
            "description": "还款",
            "out_trade_no": number,
            "notify_url": notify_url,
            "amount": {"total": total, "currency": "CNY"},
            "payer": {"openid": self.config["openids"][person]},
        }


class Merchant:
    """Somebody who is notified; answers as told, 204 at first."""

    def __init__(self):
        self.come: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        self.answers: queue.Queue[int] = queue.Queue()
        merchant = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                merchant.come.put((dict(self.headers), body))
                try:
                    status = merchant.answers.get_nowait()
                except queue.Empty:
                    status = 204
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/notify"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def next(self):
        """Return headers and raw body of the next notification."""
        return self.come.get(timeout=WAIT_S)


@contextlib.contextmanager
def running(mode="both", **settings):
    """Serve a sandbox for a while."""
    with Running(mode, **settings) as sandbox:
        yield sandbox
