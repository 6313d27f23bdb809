"""Personal data open only with their key, and a wrong one is told before anything is served."""

import asyncio
import os
import re

import pytest
from tests.serve.partner import OPENID, VAULT_KEY, WalletApi, account, wallet_settings

from jiehuan.channels.wechat_settings import Settings
from jiehuan.core.errors import InvariantBroken, UsageError
from jiehuan.serve.app import create_app
from jiehuan.serve.vault import KEY_BYTES, KEY_FILE, Vault, VaultKeyWrong, derived, key_of
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session
from jiehuan.store.vault import Field

OTHER_KEY = bytes(32)
PERSON = {Field.NAME: "林小满", Field.ID_NUMBER: "11010519491231002X", Field.PHONE: "13800138000"}


@pytest.fixture
def vault():
    """The vault of a book."""
    return Vault(VAULT_KEY, 1)


# --- Locks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "林小满", "x" * 10_000])
def test_what_is_locked_opens_with_the_key(vault, text):
    sealed = vault.seal(7, Field.NAME, text)

    assert vault.open(7, Field.NAME, sealed.ciphertext) == text
    assert sealed.blind_index is None


def test_the_same_value_is_locked_otherwise_each_time_and_found_by_the_same_index(vault):
    one, two = (vault.seal(7, Field.OPENID, OPENID) for _ in range(2))

    assert one.ciphertext != two.ciphertext
    assert one.blind_index == two.blind_index
    assert OPENID.encode() not in one.ciphertext + (one.blind_index or b"")


def test_nothing_opens_with_another_key_in_another_place_or_changed(vault):
    sealed = vault.seal(7, Field.NAME, "林小满").ciphertext
    wrong = [
        (Vault(OTHER_KEY, 1), 7, Field.NAME, sealed),
        (Vault(VAULT_KEY, 2), 7, Field.NAME, sealed),
        (vault, 8, Field.NAME, sealed),
        (vault, 7, Field.PHONE, sealed),
        (vault, 7, Field.NAME, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (vault, 7, Field.NAME, b""),
    ]

    for other, party, field, ciphertext in wrong:
        with pytest.raises(VaultKeyWrong, match="another one"):
            other.open(party, field, ciphertext)


def test_a_party_is_the_same_number_each_time_and_another_one_under_another_key(vault):
    number = vault.party_of(OPENID)

    assert 0 < number < 2**52
    assert Vault(VAULT_KEY, 2).party_of(OPENID) == number
    assert len({number, vault.party_of(OPENID + "x"), Vault(OTHER_KEY, 1).party_of(OPENID)}) == 3


def test_each_use_has_a_key_of_its_own():
    assert len({derived(VAULT_KEY, use) for use in ("vault", "index", "party", "session")}) == 4


# --- The key's file -----------------------------------------------------------------------------


def test_a_key_is_made_once_for_nobody_else_to_read(tmp_path):
    key = key_of(tmp_path, "", fresh=True)

    assert len(key) == KEY_BYTES
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert key_of(tmp_path, "", fresh=False) == key
    assert key_of(tmp_path, OTHER_KEY.hex(), fresh=False) == OTHER_KEY


def short(file):
    """Cut the last byte off."""
    file.write_bytes(VAULT_KEY[:-1])


def readable(file):
    """Let others read it."""
    file.write_bytes(VAULT_KEY)
    file.chmod(0o640)


def folder(file):
    """Be no file."""
    file.mkdir()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (short, "must hold 32 bytes, not 31"),
        (readable, r"can be read by others \(mode 0640\): chmod 600"),
        (folder, "cannot be read: Is a directory"),
        (lambda _: None, "is missing: without it personal data stay locked"),
    ],
)
def test_a_key_file_that_is_wrong_or_missing_is_told(tmp_path, wrong, said):
    old = os.umask(0o077)
    try:
        wrong(tmp_path / KEY_FILE)
    finally:
        os.umask(old)

    with pytest.raises(VaultKeyWrong, match=f"^{re.escape(str(tmp_path / KEY_FILE))} {said}"):
        key_of(tmp_path, "", fresh=False)


