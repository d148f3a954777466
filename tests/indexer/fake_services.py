"""Plain stand-ins for the two services."""

import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from indexer.errors import FileTrouble, RebuildNotFinished, TemporaryTrouble
from indexer.failure import Failure
from indexer.photo import Fingerprint, Photo
from indexer.ports import (
    EmbeddedPicture,
    Embedding,
    Index,
    ItemError,
    Model,
    ModelState,
    Picture,
    Rebuild,
    Write,
    Written,
)
from indexer.scope import Shard
from pictures.paths import decode_path, encode_path, image_id

MODEL = Model("fake@1", "fake", 3, ModelState.READY, max_unanswered=8, useful_edge=4)


def jpeg(colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (24, 16), **options: Any) -> bytes:
    """A JPEG of one colour."""
    encoded = io.BytesIO()
    Image.new("RGB", size, colour).save(encoded, "JPEG", **options)
    return encoded.getvalue()


class FakeEmbedder:
    """Answers with the picture's mean colour, and breaks, overloads or refuses when it is told to."""

    def __init__(self) -> None:
        self.models = [MODEL]
        self.embedded: list[str] = []
        self.sent: list[bytes] = []
        self.break_after: list[int] = []
        """For each of the next streams, after how many answers it breaks."""
        self.overloads_left = 0
        self.model_of_vectors = MODEL.id
        self.refuses: Callable[[Picture], ItemError | None] = lambda _: None

    async def get_model(self) -> Model:
        return self.models.pop(0) if len(self.models) > 1 else self.models[0]

    async def embed_pictures(self, pictures: AsyncIterator[Picture]) -> AsyncGenerator[EmbeddedPicture, None]:
        left = self.break_after.pop(0) if self.break_after else -1
        async for picture in pictures:
            if left == 0:
                raise TemporaryTrouble("The connection broke.")
            left -= 1
            yield EmbeddedPicture(picture.key, self._result(picture))

    def _result(self, picture: Picture) -> Embedding | ItemError:
        if self.overloads_left:
            self.overloads_left -= 1
            return TemporaryTrouble("Too many pictures wait.", retry_after=0.01)
        if error := self.refuses(picture):
            return error
        self.embedded.append(picture.key)
        self.sent.append(picture.data)
        with Image.open(io.BytesIO(picture.data)) as image:
            colour = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
        assert isinstance(colour, tuple)
        return Embedding(self.model_of_vectors, tuple(float(value) for value in colour))


@dataclass
class Stored:
    photo: Photo
    values: Sequence[float]


