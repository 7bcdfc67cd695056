"""Settings of the witness's own process, and those by which others know it (docs/witness.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.setting_readers import read_integer, read_path, read_public_address, read_words
from config.setting_variable import Variable


def read_keys(text: str) -> tuple[str, ...]:
    """Verifier keys."""
    keys = tuple(one.strip() for one in text.split(",") if one.strip())
    for one in keys:
        if not re.fullmatch(r"[^\s+,]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*", one):
            raise ValueError("must be keys name+hash+base64, with commas between them")
    return keys


WITNESS_VARIABLES: Mapping[str, Variable] = {
    "witness_url": Variable(
        "GUITAI_WITNESS_URL",
        read_public_address,
        "Where the sequencer asks the witness for cosignatures; without it none are asked for, and every checkpoint is published at once.",
        "",
    ),
    "witness_key": Variable(
        "GUITAI_WITNESS_KEY",
        read_words,
        "The public key of the witness, name+hash+base64: a checkpoint without its cosignature is not published.",
        "",
    ),
    "witness_signing_key": Variable(
        "GUITAI_WITNESS_SIGNING_KEY",
        read_words,
        "The key with which the witness cosigns, one line PRIVATE+KEY+name+hash+base64; of the witness's own process only.",
        "",
        secret=True,
    ),
    "witness_log_keys": Variable(
        "GUITAI_WITNESS_LOG_KEYS",
        read_keys,
        "The public keys of the logs that the witness knows, with commas between them.",
        "",
    ),
    "witness_declarers": Variable(
        "GUITAI_WITNESS_DECLARERS",
        read_path,
        "File with the public keys of the people who may declare a restore from a backup, one a line; without it nobody may.",
        "",
    ),
    "witness_state": Variable(
        "GUITAI_WITNESS_STATE",
        read_path,
        "File in which the witness remembers what it has cosigned: on its own machine, never restored from a backup.",
        "var/witness.json",
    ),
    "witness_host": Variable("GUITAI_WITNESS_HOST", read_words, "Address on which the witness listens.", "127.0.0.1"),
    "witness_port": Variable(
        "GUITAI_WITNESS_PORT", read_integer(1, 65535), "Port on which the witness listens.", "8604"
    ),
}
"""By attribute name of ``settings.Settings``."""


def find_witness_faults(values: Mapping[str, object]) -> list[str]:
    """What contradicts itself among these settings, as far as they were read."""
    if {"witness_url", "witness_key"} <= values.keys() and values["witness_url"] and not values["witness_key"]:
        return ["GUITAI_WITNESS_KEY is not set, but GUITAI_WITNESS_URL is"]
    return []
