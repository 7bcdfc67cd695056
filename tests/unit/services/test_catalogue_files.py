"""Files against the store: what is exported and imported again is the same catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mapping_files import read_mapping_folder, write_files
from services.catalogue_files import import_files, lay_out, list_drift, list_served
from services.mapping_record import digest_mapping
from tests.contract.mapping_samples import make_version
from tests.contract.offices import make_fake_offices, write_file

AGENCY = UUID(int=1)
NAMES = st.from_regex(r"[a-z]{1,4}-[a-z0-9]{1,4}", fullmatch=True)
PATHS = st.sampled_from(["a.wsdl", "b.xsd", "shared/a.wsdl", "shared/deep/c.json", "d.yaml"])
CATALOGUES = st.dictionaries(
    NAMES, st.tuples(st.integers(1, 99), st.booleans(), st.dictionaries(PATHS, st.binary(max_size=9), max_size=3)),
    max_size=6,
)  # fmt: skip


@given(CATALOGUES)
def test_nothing_is_lost_in_the_layout(catalogue: Mapping[str, tuple[int, bool, Mapping[str, bytes]]]) -> None:
    """Each service finds beside itself the very files that it was published with, whatever others call theirs."""
    versions = [
        make_version(AGENCY, version, f"{service}{version}".encode(), service, files)
        for service, (version, _, files) in sorted(catalogue.items())
    ]
    with TemporaryDirectory() as folder:
        write_files(Path(folder), lay_out(versions))
        read = {Path(file.place).stem: file for file in read_mapping_folder(Path(folder))}
        assert read.keys() == {version.service for version in versions}
        for version in versions:
            file = read[version.service]
            found = {path: file.documents[path] for path in version.documents}
            assert digest_mapping(file.content, found) == version.digest


@settings(max_examples=20, deadline=None)
@given(CATALOGUES)
def test_export_and_import_give_the_same_catalogue(
    catalogue: Mapping[str, tuple[int, bool, Mapping[str, bytes]]],
) -> None:
    """Into an empty store, byte for byte; what lies there agrees with the folder, and the folder again changes nothing."""
    here, there = make_fake_offices(), make_fake_offices()
    for service, (version, wider, _) in catalogue.items():
        here.desk.import_file(write_file(service, version, wider=wider), {})
    with TemporaryDirectory() as folder:
        write_files(Path(folder), lay_out(list_served(here.store)))
        files = read_mapping_folder(Path(folder))
        assert [one.fault for one in import_files(there.desk, files)] == [""] * len(catalogue)
        assert list_drift(there.desk, files) == list_drift(here.desk, files) == []
        assert [one.act for one in import_files(there.desk, files)] == [None] * len(catalogue)
    told = [[(one.service, one.version, one.content) for one in list_served(place.store)] for place in (here, there)]
    assert told[0] == told[1]
