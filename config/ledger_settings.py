"""Settings of the tree over the ledger: the sequencer's, the key of promises, and the public keys that are told to others."""

from __future__ import annotations

from collections.abc import Mapping

from config.setting_readers import read_seconds, read_words
from config.setting_variable import Variable

LEDGER_VARIABLES: Mapping[str, Variable] = {
    "ledger_key": Variable(
        "GUITAI_LEDGER_KEY",
        read_words,
        "The key with which the sequencer signs checkpoints, one line PRIVATE+KEY+origin+hash+base64; its name is the log's origin.",
        "",
        secret=True,
    ),
    "promise_key": Variable(
        "GUITAI_PROMISE_KEY",
        read_words,
        "The key with which the public app signs promises, one line PRIVATE+KEY+origin/promise+hash+base64; without it nothing is promised.",
        "",
        secret=True,
    ),
    "ledger_public_key": Variable(
        "GUITAI_LEDGER_PUBLIC_KEY",
        read_words,
        "What verifies the log's checkpoints, one line origin+hash+base64; the web app publishes it.",
        "",
    ),
    "promise_public_key": Variable(
        "GUITAI_PROMISE_PUBLIC_KEY",
        read_words,
        "What verifies promises, one line origin/promise+hash+base64; the web app publishes it.",
        "",
    ),
    "checkpoint_seconds": Variable(
        "GUITAI_CHECKPOINT_SECONDS",
        read_seconds,
        "How often the sequencer gives places and signs a checkpoint; records must have theirs after 60 seconds.",
        "10",
    ),
}
"""By attribute name of ``settings.Settings``."""
