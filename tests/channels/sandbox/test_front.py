"""One port, three ways in, and callers of every kind."""

import http.client
import json
import socket
import ssl

import httpx
import pytest
from tests.channels.sandbox.running import WAIT_S, running, until

HOST = "api.mch.weixin.qq.com"
NOT_SIGNED = b"HTTP/1.1 401 Unauthorized\r\n"
GET = b"GET /v3/certificates HTTP/1.1\r\nHost: x\r\nUser-Agent: t\r\nAccept: */*\r\n"


@pytest.fixture(scope="module")
def sandbox():
    with running() as one:
        yield one


@pytest.fixture
def plug(sandbox):
    with socket.create_connection(("127.0.0.1", sandbox.port), WAIT_S) as one:
        yield one


@pytest.fixture
def trust(sandbox):
    return ssl.create_default_context(cafile=sandbox.config["ca_pem_path"])


def rest(plug):
    """Read until the other side closes."""
    parts = []
    while part := plug.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def test_plain_http(plug):
    plug.sendall(GET + b"Connection: close\r\n\r\n")

    assert rest(plug).startswith(NOT_SIGNED)


def test_tls_without_a_proxy(plug, trust):
    with trust.wrap_socket(plug, server_hostname=HOST) as secure:
        secure.sendall(GET + b"Connection: close\r\n\r\n")

        assert rest(secure).startswith(NOT_SIGNED)


@pytest.mark.parametrize("host", [HOST, "api2.mch.weixin.qq.com", HOST.upper()])
def test_a_proxy_that_answers_as_wechat_pay(plug, trust, host):
    plug.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    assert b"HTTP/1.1 200 Connection established\r\n\r\n" == plug.recv(1_000)

    with trust.wrap_socket(plug, server_hostname=host) as secure:
        secure.sendall(GET + b"Connection: close\r\n\r\n")
        assert rest(secure).startswith(NOT_SIGNED)


def test_a_caller_who_does_not_wait_for_the_proxy_to_agree(plug, trust):
    come, gone = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = trust.wrap_bio(come, gone, server_hostname=HOST)
    with pytest.raises(ssl.SSLWantReadError):
        secure.do_handshake()

    plug.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode() + gone.read())

    agreed, mark, hello = plug.recv(65_536).partition(b"\r\n\r\n")
    assert (b"HTTP/1.1 200 Connection established", b"\r\n\r\n") == (agreed, mark)
    come.write(hello)
    while True:
        try:
            secure.do_handshake()
            break
        except ssl.SSLWantReadError:
            come.write(plug.recv(65_536))
    assert "TLSv1.3" == secure.version()


def test_a_connect_that_comes_byte_by_byte(plug, trust):
    for byte in f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Connection: keep-alive\r\n\r\n".encode():
        plug.sendall(bytes([byte]))

    assert plug.recv(1_000).startswith(b"HTTP/1.1 200 ")
    with trust.wrap_socket(plug, server_hostname=HOST) as secure:
        assert "http/1.1" == secure.selected_alpn_protocol() or secure.version()


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", b"403 Forbidden", b"example.com:443"),
        (b"CONNECT api.mch.weixin.qq.com:80 HTTP/1.1\r\n\r\n", b"403 Forbidden", b"port 443"),
        (b"CONNECT \r\n\r\n", b"403 Forbidden", b"NO_PROXY"),
        (b"COPY / HTTP/1.1\r\n\r\n", b"400 Bad Request", b"not a CONNECT"),
        (b"C" * 20_000, b"400 Bad Request", b"not a CONNECT"),
    ],
)
def test_it_is_no_way_out_to_the_world(plug, asked, status, message):
    plug.sendall(asked)
    told = rest(plug)

    assert told.startswith(b"HTTP/1.1 " + status)
    assert message in told


