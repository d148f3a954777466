"""Finds the files under a root, in the order in which the index lists its fingerprints.

Hidden files and folders, what systems leave behind and what a person excluded are passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter

from indexer.errors import SetupTrouble
from indexer.photo import FoundFile
from indexer.photo_root import FileFacts, Listed, PhotoRoot, Unreadable
from indexer.scope import Scope
from indexer.selection import EXCLUDED, IGNORE_FILE, FolderRules, Selection
from pictures.formats import PictureFormat
from pictures.paths import decode_path, encode_path, image_id

PICTURE_ENDINGS = frozenset(ending.encode() for picture_format in PictureFormat for ending in picture_format.endings)
_KINDS_BY_ENDING = {
    b"." + ending.encode(): kind
    for kind, endings in {
        "videos": "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv vob webm wmv insv lrv thm",
        "pictures in formats that are not read yet": ("psd psb crw x3f mrw svg svgz xcf jxl eps ai ico"),
        "sound": "aac aiff flac m4a mp3 ogg opus wav wma",
        "other files": (
            "7z bz2 csv db doc docx exe gz html ini iso jar js json log md ods odt pdf ppt pptx py rar rtf sqlite "
            "tar xls xlsx xml xmp xz yaml yml zip zst aae lrcat lrdata pto on1 pp3 dop cos css"
        ),
    }.items()
    for ending in endings.split()
}


@dataclass(frozen=True, slots=True)
class UnreadableFolder:
    """A folder whose files are not known."""

    relative_path: str
    """Encoded, and ends with "/"; what lies in it begins with this."""
    message: str


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file of which not even size and time can be read."""

    relative_path: str
    message: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """What is no photo, by its name or kind alone, or is not wanted; a folder is not entered."""

    relative_path: str
    """That of a folder ends with "/"."""
    kind: str


_EVERYTHING = Selection()

Entry = FoundFile | UnreadableFolder | UnreadableFile | PassedOver


@dataclass
class _Open:
    """A folder that is being walked: what is left of it, last first. Each with its path, as it is and encoded."""

    rules: FolderRules
    entries: list[tuple[bytes, str, Listed]] = field(default_factory=list)


def kind_by_ending(name: bytes) -> str | None:
    """What a file is by its name's ending alone, if that is no photo; None if it is one or has to be opened to tell."""
    return _KINDS_BY_ENDING.get(_ending(name))


def has_picture_ending(name: bytes) -> bool:
    """Whether the name says that this is a picture."""
    return _ending(name) in PICTURE_ENDINGS


def walk(root: PhotoRoot, selection: Selection = _EVERYTHING, path_prefix: str = "") -> Iterator[Entry]:
    """Everything under the root, ordered by relative_path; a folder counts as its path with a "/".

    Hidden files and what systems leave behind don't appear, nor does what has another `path_prefix`. A folder that
    can't be read is told of and stops nothing; so is one whose ignore file can't be, or holds what is no pattern.
    """
    try:
        stack = [_opened(root, b"", "", FolderRules(selection), path_prefix)]
    except Unreadable as error:
        yield UnreadableFolder("", str(error))
        return
    while stack:
        folder = stack[-1]
        if not folder.entries:
            stack.pop()
            continue
        path, relative_path, entry = folder.entries.pop()
        if folder.rules.excludes(path, is_folder=entry.is_folder):
            yield PassedOver(relative_path, EXCLUDED)
            continue
        try:
            if entry.is_folder:
                stack.append(_opened(root, path, relative_path, folder.rules, path_prefix))
            else:
                yield _file(path, relative_path, entry)
        except Unreadable as error:
            yield UnreadableFolder(relative_path, str(error))
        except FileNotFoundError:  # gone since its folder was listed
            continue


def walk_scope(root: PhotoRoot, scope: Scope, selection: Selection) -> Iterator[Entry]:
    """What of it belongs to the scope. Folders that are not entered belong to every shard."""
    entries = chain.from_iterable(walk(root, selection, prefix) for prefix in scope.prefixes)
    if (shard := scope.shard) is None:
        return entries
    return (
        entry
        for entry in entries
        if entry.relative_path.endswith("/")
        or not entry.relative_path
        or shard.holds(image_id(scope.source, decode_path(entry.relative_path)))
    )


def _opened(root: PhotoRoot, folder: bytes, encoded_folder: str, rules: FolderRules, path_prefix: str) -> _Open:
    before = folder + b"/" if folder else b""
    listed = []
    ignore_file = None
    for entry in root.list_folder(folder):
        name = entry.name
        if rules.selection.hides(name):
            if name == IGNORE_FILE:
                ignore_file = _ignore_file(root, before + name)
            continue
        encoded = encoded_folder + encode_path(name) + ("/" if entry.is_folder else "")
        if encoded.startswith(path_prefix) or (entry.is_folder and path_prefix.startswith(encoded)):
            listed.append((before + name, encoded, entry))
    # With the folder's "/" counted, the order of the names is the order of all paths below them.
    listed.sort(key=itemgetter(1), reverse=True)
    try:
        return _Open(rules.entering(before, ignore_file), listed)
    except SetupTrouble as error:
        raise Unreadable(str(error)) from error


def _ignore_file(root: PhotoRoot, path: bytes) -> bytes | None:
    try:
        return root.read_small(path)
    except FileNotFoundError:
        return None
    except Unreadable as error:
        raise Unreadable(
            f"Its {IGNORE_FILE.decode()}, which may exclude files in it, can't be read: {error}"
        ) from error


def _file(path: bytes, relative_path: str, entry: Listed) -> Entry:
    if kind := kind_by_ending(entry.name):
        return PassedOver(relative_path, kind)
    try:
        found = entry.look()
    except Unreadable as error:
        return UnreadableFile(relative_path, str(error))
    if isinstance(found, FileFacts):
        return FoundFile(path, relative_path, found.size, found.modified_ns)
    return PassedOver(relative_path, found)


def _ending(name: bytes) -> bytes:
    stem, dot, ending = name.rpartition(b".")
    return (dot + ending).lower() if stem else b""