class FakeSearch:
    """An index in dictionaries, with a next one beside it."""

    def __init__(self) -> None:
        self.model = ""
        self.present: dict[str, Stored] = {}
        self.next: dict[str, Stored] = {}
        self.rebuild: Rebuild | None = None
        self.failures: dict[tuple[str, str], Failure] = {}
        """By source and relative path."""
        self.breaks_reports = 0
        """How many reports of failures break before they are taken."""
        self.writes: list[str] = []
        self.break_after: list[int] = []
        self.break_listing_after: list[int] = []
        self.lose_commit_answers = 0
        self.refuses_copies = False
        self.on_refused_copy: Callable[[], None] = lambda: None

    def paths(self, source: str = "photos") -> set[bytes]:
        return {stored.photo.path for stored in self.present.values() if stored.photo.source == source}

    def photo(self, path: bytes) -> Photo:
        return next(stored.photo for stored in self.present.values() if stored.photo.path == path)

    def _images(self, rebuild_id: str) -> dict[str, Stored]:
        return self.next if rebuild_id else self.present

    async def get_index(self) -> Index:
        counts: dict[str, int] = {}
        for stored in self.present.values():
            counts[stored.photo.source] = counts.get(stored.photo.source, 0) + 1
        rebuild = replace(self.rebuild, image_count=len(self.next)) if self.rebuild else None
        return Index(self.model, counts, rebuild)

    async def list_fingerprints(
        self, source: str, path_prefix: str, shard: Shard | None, rebuild_id: str
    ) -> AsyncIterator[Sequence[Fingerprint]]:
        left = self.break_listing_after.pop(0) if self.break_listing_after else -1
        photos = [stored.photo for stored in self._images(rebuild_id).values() if stored.photo.source == source]
        known = [_fingerprint(photo) for photo in photos]
        known = [one for one in known if one.relative_path.startswith(path_prefix)]
        known = [one for one in known if shard is None or shard.holds(one.image_id)]
        known.sort(key=lambda one: one.relative_path)
        for start in range(0, len(known), 2):
            if left == 0:
                raise TemporaryTrouble("The connection broke.")
            left -= 1
            yield known[start : start + 2]

    async def list_failures(
        self, source: str, path_prefix: str, shard: Shard | None
    ) -> AsyncIterator[Sequence[Failure]]:
        for (of_source, path), failure in sorted(self.failures.items()):
            is_held = shard is None or shard.holds(image_id(source, decode_path(path)))
            if of_source == source and path.startswith(path_prefix) and is_held:
                yield [failure]

    async def report_failures(self, source: str, failures: Sequence[Failure], resolved: Sequence[str]) -> None:
        if self.breaks_reports:
            self.breaks_reports -= 1
            raise TemporaryTrouble("The connection broke.")
        self.failures.update({(source, failure.relative_path): failure for failure in failures})
        for path in resolved:
            self.failures.pop((source, path), None)

    async def find_contents(self, hashes: Sequence[str], rebuild_id: str) -> Mapping[str, str]:
        return {
            stored.photo.content_sha256: image_id
            for image_id, stored in self._images(rebuild_id).items()
            if stored.photo.content_sha256 in hashes
        }

    async def write_photos(self, writes: AsyncIterator[Write]) -> AsyncGenerator[Written, None]:
        left = self.break_after.pop(0) if self.break_after else -1
        async for write in writes:
            error = self._write(write)  # written, and then the answer may be lost
            if left == 0:
                raise TemporaryTrouble("The connection broke.")
            left -= 1
            yield Written(write.key, error)

    def _write(self, write: Write) -> ItemError | None:
        images = self._images(write.rebuild_id)
        if isinstance(write.vector, str):
            source = images.get(write.vector)
            if self.refuses_copies or not source or source.photo.content_sha256 != write.photo.content_sha256:
                self.on_refused_copy()
                return FileTrouble("IMAGE_NOT_FOUND", "There is no such image with this content.")
            values = source.values
        else:
            values = write.vector.values
            self.model = self.model or write.vector.model
        images[write.key] = Stored(write.photo, values)
        self.writes.append(write.key)
        return None

    async def delete_photos(self, image_ids: Sequence[str]) -> int:
        return sum(self.present.pop(image_id, None) is not None for image_id in image_ids)

    async def begin_rebuild(self, model: Model) -> Rebuild:
        self.rebuild = self.rebuild or Rebuild("r1", model.id, 0)
        return replace(self.rebuild, image_count=len(self.next))

    async def commit_rebuild(self, rebuild_id: str, *, drop_missing_sources: bool) -> None:
        if not self.rebuild or self.rebuild.id != rebuild_id:
            raise RebuildNotFinished("No such rebuild.")
        missing = {one.photo.source for one in self.present.values()} - {one.photo.source for one in self.next.values()}
        if missing and not drop_missing_sources:
            raise RebuildNotFinished(f"missing: {', '.join(missing)}")
        self.present, self.next, self.model, self.rebuild = self.next, {}, self.rebuild.model, None
        if self.lose_commit_answers:
            self.lose_commit_answers -= 1
            raise TemporaryTrouble("The connection broke.")

    async def cancel_rebuild(self, rebuild_id: str) -> None:
        self.rebuild, self.next = None, {}


def _fingerprint(photo: Photo) -> Fingerprint:
    return Fingerprint(
        photo.image_id,
        encode_path(photo.path),
        photo.size,
        photo.modified_ns,
        photo.content_sha256,
        photo.extractor_version,
    )
