"""Which files and folders a person wants to be passed over: hidden ones, and patterns in the syntax of .gitignore."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from indexer.errors import SetupTrouble

IGNORE_FILE = b".imagesearchignore"
EXCLUDED = "excluded files and folders"

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


class Patterns:
    """The patterns of one file, or of the command line; the last one that matches a path decides."""

    def __init__(self, lines: Iterable[str], origin: str) -> None:
        """Raises SetupTrouble if a line is no pattern."""
        self._patterns = [
            pattern for line in lines if (pattern := _Pattern(line.rstrip("\r\n"), origin)).regex is not None
        ]
        self._patterns.reverse()

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether the path, relative to where the patterns apply, is excluded; None if no pattern matches it."""
        return next(
            (pattern.excludes for pattern in self._patterns if pattern.matches(path, is_folder=is_folder)), None
        )


class _Pattern:
    """One line. Unlike pathspec's, it matches a path only as such, not by a folder above it: a walk asks for each."""

    def __init__(self, line: str, origin: str) -> None:
        body = line.removeprefix("!").rstrip()
        self._by_name = "/" not in body.removesuffix("/")
        self._inside_only = body.endswith("/**")
        if body.endswith("/**/"):
            line = line.rstrip() + "*/"
        try:
            pattern = GitIgnoreSpecPattern(line)
        except (GitIgnorePatternError, ValueError) as error:
            raise SetupTrouble(
                f"{line!a} in {origin} is no pattern. Patterns are those of .gitignore, such as *.png, drafts/, "
                "/2019/*.jpg or !keep.jpg."
            ) from error
        self.regex = pattern.regex
        self.excludes = bool(pattern.include)

    def matches(self, path: str, *, is_folder: bool) -> bool:
        if self.regex is None:
            return False
        if self._by_name:
            path = path.rpartition("/")[2]
        if is_folder and not self._inside_only:
            path += "/"
        marks_folder = "ps_d" in self.regex.groupindex
        return any(
            not marks_folder or match["ps_d"] is None or match.end("ps_d") == len(path)
            for match in self.regex.finditer(path)
        )


@dataclass(frozen=True)
class Selection:
    """What a person asked to be passed over, or not to be."""

    hidden: bool = False
    """Hidden files and folders are taken too."""
    patterns: Patterns = field(default_factory=lambda: Patterns((), ""))
    """For the whole folder; they stand above those of any file in it."""

    def hides(self, name: bytes) -> bool:
        """Whether a file or folder of this name does not count at all."""
        return (not self.hidden and name.startswith(b".")) or name.lower() in _LEFT_BY_SYSTEMS or name == IGNORE_FILE

    def hides_path(self, path: bytes) -> bool:
        """Whether the path, or a folder above it, does not count at all."""
        return any(map(self.hides, path.split(b"/")))


@dataclass(frozen=True, slots=True)
class FolderRules:
    """What is passed over in one folder, and why not."""

    selection: Selection
    levels: tuple[tuple[int, Patterns], ...] = ()
    """The patterns of the folders on the way here, each with the length of that folder's path."""

    def excludes(self, path: bytes, *, is_folder: bool) -> bool:
        """Whether a path under the root is excluded, given that the folders above it are not."""
        if not self.levels and not self.selection.patterns:
            return False
        text = os.fsdecode(path)
        verdict = self.selection.patterns.verdict(text, is_folder=is_folder)
        for length, patterns in reversed(self.levels):
            if verdict is not None:
                break
            verdict = patterns.verdict(text[length:], is_folder=is_folder)
        return bool(verdict)

    def entering(self, path: bytes, ignore_file: bytes | None) -> "FolderRules":
        """The rules for a folder under the root ("" or with a "/" at its end), with the content of its ignore file."""
        if ignore_file is None:
            return self
        folder = os.fsdecode(path)
        patterns = Patterns(os.fsdecode(ignore_file).splitlines(), f"{folder}{IGNORE_FILE.decode()}")
        return FolderRules(self.selection, (*self.levels, (len(folder), patterns)))


def read_selection(exclude: Iterable[str], exclude_from: Iterable[Path], *, hidden: bool) -> Selection:
    """What the options say. Raises SetupTrouble if a file can't be read or a pattern is none."""
    lines: list[str] = []
    for file in exclude_from:
        try:
            from_file = os.fsdecode(file.read_bytes()).splitlines()
        except OSError as error:
            raise SetupTrouble(f"{file}, given to --exclude-from, can't be read: {error.strerror}.") from error
        Patterns(from_file, str(file))
        lines += from_file
    Patterns(exclude, "--exclude")
    return Selection(hidden, Patterns([*lines, *exclude], "--exclude"))
