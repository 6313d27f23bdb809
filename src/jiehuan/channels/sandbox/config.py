"""What does a program need to know to be a merchant of this sandbox?"""

import shlex
from pathlib import Path
from typing import Any, Final

from jiehuan.channels.sandbox.keys import Keys, certificate_pem, private_pem, public_pem
from jiehuan.channels.sandbox.people import People

# Sends the programs of Node.js over that know of no proxy.
NODE_PRELOAD: Final = Path(__file__).with_name("redirect.cjs")


def base_url(port: int) -> str:
    """Return where a sandbox on a port of this machine answers."""
    return f"http://127.0.0.1:{port}"


def config(keys: Keys, people: People, port: int, mode: str) -> dict[str, Any]:
    """Return everything as one JSON object; secrets too, as they guard nothing real.

    Args:
        keys: Of the data directory.
        people: Who there is.
        port: Where the sandbox listens, or will.
        mode: Which keys the merchant has.
    """
    base = base_url(port)
    return {
        "base_url": base,
        "proxy_url": base,
        "ca_pem_path": str(keys.ca_file.absolute()),
        "env": env_lines(keys, base),
        "mchid": people.merchant.mchid,
        "appid": people.merchant.appid,
        "appsecret": keys.appsecret,
        "apiv3_key": keys.apiv3_key,
        "merchant_serial": keys.merchant_serial,
        "merchant_private_key_pem": private_pem(keys.merchant).decode(),
        "merchant_certificate_pem": certificate_pem(keys.merchant_certificate).decode(),
        "platform_public_key_id": keys.public_key_id,
        "platform_public_key_pem": public_pem(keys.public).decode(),
        "platform_serial": keys.platform_serial,
        "platform_certificate_pem": certificate_pem(keys.platform_certificate).decode(),
        "keys": mode,
        "control_url": f"{base}/control",
        "authorize_url": f"{base}/connect/oauth2/authorize",
        "token_url": f"{base}/sns/oauth2/access_token",
        "cashier_url": f"{base}/cashier",
        "confirm_url": f"{base}/confirm",
        "shim_url": f"{base}/shim/weixin.js",
        "openids": list(people.persons),
    }


def env_lines(keys: Keys, base: str) -> list[str]:
    """Return the lines that send an unmodified program over, for a shell to read.

    The first is for every language; the others are the names by which Python, Node.js, OpenSSL
    and Go, and curl are told of an authority.  The last is for Node.js below 24, whose own HTTP
    knows no proxies.
    """
    ca = str(keys.ca_file.absolute())
    preload = str(NODE_PRELOAD.absolute())
    told = {
        "HTTPS_PROXY": base,
        "NO_PROXY": "127.0.0.1,localhost",
        "REQUESTS_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
        "SSL_CERT_FILE": ca,
        "CURL_CA_BUNDLE": ca,
        "NODE_OPTIONS": f'--require "{preload}"' if " " in preload else f"--require {preload}",
    }
    return [f"export {name}={shlex.quote(value)}" for name, value in told.items()]
