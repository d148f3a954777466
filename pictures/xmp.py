"""Reads a few properties of an XMP packet (ISO 16684-1: RDF in XML) in bounded time and memory.

The parser is expat, without document type definitions: with them a few bytes of XML could stand for gigabytes, or name
other files. No tree is built.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

MAX_XMP_BYTES: Final = 1024 * 1024
_MAX_DEPTH = 100
_MAX_ITEMS = 1024

_DC, _XMP = "http://purl.org/dc/elements/1.1/ ", "http://ns.adobe.com/xap/1.0/ "
TITLE: Final = _DC + "title"
DESCRIPTION: Final = _DC + "description"
SUBJECT: Final = _DC + "subject"
RATING: Final = _XMP + "Rating"
RATING_PERCENT: Final = "http://ns.microsoft.com/photo/1.0/ Rating"
LENS: Final = "http://ns.adobe.com/exif/1.0/aux/ Lens"
TAKEN_AT: Final = (
    "http://ns.adobe.com/exif/1.0/ DateTimeOriginal",
    "http://ns.adobe.com/photoshop/1.0/ DateCreated",
    _XMP + "CreateDate",
)
_WANTED = frozenset({TITLE, DESCRIPTION, SUBJECT, RATING, RATING_PERCENT, LENS, *TAKEN_AT})

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_DESCRIPTION_ELEMENT, _ITEM, _ROOT = _RDF + "Description", _RDF + "li", _RDF + "RDF"
_LANGUAGE = "http://www.w3.org/XML/1998/namespace lang"


@dataclass(frozen=True)
class Xmp:
    """The values of each property found, in the packet's order; of an alternative by language the default one first."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def first(self, name: str) -> str:
        """The property's first value that is not blank; "" if there is none."""
        return next((value for value in self.values.get(name, ()) if value.strip()), "")


class _Refused(Exception):
    """The packet is not read any further."""


def read_xmp(packet: bytes) -> Xmp:
    """What the packet tells; nothing if it is broken, larger than MAX_XMP_BYTES or has a document type definition."""
    packet = packet.strip(b"\x00 \t\r\n")
    if not packet or len(packet) > MAX_XMP_BYTES:
        return Xmp()
    reader = _Reader()
    try:
        reader.parse(packet)
    except (expat.ExpatError, _Refused, ValueError):
        return Xmp()
    return Xmp({name: tuple(values) for name, values in reader.values.items()})


class _Reader:
    def __init__(self) -> None:
        self.values: dict[str, list[str]] = {}
        self._open: list[str] = []
        self._property: str | None = None
        self._items = 0
        self._default = False
        self._text: list[str] = []

    def parse(self, packet: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(packet, True)

    def _refuse(self, *_: object) -> None:
        raise _Refused

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise _Refused
        self._text.clear()
        if self._property is None and self._open[-1:] == [_DESCRIPTION_ELEMENT] and name in _WANTED:
            self._property, self._items = name, 0
        elif name == _DESCRIPTION_ELEMENT and self._open[-1:] == [_ROOT]:
            for attribute in attributes.keys() & _WANTED:
                self._add(attribute, attributes[attribute])
        elif name == _ITEM and self._property is not None:
            self._default = attributes.get(_LANGUAGE) == "x-default"
        self._open.append(name)

    def _end(self, name: str) -> None:
        self._open.pop()
        if self._property is None:
            return
        if name == _ITEM:
            self._items += 1
            self._add(self._property, "".join(self._text), first=self._default)
        elif name == self._property:
            if not self._items:
                self._add(name, "".join(self._text))
            self._property = None
        self._text.clear()

    def _add(self, name: str, value: str, *, first: bool = False) -> None:
        values = self.values.setdefault(name, [])
        if len(values) < _MAX_ITEMS:
            values.insert(0 if first else len(values), value)
