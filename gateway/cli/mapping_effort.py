"""What mapping files take a citizen, as lines: the count beside the promise and the neighbours, and every entry on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from gateway.effort_view import draw_labels
from services.catalogue import read_mappings
from services.effort_rules import Standing, compare_neighbours
from services.errors import ConfigurationFault
from services.mapping import ServiceMapping
from services.mapping_files import FolderDocuments


def describe_files(files: Sequence[Path], *, entries: bool = False) -> Iterator[str]:
    """Lines about these files, or about all in ``config/mappings``; the shipped services are their neighbours.

    Raises ``ConfigurationFault`` with every fault of the files.
    """
    shipped = _read(sorted(MAPPINGS_FOLDER.glob("*.yaml")))
    given = _read(list(files)) if files else shipped
    standings = compare_neighbours({**shipped, **given}.values())
    for name, mapping in sorted(given.items(), key=lambda one: (one[1].kind, one[0])):
        yield from _describe(mapping, standings.get(name), entries=entries)


def _read(paths: Sequence[Path]) -> Mapping[str, ServiceMapping]:
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise ConfigurationFault("\n".join(f"{path}: no file that can be read" for path in missing))
    services, faults = read_mappings(paths, load_vocabulary(), FolderDocuments(MAPPINGS_FOLDER))
    if faults:
        raise ConfigurationFault("\n".join(str(fault) for fault in faults))
    return services


def _describe(mapping: ServiceMapping, standing: Standing | None, *, entries: bool) -> Iterator[str]:
    promise = mapping.effort
    yield f"{mapping.id} ({mapping.kind}): promises at most {promise['clicks']} clicks, {promise['trips']} trips"
    for shown in draw_labels(mapping):
        figures = ", ".join(f"{count} {words[1]}" for count, words in shown.figures)
        yield f"  {shown.doors[1]}: {figures}{'; click once' if shown.click_once else ''}"
        for line in shown.lines if entries else ():
            ground = f" ({line.ground})" if line.ground else ""
            yield f"    {line.count} {line.sort[1]}, {line.when[1]}: {line.what[0]} {line.what[1]}: {line.why[1]}{ground}"
    if standing is not None and standing.stands_out:
        yield (
            f"  stands out: {standing.acts} clicks and fields, {standing.trips} trips; the medians of {standing.neighbours} others"
            f" of its kind are {standing.middle_acts:g} and {standing.middle_trips:g}"
        )
