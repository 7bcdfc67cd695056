"""A WSDL (1.1) and the files that came with its mapping: read by zeep and by an XML Schema validator, never fetched from anywhere.

zeep knows messages but believes much of what it reads (any text as a boolean, an element in another namespace); so each message is
also validated by libxml2 against the same schemas, before it leaves and before it is believed. Document/literal only, which is what WS-I
Basic Profile and X-Road ask for: rpc, encoded messages and attachments are refused when the WSDL is read.

Measured (``docs/decisions/0074``): reading takes tens of milliseconds, so it is done once per set of files and process.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Error as ZeepError
from zeep.transports import Transport
from zeep.wsdl.bindings import Soap11Binding, Soap12Binding
from zeep.wsdl.messages import DocumentMessage

from services.errors import ConfigurationFault

ROOT = "file:///mapping/"
"""Where the mapping's files seem to lie; nothing of it exists."""
ACTION = re.compile(r"[\x21\x23-\x7e]*")
"""What may stand in quotes in the header ``SOAPAction`` or in the media type's ``action``: a URI, no quote, nothing that ends a line."""
XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL_NS = "{http://schemas.xmlsoap.org/wsdl/}"
SETTINGS = Settings(
    strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False, raw_response=False
)


class MappingDocuments(Transport):
    """zeep's transport: it knows the mapping's files and no network. The messages themselves travel on the project's HTTP client."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        super().__init__(session=_NoSession())
        self._documents = documents

    def load(self, url: str) -> bytes:
        """A file of the mapping. Raises ``ConfigurationFault`` for any other."""
        if not url.startswith(ROOT) or url.removeprefix(ROOT) not in self._documents:
            raise ConfigurationFault("it imports a file that did not come with the mapping")
        return self._documents[url.removeprefix(ROOT)]

    def get(self, *_arguments: Any, **_named: Any) -> NoReturn:
        """Nothing leaves here."""
        raise ConfigurationFault("zeep never sends")

    post = post_xml = get


class _NoSession:
    """Stands where zeep would make a session of its own."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def mount(self, *_arguments: Any) -> None:
        """Nothing is mounted."""

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class ReadWsdl:
    """A WSDL that was read: zeep's document and the validator of its schemas. Shared between threads, never changed."""

    file: str
    document: Any
    schema: etree.XMLSchema

    def find_binding(self, service: str, port: str) -> Any:
        """The SOAP binding of a service's port; names may be left out where there is one only. Raises ``ConfigurationFault``."""
        services = self.document.services
        found = services.get(service) if service else next(iter(services.values()), None)
        if found is None or (not service and len(services) > 1):
            raise ConfigurationFault(f"{self.file}: it has no such service, or several: state `service`")
        ports = {
            name: entry.binding
            for name, entry in found.ports.items()
            if isinstance(entry.binding, Soap11Binding | Soap12Binding)
        }
        binding = ports.get(port) if port else next(iter(ports.values()), None)
        if binding is None or (not port and len(ports) > 1):
            raise ConfigurationFault(f"{self.file}: its service has no such SOAP port, or several: state `port`")
        return binding

    def find_operation(self, binding: Any, name: str) -> Any:
        """An operation with one document as its request and one as its reply. Raises ``ConfigurationFault``."""
        try:
            operation = binding.get(name)
        except ValueError:
            raise ConfigurationFault(f"{self.file}: it has no operation {name}") from None
        for message in (operation.input, operation.output):
            if not isinstance(message, DocumentMessage) or message.body is None or message._is_body_wrapped:  # noqa: SLF001
                raise ConfigurationFault(f"{self.file}: {name} is not document/literal with one document each way")
        if not ACTION.fullmatch(operation.soapaction or ""):
            raise ConfigurationFault(
                f"{self.file}: the soapAction of {name} holds a character that its header cannot hold"
            )
        return operation

    def is_valid(self, document: Any) -> bool:
        """Whether a message is as the schemas say; what libxml2 gives up on (a pattern with too many states) is not."""
        try:
            return bool(self.schema.validate(document))
        except etree.XMLSchemaValidateError:
            return False


KEPT = 64
"""Sets of files that a process keeps read; the one that was not used for longest goes first."""
_read: dict[str, ReadWsdl] = {}
_lock = threading.Lock()


