"""Checking mapping files without a running service: what the reader says, and what their documents (WSDL, OpenAPI) say of their calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from config.strict_yaml import Fault
from gateway.workshop import check_documents
from services.catalogue import read_mappings
from services.mapping_files import FolderDocuments


def check_files(files: Sequence[Path]) -> tuple[list[Fault], int]:
    """Every fault of these files, or of all mappings in ``config/mappings``, in their order; and how many were checked.

    A folder stands for its ``*.yaml``. Ids are compared among the files of this call; what they refer to lies below
    ``config/mappings``, wherever they lie themselves. Raises ``ConfigurationFault`` if the vocabulary itself is faulty.
    """
    paths = list(_list_files(files or [MAPPINGS_FOLDER]))
    readable = [path for path in paths if path.is_file()]
    unread = set(paths).difference(readable)
    faults = [Fault(str(path), 1, "", "no file that can be read", "a mapping file") for path in unread]
    services, found = read_mappings(readable, load_vocabulary(), FolderDocuments(MAPPINGS_FOLDER))
    faults += found
    named = {mapping.id: path for path in readable for mapping in [services.get(path.stem)] if mapping is not None}
    for service, path in named.items():
        if services[service].documents:
            faults += check_documents(str(path), path.read_bytes(), services[service])
    order = {str(path): index for index, path in enumerate(paths)}
    return sorted(faults, key=lambda fault: (order.get(fault.file, 0), fault.line)), len(paths)


def _list_files(files: Sequence[Path]) -> Iterator[Path]:
    for file in files:
        if file.is_dir():
            yield from sorted(file.glob("*.yaml"))
        else:
            yield file
