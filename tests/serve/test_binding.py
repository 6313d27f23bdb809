"""A book is served on this machine only, on a port that is free, and says where."""

import socket
import threading

import httpx
import pytest
import uvicorn

from jiehuan.core.errors import UsageError
from jiehuan.serve import run


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.7", "10.0.0.1", "8.8.8.8", "example.com", "", "*", "127.0.0.1.x"],
)
def test_an_address_that_others_can_reach_is_refused(host):
    with pytest.raises(UsageError, match="no login yet"):
        run.bind(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.9"])
def test_an_address_of_this_machine_is_bound(host):
    bound = run.bind(host, 0)
    try:
        assert bound.getsockname()[1] > 0
        assert run.address_of(bound).startswith("http://127.0.0.")
    finally:
        bound.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine knows no IPv6")
def test_an_address_of_ipv6_is_written_in_brackets():
    try:
        bound = run.bind("::1", 0)
    except UsageError as error:
        pytest.skip(str(error))
    try:
        assert run.address_of(bound).startswith("http://[::1]:")
    finally:
        bound.close()


def test_a_port_in_use_is_said_so():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(UsageError, match=f"port {port} .* in use; choose another"):
            run.bind("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_out_of_range_is_said_so(port):
    with pytest.raises(UsageError, match="out of range, 0 to 65535"):
        run.bind("127.0.0.1", port)


def test_a_book_is_served_over_a_real_socket_until_told_to_stop(api, monkeypatch):
    bound = run.bind("127.0.0.1", 0)
    told, servers, up = [], [], threading.Event()
    begin = uvicorn.Server.startup

    async def startup(self, sockets=None):
        servers.append(self)
        await begin(self, sockets)

    monkeypatch.setattr(uvicorn.Server, "startup", startup)

    def tell(address):
        told.append(address)
        up.set()

    thread = threading.Thread(target=run.serve, args=(api.app, bound, tell))
    thread.start()
    assert up.wait(30)
    answer = httpx.get(told[0] + "healthz")
    page = httpx.get(told[0])
    servers[0].should_exit = True
    thread.join(30)

    assert {"status": "ok"} == answer.json()
    assert "借还" in page.text
    assert not thread.is_alive()
    assert "server" not in answer.headers
