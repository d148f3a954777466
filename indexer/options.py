"""What a person asks of a run."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from indexer.errors import SetupTrouble
from indexer.scope import Scope, Shard
from indexer.selection import Selection
from indexer.survey import Plan
from pictures.object_store import StoreUrlError, check_url, is_store_url


@dataclass(frozen=True)
class Options:
    """What a person asks for."""

    folder: Path | str
    """The folder with the photos, or its URL in an object store."""
    source: str
    prune: bool = False
    rebuild: bool = False
    restart_rebuild: bool = False
    drop_missing_sources: bool = False
    allow_missing: bool = False
    """Prune, or end a rebuild, although most photos are gone from the folder, or parts of it can't be read."""
    with_location: bool = True
    readers: int = 4
    retry_failed: bool = False
    dry_run: bool = False
    """Nothing is read, embedded, written or removed."""
    watch: bool = False
    """The run is followed by others, of what changes."""
    shard: Shard | None = None
    selection: Selection = field(default_factory=Selection)
    thumbnails: str = ""
    """The folder or URL that thumbnails are written to; none are if it is empty."""
    wait_seconds: float = 60.0
    """How long a service, or the store that the photos lie in, may be away."""
    prefixes: tuple[str, ...] = ("",)
    """Only what lies below these encoded paths, in the form of Scope.prefixes."""

    @property
    def scope(self) -> Scope:
        """The part of the source that is asked for."""
        return Scope(self.source, self.shard, self.prefixes)

    @property
    def plan(self) -> Plan:
        """What of it is taken; a rebuild tries all files again."""
        return Plan(self.selection, retry_failed=self.retry_failed or self.rebuild)

    @property
    def shown_folder(self) -> str:
        """What a person calls it."""
        return os.fsencode(self.folder).decode("utf-8", "replace")

    def check(self) -> None:
        """Raises SetupTrouble if the options don't go together, or an address of an object store can't be used."""
        for location in (self.folder, self.thumbnails):
            if isinstance(location, str) and is_store_url(location):
                _check_address(location)
        if self.rebuild and (self.dry_run or self.watch):
            raise SetupTrouble(
                "A rebuild embeds everything once and ends, so --dry-run and --watch don't go with it. Rebuild first."
            )
        if self.watch and isinstance(self.folder, str):
            raise SetupTrouble("Object stores don't tell of changes. Run the indexer now and then, without --watch.")
        if self.dry_run and self.watch:
            raise SetupTrouble("--dry-run looks once and --watch goes on. Choose one of them.")
        if self.shard and self.restart_rebuild:
            raise SetupTrouble(
                "--restart-rebuild would drop what the other shards write. Begin anew with one run without --shard, or "
                "run all shards with --rebuild."
            )


def _check_address(url: str) -> None:
    try:
        check_url(url)
    except StoreUrlError as error:
        raise SetupTrouble(str(error)) from error
