"""A caller of the API, in the same process: no socket, but all of HTTP."""

import asyncio
import datetime as dt
import itertools

import httpx

from jiehuan.engine import book
from jiehuan.risk import policy_file
from jiehuan.serve.app import create_app
from jiehuan.serve.service import Service
from jiehuan.store import registry
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

PROBLEM = "application/problem+json"
TODAY = "2026-03-05"

# No scorecard: who is thirty is approved, who is sixty is sent to a person, children are not.
POLICY = """
[[policy]]
name = "application"
version = 1
from = 2020-01-01
limit_of = "limit_asked_minor"
limit_step_minor = 100
limit_minor_min = 10_000
limit_minor_max = 100_000_000

[[policy.rule]]
when = { age = { unknown = true } }
outcome = "refer"
reason = "age_unknown"
zh = "年龄未知"
en = "age is not known"

[[policy.rule]]
when = { age = { below = 18 } }
outcome = "decline"
reason = "under_age"
zh = "未成年"
en = "under age"

[[policy.rule]]
when = {}
outcome = "approve"
limit_ppm = 1_000_000
reason = "of_age"
zh = "成年"
en = "of age"
"""


def make_book(dsn, *, currency="CNY", virtual=True, policy=POLICY, number=1):
    """Make a book whose day is ``TODAY``, and the policy that decides in it."""
    book.prepare(dsn)
    on = dt.date.fromisoformat(TODAY).toordinal()
    with connect(dsn, Session.OWNER) as conn:
        book.create(conn, number, currency, on, virtual=virtual)
        for one in policy_file.parse(policy) if policy else ():
            registry.add_policy(conn, one.name, one.version, one.from_on, one.text)


class Api:
    """Someone who calls; every POST has a new key unless one is given."""

    def __init__(self, dsn, number=1, waiting_max=1_024):
        self.dsn = dsn
        self.number = number
        self.service = Service.open(dsn, number, "test", waiting_max=waiting_max)
        self.app = create_app(self.service)
        self._keys = itertools.count(1)

    def close(self):
        self.service.close()

    def ask(self, method, path, **more):
        """Send one request and return the answer."""
        return self.together((method, path, more))[0]

    def together(self, *requests):
        """Send requests at once and return their answers, in order."""

        async def send():
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://jiehuan") as client:
                asked = [client.request(method, path, **more) for method, path, more in requests]
                return await asyncio.gather(*asked)

        return asyncio.run(send())

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, key=None, **headers):
        """Send a command with a key of its own."""
        headers = {"Idempotency-Key": key or self.new_key(), **headers}
        return self.ask("POST", path, json={} if body is None else body, headers=headers)

    def id(self, noun, number):
        """Return the id of something in this book."""
        return f"{noun}_{self.number}_{number}"

    def new_key(self):
        return f"key-{next(self._keys)}"

    def do(self, path, **body):
        """Send a command that must be done; return what was answered."""
        answer = self.post(path, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def open_line(self, limit_minor=1_000_000, party=1, **more):
        """Open a line; return its address."""
        body = {
            "product": "pay-later",
            "party": party,
            "limit_asked_minor": limit_minor,
            "facts": {"age_years": 30},
            **more,
        }
        return "/v1/lines/" + self.do("/v1/applications", **body)["line"]

    def move_on(self, until_on):
        """Move the clock on."""
        return self.do("/v1/clock/advance", until_on=until_on)

    def refused(self, path, body=None, **more):
        """Send a command that must be refused; return status, code and facts."""
        return told(self.post(path, body, **more))


def told(answer):
    """Return what a problem says, after checking that it is one."""
    assert PROBLEM == answer.headers["content-type"], answer.text
    said = answer.json()
    assert {"type", "title", "status", "detail", "code", "facts"} == set(said)
    assert answer.status_code == said["status"]
    assert "urn:jiehuan:problem:" + said["code"] == said["type"]
    assert said["title"]
    assert said["detail"]
    return said["status"], said["code"], said["facts"]
