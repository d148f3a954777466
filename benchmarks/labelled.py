"""Folders of photos with the texts that should find them.

A labelled folder holds pictures, at any depth, and says in one of these ways which text should find which of them:

queries.tsv
    A line a query, columns separated by tabs: query, language, then one or more relevant pictures. The language (a BCP
    47 tag such as en or zh) may be empty. A first line that begins with `query` is a heading; empty lines and lines
    that begin with # are passed over. Here with <tab> for the tab:

        query<tab>language<tab>relevant
        a dog on the beach<tab>en<tab>beach/rex.jpg<tab>beach/rex-2.jpg
        ein Hund am Strand<tab>de<tab>beach/rex.jpg<tab>beach/rex-2.jpg

queries.jsonl
    A line a query: {"query": "a dog on the beach", "language": "en", "relevant": ["beach/rex.jpg"]}. The language may
    be absent, and relevant one path instead of a list.

queries.json
    A list of such objects.

None of them
    The names of the folders inside it are the queries (`golden_retriever` asks for "golden retriever"), and all
    pictures under each are relevant.

A path is relative to the labelled folder; that of a folder stands for all pictures under it. The files are in UTF-8.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pictures.formats import PictureFormat

_ENDINGS = frozenset(ending for form in PictureFormat for ending in form.endings)


class NotLabelled(Exception):
    """The folder says nowhere, or not in a form that can be read, which text should find which picture."""


@dataclass(frozen=True)
class Query:
    """A text and the pictures that it should find, by their place in LabelledPhotos.files."""

    text: str
    language: str
    relevant: frozenset[int]


@dataclass(frozen=True)
class LabelledPhotos:
    """Pictures and queries, in a fixed order."""

    files: Sequence[Path]
    queries: Sequence[Query]


def read_labelled_folder(folder: Path) -> LabelledPhotos:
    """Raises NotLabelled with a sentence that says what is wrong and where."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    if not files:
        raise NotLabelled(f"There are no pictures in {folder}.")
    for name, read in (("queries.tsv", _read_tsv), ("queries.jsonl", _read_jsonl), ("queries.json", _read_json)):
        if (folder / name).exists():
            return LabelledPhotos(files, _queries(folder, name, files, read(folder / name)))
    return LabelledPhotos(files, _folder_queries(folder, files))


# The place in its file (for messages), the text, the language, the relevant paths.
_Row = tuple[str, str, str, list[str]]


def _read_tsv(file: Path) -> Iterable[_Row]:
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip() or line.startswith("#") or (number == 1 and cells[0].lower() == "query"):
            continue
        if len(cells) < 3:
            raise NotLabelled(
                f"{file}, line {number}: expected query, language and relevant pictures, separated by tabs."
            )
        yield f"line {number}", cells[0], cells[1], [cell for cell in cells[2:] if cell]


def _read_jsonl(file: Path) -> Iterable[_Row]:
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError as error:
                raise NotLabelled(f"{file}, line {number}: no JSON ({error}).") from error
            yield _row(file, f"line {number}", entry)


def _read_json(file: Path) -> Iterable[_Row]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise NotLabelled(f"{file}: no JSON ({error}).") from error
    if not isinstance(entries, list):
        raise NotLabelled(f"{file}: expected a list of objects.")
    for number, entry in enumerate(entries, 1):
        yield _row(file, f"entry {number}", entry)


def _row(file: Path, place: str, entry: Any) -> _Row:
    try:
        relevant = entry["relevant"]
        paths = [relevant] if isinstance(relevant, str) else [str(path) for path in relevant]
        return place, str(entry["query"]), str(entry.get("language") or ""), paths
    except (KeyError, TypeError, AttributeError) as error:
        raise NotLabelled(f"{file}, {place}: expected an object with query and relevant.") from error


def _queries(folder: Path, name: str, files: Sequence[Path], rows: Iterable[_Row]) -> list[Query]:
    numbers = {path: number for number, path in enumerate(files)}
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for place, text, language, paths in rows:
        if not text or not paths:
            raise NotLabelled(f"{folder / name}, {place}: a query needs a text and at least one picture.")
        for path in paths:
            relevant = _under(folder / path, numbers)
            if not relevant:
                raise NotLabelled(f"{folder / name}, {place}: there is no picture {path} in {folder}.")
            found[text, language] |= relevant
    return [Query(text, language, frozenset(relevant)) for (text, language), relevant in found.items()]


def _under(path: Path, numbers: Mapping[Path, int]) -> set[int]:
    if path in numbers:
        return {numbers[path]}
    return {number for file, number in numbers.items() if path in file.parents}


def _folder_queries(folder: Path, files: Sequence[Path]) -> list[Query]:
    labels: dict[str, set[int]] = defaultdict(set)
    for number, file in enumerate(files):
        parts = file.relative_to(folder).parts
        if len(parts) > 1:
            labels[parts[0].replace("_", " ").replace("-", " ").strip()].add(number)
    if not labels:
        raise NotLabelled(
            f"{folder} has neither queries.tsv, queries.jsonl, queries.json nor folders named after what they show. "
            "docs/models.md describes them."
        )
    return [Query(label, "", frozenset(relevant)) for label, relevant in labels.items()]
