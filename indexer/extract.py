"""Reads a file once and takes from it what the index wants to know, and the picture that is sent to the embedder.

What is here runs in threads: it blocks, and knows nothing of the services.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from indexer.errors import FileTrouble
from indexer.photo import FoundFile, Location, Photo, TakenAt, TakenAtSource
from indexer.photo_root import Content, PhotoRoot
from indexer.thumbnails import SIZE as THUMBNAIL_SIZE
from indexer.thumbnails import ThumbnailWriter
from indexer.walk import has_picture_ending
from pictures.decode import Picture, read_picture
from pictures.errors import TooLarge, Undecodable
from pictures.paths import image_id
from pictures.perceptual_hash import perceptual_hash
from pictures.reduce import reduced_picture

# For what needs no picture but the hash of what it looks like: most JPEGs are then decoded at an eighth of their scale.
# Every other format is decoded in full.
_NO_PICTURE_EDGE = 64


@dataclass(frozen=True, slots=True)
class Extracted:
    """A photo's facts, and the encoded picture to send; None if the content is the one that is known already."""

    photo: Photo
    picture: bytes | None


@dataclass(frozen=True)
class Extractor:
    """Reads the photos of one root."""

    root: PhotoRoot
    source: str
    with_location: bool = True
    thumbnails: ThumbnailWriter | None = None

    def read(self, file: FoundFile) -> Content:
        """The file's content. Raises NotAPhoto, FileTrouble, and FileNotFoundError if it is gone."""
        try:
            return self.root.read(file, must_sniff=not has_picture_ending(file.path))
        except TooLarge as error:
            raise FileTrouble("IMAGE_TOO_LARGE", str(error)) from error

    def extract(self, file: FoundFile, known_sha256: str, useful_edge: int) -> Extracted:
        """Reads and decodes the file; `useful_edge` as for reduced_picture, or 0 if the embedder does not tell it.

        Raises NotAPhoto, FileTrouble, and FileNotFoundError if it is gone.
        """
        try:
            return self._extract(file, known_sha256, useful_edge)
        except MemoryError as error:
            raise FileTrouble(
                "OUT_OF_MEMORY",
                "There was not enough memory to read the picture. Give the indexer more, or fewer --readers.",
            ) from error

    def _extract(self, file: FoundFile, known_sha256: str, useful_edge: int) -> Extracted:
        content = self.read(file)
        if content.sha256 == known_sha256:
            return Extracted(self._photo(file, content, _decoded(content.data, _NO_PICTURE_EDGE)), None)
        if useful_edge and self.thumbnails:
            picture = _decoded(content.data, max(useful_edge, THUMBNAIL_SIZE.useful_edge))
        else:
            picture = _decoded(content.data, useful_edge or None)
        if self.thumbnails:
            self.thumbnails.write(content.sha256, picture.image)
        edge = useful_edge or min(picture.image.size)
        return Extracted(self._photo(file, content, picture), reduced_picture(picture.image, edge))

    def _photo(self, file: FoundFile, content: Content, picture: Picture) -> Photo:
        metadata = picture.metadata
        location = None
        if self.with_location and metadata.latitude is not None and metadata.longitude is not None:
            location = Location(metadata.latitude, metadata.longitude)
        return Photo(
            image_id=image_id(self.source, file.path),
            source=self.source,
            path=file.path,
            content_sha256=content.sha256,
            size=len(content.data),
            modified_ns=content.modified_ns,
            media_type=picture.format.media_type,
            width=picture.width,
            height=picture.height,
            taken_at=_taken_at(picture, content.modified_ns),
            location=location,
            camera_make=metadata.camera_make,
            camera_model=metadata.camera_model,
            lens=metadata.lens,
            altitude_meters=metadata.altitude_meters if self.with_location else None,
            description=metadata.description,
            perceptual_hash=perceptual_hash(picture.image),
        )


def _decoded(data: bytes, useful_edge: int | None) -> Picture:
    try:
        return read_picture(data, useful_edge=useful_edge)
    except TooLarge as error:
        raise FileTrouble("IMAGE_TOO_LARGE", str(error)) from error
    except Undecodable as error:
        raise FileTrouble("IMAGE_UNDECODABLE", str(error)) from error


def _taken_at(picture: Picture, modified_ns: int) -> TakenAt | None:
    if picture.metadata.taken_at is not None:
        return TakenAt(picture.metadata.taken_at, picture.metadata.utc_offset, TakenAtSource.EXIF)
    try:
        written = datetime.fromtimestamp(modified_ns // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):  # a time that no calendar has
        return None
    return TakenAt(written.replace(tzinfo=None), timedelta(), TakenAtSource.FILE)
