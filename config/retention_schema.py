"""The shape of ``config/retention.yaml``: for each class of data what it is, how long it is kept from when, under which law, what happens then.

Pure data. Every table of the store that may hold something of a person stands in exactly one class; a test compares the list with the database.
"""

from __future__ import annotations

from config.shapes import TEXTS, Choice, Listing, Record, Table, Text, Whole

DUTIES = ("salts", "account_events", "request_words")
"""What the worker's daily duty knows how to end."""
THEN = ("kept", "erased", "erased_by_setting")
"""``kept``: no end is set; ``erased``: by the duty that is named; ``erased_by_setting``: by the setting that is named."""

RETENTION_CLASS = Record(
    {
        "title": TEXTS,
        "what": TEXTS,
        "law": Text(max_length=200),
        "from": TEXTS,
        "then": Choice(THEN),
        "on_closing": Choice(("erased", "unlinked", "kept")),
        "tables": Listing(Text(r"[a-z_]+", "the name of a table", 60), 1),
    },
    {"days": Whole(1, 36_500), "duty": Choice(DUTIES), "setting": Text(r"GUITAI_[A-Z_]+", "the name of a setting", 60)},
)
RETENTION = Record(
    {
        "answer_days": Whole(1, 60),
        "urgent_days": Whole(0, 60),
        "classes": Table(RETENTION_CLASS, r"[a-z][a-z0-9]*(-[a-z0-9]+)*", 1),
    }
)
"""``answer_days``: within how many working days a request of a citizen is answered; ``urgent_days``: from how many before its end it is orange."""
