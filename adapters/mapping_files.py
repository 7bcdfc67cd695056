"""Mapping files on disk: read with the files that they refer to, written as an export."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import config
from services.catalogue import read_vocabulary
from services.catalogue_files import APART, MappingFile
from services.errors import ConfigurationFault
from services.mapping_files import FolderDocuments, LayeredDocuments
from services.retention_rules import RetentionRules, read_retention
from services.vocabulary import Vocabulary

CONFIG_FOLDER = Path(str(config.__file__)).parent
MAPPINGS_FOLDER = CONFIG_FOLDER / "mappings"


def load_vocabulary() -> Vocabulary:
    """The words of the ledger. Raises ``ConfigurationFault`` with all faults."""
    words, faults = read_vocabulary(CONFIG_FOLDER / "vocabulary.yaml")
    if words is None:
        raise ConfigurationFault("\n".join(str(fault) for fault in faults))
    return words


def load_retention() -> RetentionRules:
    """What is kept, how long. Raises ``ConfigurationFault`` with all faults."""
    return read_retention(CONFIG_FOLDER / "retention.yaml")


def read_mapping_file(file: Path) -> MappingFile:
    """A mapping file; what it refers to lies beside it, or else in ``config/mappings``. Raises ``OSError``."""
    documents = LayeredDocuments(FolderDocuments(file.parent), FolderDocuments(MAPPINGS_FOLDER))
    return MappingFile(str(file), file.read_bytes(), documents)


def read_mapping_folder(folder: Path) -> list[MappingFile]:
    """Every ``*.yaml`` of a folder, and what an export laid apart; what they refer to lies beside each. Raises ``OSError``."""
    apart = [file for file in sorted(folder.glob(f"{APART}/*/*.yaml")) if file.stem == file.parent.name]
    files = [*sorted(folder.glob("*.yaml")), *apart]
    return [MappingFile(str(file), file.read_bytes(), FolderDocuments(file.parent)) for file in files]


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write an export into a folder that is new or empty. Raises ``ConfigurationFault`` for one that is not, ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigurationFault(f"{folder} is not empty: an export goes into a new folder")
    for path, body in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
