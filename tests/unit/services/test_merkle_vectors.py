"""The tree against trees of others: the known one of Certificate Transparency with its corrupted proofs, and a real log of 962 M leaves."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest

from services.merkle import (
    Frontier,
    Node,
    check_consistency,
    check_inclusion,
    compute_root,
    grow,
    hash_leaf,
    prove_consistency,
    prove_inclusion,
)
from tests.published_vectors import read_vectors

KNOWN, ARGON = read_vectors("merkle_transparency_dev"), read_vectors("ct_argon2020")
LEAVES = [hash_leaf(bytes.fromhex(leaf)) for leaf in KNOWN["leaves"]]
ROOTS = [bytes.fromhex(root) for root in KNOWN["roots"]]
SOME, EMPTY = bytes.fromhex(KNOWN["some_hash"]), ROOTS[0]


class KnownNodes:
    """The published nodes."""

    def read_nodes(self, nodes: Sequence[Node]) -> list[bytes]:
        return [bytes.fromhex(KNOWN["nodes"][level][index]) for level, index in nodes]


def unhex(hashes: Sequence[str]) -> list[bytes]:
    """Hashes in hex."""
    return [bytes.fromhex(one) for one in hashes]


def flip(proof: Sequence[bytes], place: int, bit: int) -> list[bytes]:
    """One bit in the first byte of one hash changed."""
    return [*proof[:place], bytes([proof[place][0] ^ bit]) + proof[place][1:], *proof[place + 1 :]]


def test_the_known_tree_has_its_published_hashes() -> None:
    """Leaves, all complete nodes, and the root of each size."""
    frontier, rows = grow(Frontier(), LEAVES)
    assert [[one.hex() for one in rows[level]] for level in sorted(rows)] == KNOWN["nodes"]
    assert frontier.root == ROOTS[8]
    assert [compute_root(LEAVES[:size]) for size in range(9)] == ROOTS


@pytest.mark.parametrize("case", KNOWN["inclusion"], ids=lambda case: f"{case['leaf_index']}-{case['tree_size']}")
def test_published_inclusion_proofs_hold_and_their_corruptions_do_not(case: dict[str, int]) -> None:
    """The proof is the one we make; each corruption of the published list is false."""
    index, size, proof = (
        case["leaf_index"],
        case["tree_size"],
        unhex(KNOWN["inclusion"][KNOWN["inclusion"].index(case)]["proof"]),
    )
    leaf, root = LEAVES[index], ROOTS[size]
    assert prove_inclusion(index, size, KnownNodes()) == proof
    assert check_inclusion(index, size, leaf, proof, root)
    wrong = [
        (index - 1, size, leaf, proof, root), (index + 1, size, leaf, proof, root), (index ^ 2, size, leaf, proof, root),
        (index, size * 2, leaf, proof, root), (index, size // 2, leaf, proof, root), (index, size, b"WrongLeaf", proof, root),
        (index, size, leaf, proof, EMPTY), (index, size, leaf, proof, SOME), (index, size, leaf, [*proof, b""], root),
        (index, size, leaf, [*proof, root], root), (index, size, leaf, [b"", *proof], root), (index, size, leaf, [root, *proof], root),
        *((index, size, leaf, flip(proof, place, 8), root) for place in range(len(proof))),
    ]  # fmt: skip
    wrong += [(index, size, leaf, proof[:-1], root)] if proof else []
    wrong += [(index, size, leaf, [proof[0], SOME, *proof[1:]], root)] if len(proof) > 1 else []
    assert [number for number, one in enumerate(wrong) if check_inclusion(*one)] == []


@pytest.mark.parametrize("case", KNOWN["consistency"], ids=lambda case: f"{case['old_size']}-{case['new_size']}")
def test_published_consistency_proofs_hold_and_their_corruptions_do_not(case: dict[str, int]) -> None:
    """The proof is the one we make; each corruption of the published list is false."""
    old, new, proof = (
        case["old_size"],
        case["new_size"],
        unhex(KNOWN["consistency"][KNOWN["consistency"].index(case)]["proof"]),
    )
    one, two = ROOTS[old], ROOTS[new]
    assert prove_consistency(old, new, KnownNodes()) == proof
    assert check_consistency(old, new, one, two, proof)
    if not proof:
        return
    wrong = [
        (old - 1, new, one, two, proof), (old + 1, new, one, two, proof), (old ^ 2, new, one, two, proof),
        (old, new * 2, one, two, proof), (old, new // 2, one, two, proof), (old, new, b"WrongRoot", two, proof),
        (old, new, one, b"WrongRoot", proof), (old, new, two, one, proof), (old, new, one, two, []), (old, new, one, two, [*proof, b""]),
        (old, new, one, two, [*proof, one]), (old, new, one, two, [*proof, two]), (old, new, one, two, [b"", *proof]),
        (old, new, one, two, [one, *proof]), (old, new, one, two, [two, *proof]), (old, new, one, two, [proof[0], *proof]),
        (old, new, one, two, proof[:-1]), *((old, new, one, two, flip(proof, place, 16)) for place in range(len(proof))),
    ]  # fmt: skip
    assert [number for number, asked in enumerate(wrong) if check_consistency(*asked)] == []


@pytest.mark.parametrize(("index", "size"), KNOWN["empty_inclusion_probes"])
def test_nothing_is_included_without_a_tree(index: int, size: int) -> None:
    """The published probes with an empty proof and roots and leaves that are none."""
    for leaf, root in ((SOME, b""), (b"", EMPTY), (SOME, EMPTY), (b"", b"")):
        assert not check_inclusion(index, size, leaf, [], root)


@pytest.mark.parametrize("case", KNOWN["consistency_without_tree"], ids=range(len(KNOWN["consistency_without_tree"])))
def test_published_cases_without_a_tree(case: dict[str, str]) -> None:
    """As published, but that an empty tree is consistent with itself: from size 0 nothing is proven here."""
    one, two = (EMPTY if case[name] == "empty" else hash_leaf(case[name].encode()) for name in ("old_root", "new_root"))
    held = check_consistency(int(case["old_size"]), int(case["new_size"]), one, two, [EMPTY] * int(case["proof"]))
    assert held == (not case["fails"] and int(case["old_size"]) > 0)


def test_proofs_of_a_real_log_hold() -> None:
    """Google's Argon 2020: a certificate among 961,984,013, and an older head of the same tree; any bit changed is false."""
    leaf, root, old_root = (base64.b64decode(ARGON[name]) for name in ("leaf", "root", "old_root"))
    proof, steps = ([base64.b64decode(one) for one in ARGON[name]] for name in ("inclusion", "consistency"))
    size, index, old = ARGON["tree_size"], ARGON["leaf_index"], ARGON["old_size"]
    assert check_inclusion(index, size, hash_leaf(leaf), proof, root)
    assert check_consistency(old, size, old_root, root, steps)
    for place in range(len(proof)):
        assert not check_inclusion(index, size, hash_leaf(leaf), flip(proof, place, 1), root)
    for place in range(len(steps)):
        assert not check_consistency(old, size, old_root, root, flip(steps, place, 1))
    assert not check_inclusion(index, size, hash_leaf(leaf + b"\x00"), proof, root)
    assert not check_consistency(old + 1, size, old_root, root, steps)
