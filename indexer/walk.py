"""Finds the files under a folder, in the order in which the index lists its fingerprints.

Everything is bytes: a name that is not UTF-8 is a name like any other. Hidden files and folders and what systems leave
behind are passed over. Links to folders are not followed, so there are no loops.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from indexer.errors import SetupTrouble
from indexer.photo import FoundFile
from pictures.formats import PictureFormat
from pictures.paths import encode_path

_LEFT_BY_SYSTEMS = frozenset(
    {
        b"thumbs.db",
        b"ehthumbs.db",
        b"desktop.ini",
        b"@eadir",
        b"#recycle",
        b"$recycle.bin",
        b"system volume information",
        b"lost+found",
        b"__macosx",
    }
)

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
    """What is no photo, by its name or kind alone."""

    relative_path: str
    kind: str


Entry = FoundFile | UnreadableFolder | UnreadableFile | PassedOver


@dataclass
class _Open:
    """A folder that is being walked: what is left of it, last first."""

    entries: list[tuple[bytes, str, os.DirEntry[bytes], bool]] = field(default_factory=list)


def check_root(folder: Path) -> bytes:
    """The folder's real path. Raises SetupTrouble if it can't be walked."""
    try:
        found = folder.stat()
    except FileNotFoundError as error:
        raise SetupTrouble(f"There is no folder {folder}. Check the name, and that its disk is mounted.") from error
    except OSError as error:
        raise SetupTrouble(f"{folder} can't be looked at: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise SetupTrouble(f"{folder} is a file. Name the folder that holds it.")
    root = os.path.realpath(os.fsencode(folder))
    try:
        with os.scandir(root):
            return root
    except OSError as error:
        raise SetupTrouble(f"{folder} can't be read: {error.strerror}. Allow it or choose another folder.") from error


def kind_by_ending(name: bytes) -> str | None:
    """What a file is by its name's ending alone, if that is no photo; None if it is one or has to be opened to tell."""
    return _KINDS_BY_ENDING.get(_ending(name))


def has_picture_ending(name: bytes) -> bool:
    """Whether the name says that this is a picture."""
    return _ending(name) in PICTURE_ENDINGS


def walk(root: bytes) -> Iterator[Entry]:
    """Everything under the root (a real path), ordered by relative_path; a folder counts as its path with a "/".

    Hidden files and what systems leave behind don't appear. A folder that can't be read is told of and stops nothing.
    """
    prefix = root if root.endswith(b"/") else root + b"/"
    try:
        stack = [_Open(_listed(root, b"", ""))]
    except OSError as error:
        yield UnreadableFolder("", _sentence(error))
        return
    while stack:
        if not stack[-1].entries:
            stack.pop()
            continue
        path, relative_path, entry, is_folder = stack[-1].entries.pop()
        if not is_folder:
            yield _file(prefix, path, relative_path, entry)
            continue
        try:
            stack.append(_Open(_listed(prefix + path, path + b"/", relative_path)))
        except OSError as error:
            yield UnreadableFolder(relative_path, _sentence(error))


def _listed(folder: bytes, before: bytes, encoded_before: str) -> list[tuple[bytes, str, os.DirEntry[bytes], bool]]:
    listed = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(b".") or entry.name.lower() in _LEFT_BY_SYSTEMS:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            encoded = encoded_before + encode_path(entry.name) + ("/" if is_folder else "")
            listed.append((before + entry.name, encoded, entry, is_folder))
    # With the folder's "/" counted, the order of the names is the order of all paths below them.
    listed.sort(key=lambda item: item[1], reverse=True)
    return listed


def _file(prefix: bytes, path: bytes, relative_path: str, entry: os.DirEntry[bytes]) -> Entry:
    try:
        if entry.is_symlink():
            if kind := _kind_of_link(prefix, entry):
                return PassedOver(relative_path, kind)
        elif not entry.is_file(follow_symlinks=False):
            return PassedOver(relative_path, "devices, pipes and sockets")
        if kind := kind_by_ending(entry.name):
            return PassedOver(relative_path, kind)
        found = entry.stat()
    except OSError as error:
        return UnreadableFile(relative_path, _sentence(error))
    return FoundFile(path, relative_path, found.st_size, found.st_mtime_ns)


def _kind_of_link(prefix: bytes, link: os.DirEntry[bytes]) -> str | None:
    target = os.path.realpath(link.path)
    if not (target + b"/").startswith(prefix):
        return "links that lead out of the folder"
    try:
        mode = os.stat(target).st_mode  # noqa: PTH116 a path of bytes
    except FileNotFoundError:
        return "broken links"
    if stat.S_ISDIR(mode):
        return "links to folders"
    return None if stat.S_ISREG(mode) else "devices, pipes and sockets"


def _ending(name: bytes) -> bytes:
    stem, dot, ending = name.rpartition(b".")
    return (dot + ending).lower() if stem else b""


def _sentence(error: OSError) -> str:
    return f"{error.strerror or error}."
