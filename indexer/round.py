"""One pass over the folder, or over parts of it, from the first look to the summary."""

import time
from dataclasses import dataclass, replace

from indexer.dry_run import DryRun
from indexer.failure_lines import FailureLines
from indexer.options import Options
from indexer.patience import Patience
from indexer.ports import Embedder, Search
from indexer.report import Report
from indexer.run import Run
from indexer.services import Services
from indexer.tally import Failures, Tally
from indexer.thumbnails import ThumbnailWriter
from indexer.waits import Waits


@dataclass(frozen=True)
class Round:
    """What passes have in common."""

    options: Options
    embedder: Embedder
    search: Search
    report: Report
    lines: FailureLines
    thumbnails: ThumbnailWriter | None = None
    """The first pass opens it; what became of the place by then costs no later pass a photo."""

    async def go(self, prefixes: tuple[str, ...] = ("",)) -> int:
        """One pass over what lies below these encoded paths (see Scope). Returns the exit code, raises IndexerError."""
        options = replace(self.options, prefixes=prefixes)
        tally = Tally()
        started = time.monotonic()

        def set_waiting(why: str) -> None:
            tally.waiting_for = why

        waits = Waits(set_waiting)
        services = Services(
            self.embedder, self.search, lambda service: Patience(options.wait_seconds, service, waits.of_one())
        )
        with Failures(options.source, self._on_failure) as failures:
            try:
                async with self.report.showing(tally, failures):
                    return await self._run(options, services, tally, failures)
            finally:
                self.report.ended(options, tally, failures, time.monotonic() - started)

    async def _run(self, options: Options, services: Services, tally: Tally, failures: Failures) -> int:
        if options.dry_run:
            return await DryRun(options, services, tally, failures, self.report.would).run()
        return await Run(options, services, tally, failures, say=self.report.say, thumbnails=self.thumbnails).run()

    def _on_failure(self, line: dict[str, object]) -> None:
        self.lines.write(line)
        self.report.on_failure(line)