def test_a_whole_address_as_to_a_proxy(sandbox, plug):
    signed = sandbox.authorization("GET", "/v3/certificates").encode()
    plug.sendall(
        b"GET https://api.mch.weixin.qq.com/v3/certificates HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"User-Agent: t\r\nAccept: */*\r\nConnection: close\r\nAuthorization: " + signed
        + b"\r\n\r\n"
    )  # fmt: skip

    assert rest(plug).startswith(b"HTTP/1.1 200 ")


def test_a_whole_address_elsewhere(plug):
    plug.sendall(b"GET http://example.com/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    told = rest(plug)

    assert told.startswith(b"HTTP/1.1 403 ")
    assert "example.com" in told.decode()


def test_many_requests_on_one_connection(sandbox):
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=WAIT_S)
    used = set()
    for _ in range(3):
        connection.request("GET", "/v3/certificates", headers={"User-Agent": "t", "Accept": "*/*"})
        used.add(connection.sock)
        answer = connection.getresponse()
        assert 401 == answer.status
        assert "SIGN_ERROR" == json.loads(answer.read())["code"]
    connection.close()

    assert 1 == len(used)


def test_who_has_sent_all_may_close_its_half(plug):
    plug.sendall((GET + b"\r\n") * 2)
    plug.shutdown(socket.SHUT_WR)

    assert 2 == rest(plug).count(NOT_SIGNED)


def test_who_closes_its_half_without_a_word_is_let_go(plug):
    plug.shutdown(socket.SHUT_WR)

    assert b"" == rest(plug)


def test_who_closes_its_half_in_mid_request_is_let_go(plug):
    plug.sendall(b"POST /v3/security/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    plug.shutdown(socket.SHUT_WR)

    assert b"" == rest(plug)


def test_a_body_in_chunks_and_headers_in_any_spelling(sandbox, plug):
    body = b'{"echo_message":"x"}'
    signed = sandbox.authorization("POST", "/v3/security/echo", body).encode()
    plug.sendall(
        b"POST /v3/security/echo HTTP/1.1\r\ncontent-TYPE: application/json\r\nHOST: x\r\n"
        b"accept: application/json, text/plain, */*\r\nuser-agent: axios\r\nAUTHORIZATION: "
        + signed + b"\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        b"5\r\n" + body[:5] + b"\r\n" + f"{len(body) - 5:x}".encode() + b"\r\n" + body[5:]
        + b"\r\n0\r\n\r\n"
    )  # fmt: skip

    assert rest(plug).startswith(b"HTTP/1.1 200 ")


def test_an_offer_to_speak_something_newer_is_passed_over(plug, caplog):
    offer = b"Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    plug.sendall(GET + offer + b"Connection: Upgrade, HTTP2-Settings, close\r\n\r\n")
    plug.shutdown(socket.SHUT_WR)

    assert rest(plug).startswith(NOT_SIGNED)
    assert [] == caplog.messages


def test_a_caller_that_does_not_trust_us_harms_nobody(sandbox, plug):
    stranger = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        stranger.wrap_socket(plug, server_hostname=HOST)

    assert 200 == sandbox.http.get("/control/clock").status_code


@pytest.mark.parametrize(
    "noise", [b"\x00\x01\x02\r\n\r\n", b"\x16\x03\x01nonsense", b"hello\r\n\r\n"]
)
def test_noise_harms_nobody(sandbox, plug, noise):
    plug.sendall(noise)
    plug.shutdown(socket.SHUT_WR)
    rest(plug)

    assert 200 == sandbox.http.get("/control/clock").status_code


def test_a_timeout_is_an_answer_that_does_not_come(sandbox):
    sandbox.control("/faults", {"fault": "timeout", "on": "next", "match": "jsapi", "done": True})

    sandbox.http.timeout = 0.3
    with pytest.raises(httpx.ReadTimeout):
        sandbox.call("POST", "/v3/pay/transactions/jsapi", sandbox.prepay_body("timeout001"))
    sandbox.http.timeout = WAIT_S
    target = f"/v3/pay/transactions/out-trade-no/timeout001?mchid={sandbox.config['mchid']}"
    until(lambda: 200 == sandbox.call("GET", target).status_code)
    assert "NOTPAY" == sandbox.call("GET", target).json()["trade_state"]
