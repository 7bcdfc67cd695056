"""Checking mapping files without a running service: what the reader says, and what their documents (WSDL, OpenAPI) say of their calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from config.strict_yaml import Document, Fault, read_document
from services.catalogue import read_mappings
from services.errors import ConfigurationFault
from services.mapping import BackEndSpec, ServiceMapping
from services.mapping_files import FolderDocuments
from services.model import BackEndAddress

NOWHERE = UUID(int=0)


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


def check_documents(file: str, content: bytes, mapping: ServiceMapping) -> list[Fault]:
    """What the documents of a mapping that has no other fault say against it: not well-formed, or a call that they do not know."""
    own = mapping.back_end.name
    places = {own: "back_end"} | {name: f"further_back_ends[{at}]" for at, name in enumerate(mapping.further_back_ends)}
    asked = [(spec, fault) for spec in mapping.connections().values() for fault in _ask_documents(mapping, spec)]
    document = read_document(file, content if asked else b"{}")
    return [_tell(document, places[spec.name], spec, fault) for spec, fault in asked]


def _tell(document: Document, place: str, spec: BackEndSpec, fault: str) -> Fault:
    key = "wsdl" if spec.wsdl else "openapi"
    return document.fault(
        f"{place}.{key}", f"a document that does not fit ({fault})", "one that knows every call to this back end"
    )


def _ask_documents(mapping: ServiceMapping, spec: BackEndSpec) -> Iterator[str]:
    """The libraries that read these documents are loaded here, for mappings that have one."""
    from adapters.backends.factory import WIRES, Place

    if not spec.wsdl and not spec.openapi:
        return
    try:
        address = BackEndAddress(NOWHERE, spec.name, "http://back-end.invalid/", {}, {})
        wire = WIRES[spec.connector](Place(spec, address, mapping.documents))
    except ConfigurationFault as fault:
        yield str(fault)
        return
    for operation in mapping.back_end.operations.values():
        for call in operation.calls:
            try:
                if call.back_end == spec.name:
                    wire.require_known(call)
            except ConfigurationFault as fault:
                yield str(fault)