@pytest.mark.parametrize(
    ("named", "said"),
    [("xyz", "must be hexadecimal digits"), ("00" * 31, "64 hexadecimal digits, not 62")],
)
def test_a_key_that_is_named_wrongly_is_told(named, said):
    with pytest.raises(VaultKeyWrong, match=f"JIEHUAN_VAULT_KEY.* {said}"):
        key_of(None, named, fresh=True)


def test_a_database_of_somebody_else_has_its_key_named():
    with pytest.raises(VaultKeyWrong, match="set JIEHUAN_VAULT_KEY"):
        key_of(None, "", fresh=True)


# --- People in the book -------------------------------------------------------------------------


def remember(api, party, fields):
    asyncio.run(api.wallet.remember(party, fields))


def test_people_are_remembered_and_nothing_of_them_is_readable_in_the_database(beside):
    party = beside.wallet.party_of(OPENID)
    remember(beside, party, {Field.OPENID: OPENID, **PERSON})
    remember(beside, party, {Field.OPENID: OPENID, Field.PHONE: "13900139000"})

    known = asyncio.run(beside.wallet.recall(party))

    assert known == {Field.OPENID: OPENID, **PERSON, Field.PHONE: "13900139000"}
    assert asyncio.run(beside.wallet.recall(party + 1)) == {}
    with connect(beside.dsn, Session.OWNER) as conn:
        rows = conn.execute("SELECT ciphertext, blind_index FROM vault").fetchall()
        parties = conn.execute(
            "SELECT id, kind FROM party WHERE book = %s", [beside.number]
        ).fetchall()
    stored = b"".join(bytes(value) for row in rows for value in row if value)
    assert [(party, 1)] == parties
    assert not [text for text in known.values() if text.encode() in stored]


def test_one_number_never_becomes_two_people(beside):
    party = beside.wallet.party_of(OPENID)
    remember(beside, party, {Field.OPENID: OPENID})

    with pytest.raises(InvariantBroken, match="another openid"):
        remember(beside, party, {Field.OPENID: "oSomebody-else"})

    assert {Field.OPENID: OPENID} == asyncio.run(beside.wallet.recall(party))


def test_a_value_that_was_damaged_holds_up_nobody_elses_task(beside):
    damaged, other = beside.person(), beside.person("oSomebody-else")
    orders = [beside.collect(damaged, 100), beside.collect(other, 200)]
    party = beside.wallet.party_of(OPENID)
    with connect(beside.dsn, Session.OWNER) as conn:
        conn.execute(
            "UPDATE vault SET ciphertext = 'x' WHERE book = %s AND party = %s AND field = 1",
            [beside.number, party],
        )

    found = [(task["id"], task["openid"]) for task in beside.due()]

    assert [(orders[0], ""), (orders[1], "oSomebody-else")] == found


# --- Whom a service may stand beside --------------------------------------------------------------


def test_a_service_with_another_key_than_the_data_were_locked_with_is_not_begun(beside):
    beside.person()

    with pytest.raises(VaultKeyWrong, match=f"personal data of book {beside.number} do not open"):
        create_app(beside.service, wallet=wallet_settings(vault_key=OTHER_KEY))
    with pytest.raises(VaultKeyWrong, match="has 32 bytes, not 5"):
        create_app(beside.service, wallet=wallet_settings(vault_key=b"short"))


def test_a_book_that_dreams_its_days_does_not_talk_to_a_live_channel(an_api):
    live = Settings.from_json(account(base_url="https://api.mch.weixin.qq.com"))
    settings = wallet_settings(settings=live)

    with pytest.raises(UsageError, match="moves real money, and the book is on a virtual clock"):
        create_app(an_api().service, wallet=settings)
    create_app(an_api(virtual=False).service, wallet=settings)


def test_without_a_token_there_is_no_desk(an_api):
    api = an_api(kind=WalletApi)
    api.app = create_app(api.service, wallet=wallet_settings(courier_token=""))

    assert api.courier("GET", "/due", token="").status_code == 404
    assert api.ask("POST", "/wechat/notify", content=b"{}").status_code == 401
