"""Personal data of parties: ciphertext only, found again by a blind index."""

import enum


class Field(enum.IntEnum):
    """What a row of the vault is; the number is stored."""

    OPENID = 1
    NAME = 2
    ID_NUMBER = 3
    PHONE = 4