def read_wsdl(file: str, documents: Mapping[str, bytes]) -> ReadWsdl:
    """Read a WSDL once per set of files. Raises ``ConfigurationFault`` with the rule that it breaks."""
    digest = hashlib.sha256(file.encode())
    for name, content in sorted(documents.items()):
        digest.update(b"%d %d " % (len(name.encode()), len(content)) + name.encode() + content)
    key = digest.hexdigest()
    with _lock:
        found = _read.pop(key, None) or _read_once(file, documents)
        _read[key] = found
        while len(_read) > KEPT:
            del _read[next(iter(_read))]
        return found


def _read_once(file: str, documents: Mapping[str, bytes]) -> ReadWsdl:
    try:
        trees = {name: _parse(content) for name, content in documents.items() if name.endswith((".wsdl", ".xsd"))}
        _refuse_unspoken(trees.values())
        document = Client(ROOT + file, transport=MappingDocuments(documents), settings=SETTINGS).wsdl
        return ReadWsdl(file, document, _compile_schemas(trees))
    except ConfigurationFault as fault:
        raise ConfigurationFault(f"{file}: {fault}") from None
    except etree.XMLSchemaParseError as error:
        raise ConfigurationFault(f"{file}: its schemas do not hold together: {error}") from None
    except (
        ZeepError,
        etree.LxmlError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
    ) as error:
        raise ConfigurationFault(f"{file}: not a WSDL that can be used ({type(error).__name__})") from None


def _refuse_unspoken(trees: Iterable[Any]) -> None:
    for tree in trees:
        if any(value == "encoded" for value in tree.xpath("//@use")) or tree.xpath(
            "//*[local-name()='multipartRelated']"
        ):
            raise ConfigurationFault("encoded messages and attachments are not spoken")


def make_parser() -> etree.XMLParser:
    """Without entities, document types from outside, network, or trees without end."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True,
    )  # fmt: skip


def _parse(content: bytes) -> Any:
    tree = etree.fromstring(content, make_parser())
    if tree.getroottree().docinfo.doctype:
        raise ConfigurationFault("a document type")
    return tree


class _Files(etree.Resolver):
    """Gives libxml2 what imports and includes name, out of memory."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        super().__init__()
        self._contents = contents

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:  # noqa: ARG002
        if system_url is None or system_url not in self._contents:
            raise ConfigurationFault("it imports a file that did not come with the mapping")
        return self.resolve_string(self._contents[system_url], context, base_url=system_url)


def _compile_schemas(trees: Mapping[str, Any]) -> etree.XMLSchema:
    """One validator of all schemas: those inside the WSDLs, and the files that they name."""
    contents = {ROOT + name: etree.tostring(tree) for name, tree in trees.items() if name.endswith(".xsd")}
    embedded = list(_list_embedded(trees))
    places: dict[str | None, list[str]] = {}
    for url, node in embedded:
        places.setdefault(node.get("targetNamespace"), []).append(url)
    doors = {namespace: _open_door(namespace, urls, contents) for namespace, urls in places.items()}
    for url, node in embedded:
        for entry in node.findall(f"{XS}import"):
            if entry.get("schemaLocation") is None and entry.get("namespace") in doors:
                entry.set("schemaLocation", doors[entry.get("namespace")])
        contents[url] = etree.tostring(node)
    parser = make_parser()
    parser.resolvers.add(_Files(contents))
    imports = [("import", {"schemaLocation": url, "namespace": namespace}) for namespace, url in doors.items()]
    return etree.XMLSchema(etree.fromstring(_write_schema("urn:guitai:all", imports), parser, base_url=ROOT))


def _open_door(namespace: str | None, urls: list[str], contents: dict[str, bytes]) -> str:
    """One file for a namespace: libxml2 reads the first one that it meets, and a WSDL may have several schemas of one namespace."""
    if len(urls) == 1:
        return urls[0]
    url = f"{urls[0]}.all.xsd"
    contents[url] = _write_schema(namespace, [("include", {"schemaLocation": one}) for one in urls])
    return url


def _write_schema(namespace: str | None, entries: list[tuple[str, dict[str, str | None]]]) -> bytes:
    root = etree.Element(f"{XS}schema", {"targetNamespace": namespace} if namespace else {})
    for name, attributes in entries:
        etree.SubElement(root, f"{XS}{name}", {key: value for key, value in attributes.items() if value is not None})
    return bytes(etree.tostring(root))


def _list_embedded(trees: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The schemas inside WSDLs, each as a file of its own beside the WSDL, so that relative names in it keep their meaning."""
    for name, tree in trees.items():
        folder = name.rpartition("/")[0]
        for place, node in enumerate(tree.iterfind(f"{WSDL_NS}types/{XS}schema")):
            yield f"{ROOT}{folder}{'/' if folder else ''}embedded-{len(name)}-{place}.xsd", node
