"""The settings of an account: each thing that is wrong is told by its name."""

import contextlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.channels import keys

from jiehuan.channels.wechat_settings import Settings, is_loopback, refuse_live
from jiehuan.core.errors import UsageError


def test_what_the_sandbox_prints_is_read_whole(pairs, tmp_path):
    told = pairs.settings() | {"openids": {"小美": "o-1", "阿强": "o-2"}, "shim_url": "http://x"}
    (tmp_path / "wechat.json").write_text(json.dumps(told), encoding="utf-8")

    settings = Settings.from_file(tmp_path / "wechat.json")

    assert ("1900000001", ("o-1", "o-2"), "http://x") == (
        settings.mchid,
        settings.openids,
        settings.shim_url,
    )
    assert not settings.is_live


def test_a_pem_may_lie_beside_the_file(pairs, tmp_path):
    told = pairs.settings()
    (tmp_path / "key.pem").write_text(told["merchant_private_key_pem"], encoding="ascii")
    (tmp_path / "wechat.json").write_text(
        json.dumps(told | {"merchant_private_key_pem": "key.pem"}), encoding="utf-8"
    )

    settings = Settings.from_file(tmp_path / "wechat.json")

    assert told["merchant_private_key_pem"].strip() == settings.merchant_private_key_pem


def test_secrets_are_not_shown(pairs):
    shown = repr(Settings.from_json(pairs.settings()))

    assert "PRIVATE" not in shown
    assert keys.APIV3_KEY not in shown


EC_PEM = keys.private_pem(ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mchid": None}, "mchid is missing"),
        ({"mchid": 1900000001}, "mchid must be text, not int"),
        ({"appid": " "}, "appid is empty"),
        ({"apiv3_key": "short"}, "apiv3_key must have 32 bytes, not 5"),
        ({"merchant_serial": "xyz"}, "merchant_serial must be hexadecimal, not 'xyz'"),
        ({"merchant_private_key_pem": None}, "merchant_private_key_pem is missing"),
        ({"merchant_private_key_pem": EC_PEM}, "merchant_private_key_pem is not an RSA key"),
        ({"merchant_private_key_pem": "nowhere.pem"}, "nowhere.pem cannot be read: No such file"),
        ({"platform_public_key_id": None}, "platform_public_key_id are given together"),
        ({"platform_public_key_id": "42"}, "must begin with PUB_KEY_ID_, not '42'"),
        ({"platform_serial": "99"}, "it does not fit platform_serial"),
        ({"keys": "some"}, "keys must be one of certificate, public, both, not 'some'"),
        ({"base_url": "http://api.example"}, "base_url must begin with https://"),
        ({"read_timeout_s": "8"}, "read_timeout_s must be a number"),
        ({"read_timeout_s": 0}, "read_timeout_s must be more than 0 and at most 60"),
        ({"merchant_certificate_pem": "x.pem"}, "merchant_certificate_pem: x.pem cannot be read"),
        ({"openids": 7}, "openids must be a list of texts"),
        ({"transfer_scene_report_infos": [{}]}, "a list of info_type and info_content"),
    ],
)
def test_a_wrong_field_is_named(pairs, wrong, said):
    with pytest.raises(UsageError) as refused:
        Settings.from_json(pairs.settings() | wrong)

    assert said in str(refused.value)


# field, whose PEM lies there by mistake, what is said
SWAPPED = [
    ("merchant_private_key_pem", "platform_public_key_pem", "it calls itself PUBLIC KEY"),
    ("merchant_private_key_pem", "platform_certificate_pem", "it calls itself CERTIFICATE"),
    ("platform_public_key_pem", "merchant_private_key_pem", "it calls itself PRIVATE KEY"),
    ("platform_public_key_pem", "platform_certificate_pem", "it calls itself CERTIFICATE"),
    ("platform_certificate_pem", "platform_public_key_pem", "it calls itself PUBLIC KEY"),
]


@pytest.mark.parametrize(("field", "other", "said"), SWAPPED)
def test_a_pem_in_the_wrong_field_is_told_by_what_it_calls_itself(pairs, field, other, said):
    told = pairs.settings()

    with pytest.raises(UsageError, match=f"{field} is no .*, {said}"):
        Settings.from_json(told | {field: told[other]})


def test_our_own_key_in_the_platforms_place_is_told(pairs):
    own = {"platform_public_key_pem": keys.public_pem(pairs.merchant)}

    with pytest.raises(UsageError, match="platform_public_key_pem is the merchant's own key"):
        Settings.from_json(pairs.settings() | own)


def test_our_own_certificate_in_the_platforms_place_is_told(pairs):
    mine = keys.certificate(pairs.merchant).public_bytes(serialization.Encoding.PEM).decode()
    own = {"platform_certificate_pem": mine}

    with pytest.raises(UsageError, match="platform_certificate_pem is the merchant's own"):
        Settings.from_json(pairs.settings() | own)


def test_a_key_that_is_not_the_merchants_certificates_is_told(pairs):
    told = pairs.settings()
    good = int(keys.MERCHANT_SERIAL, 16)
    cases = [
        (pairs.merchant, good, ""),
        (pairs.platform, good, "merchant_private_key_pem is not the key of merchant_certificate"),
        (pairs.merchant, 255, "has the serial FF, not 7777"),
    ]

    for key, serial, said in cases:
        pem = keys.certificate(key, serial).public_bytes(serialization.Encoding.PEM).decode()
        with pytest.raises(UsageError, match=said) if said else contextlib.nullcontext():
            Settings.from_json(told | {"merchant_certificate_pem": pem})


def test_without_a_key_of_the_platform_nothing_could_be_verified(pairs):
    none = {"platform_public_key_pem": "", "platform_public_key_id": "",
            "platform_certificate_pem": ""}  # fmt: skip

    with pytest.raises(UsageError, match="without either no answer can be verified"):
        Settings.from_json(pairs.settings() | none)


@pytest.mark.parametrize(
    ("content", "said"), [("[]", "does not hold one JSON object"), ("{", "is not JSON")]
)
def test_a_file_that_holds_something_else_is_named(tmp_path, content, said):
    (tmp_path / "wechat.json").write_text(content, encoding="utf-8")

    with pytest.raises(UsageError, match=f"wechat.json {said}"):
        Settings.from_file(tmp_path / "wechat.json")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.json cannot be read: No such file"):
        Settings.from_file(Path(tmp_path / "gone.json"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8010", True),
        ("http://127.1.2.3", True),
        ("http://[::1]:80", True),
        ("http://localhost:9", True),
        ("https://api.mch.weixin.qq.com", False),
        ("https://127.0.0.1.example", False),
        ("https://localhost.example", False),
        ("https://user@example:1/127.0.0.1", False),
        ("", False),
    ],
)
def test_which_address_is_this_machine(url, expected):
    assert expected == is_loopback(url)


def test_a_book_on_a_virtual_clock_never_meets_a_live_channel(pairs):
    live = Settings.from_json(pairs.settings("https://api.mch.weixin.qq.com"))
    sandbox = Settings.from_json(pairs.settings())

    for settings, virtual in [(live, False), (sandbox, False), (sandbox, True)]:
        refuse_live(settings, virtual=virtual)
    with pytest.raises(UsageError, match=r"api\.mch\.weixin\.qq\.com moves real money"):
        refuse_live(live, virtual=True)
