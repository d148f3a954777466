"""Which format a file has, told by its content and never by its name."""

from enum import Enum

from pictures.tiff import is_tiff

# As much of a file's beginning as `sniff` and `describe_unknown` want to see.
SNIFF_BYTES = 256

_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_TEXT_CONTROLS = frozenset("\t\n\r\f\x1b")


class PictureFormat(Enum):
    """The formats that can be read."""

    JPEG = ("JPEG", "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"))
    PNG = ("PNG", "image/png", (".png", ".apng"))
    WEBP = ("WebP", "image/webp", (".webp",))
    GIF = ("GIF", "image/gif", (".gif",))
    BMP = ("BMP", "image/bmp", (".bmp", ".dib"))
    HEIC = ("HEIC", "image/heic", (".heic", ".heif", ".hif", ".heics", ".heifs"))
    AVIF = ("AVIF", "image/avif", (".avif", ".avifs"))
    TIFF = ("TIFF", "image/tiff", (".tif", ".tiff"))
    JPEG2000 = ("JPEG 2000", "image/jp2", (".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"))
    DNG = ("DNG", "image/x-adobe-dng", (".dng",))
    CR2 = ("CR2", "image/x-canon-cr2", (".cr2",))
    CR3 = ("CR3", "image/x-canon-cr3", (".cr3",))
    NEF = ("NEF", "image/x-nikon-nef", (".nef", ".nrw"))
    ARW = ("ARW", "image/x-sony-arw", (".arw", ".sr2"))
    ORF = ("ORF", "image/x-olympus-orf", (".orf", ".ori"))
    PEF = ("PEF", "image/x-pentax-pef", (".pef",))
    RW2 = ("RW2", "image/x-panasonic-rw2", (".rw2", ".rwl"))
    SRW = ("SRW", "image/x-samsung-srw", (".srw",))
    RAF = ("RAF", "image/x-fuji-raf", (".raf",))
    OTHER_RAW = ("raw", "image/x-dcraw", (".3fr", ".dcr", ".erf", ".fff", ".iiq", ".mef", ".mos"))

    def __init__(self, label: str, media_type: str, endings: tuple[str, ...]) -> None:
        """`label` is the name for people; `endings` are those of usual file names, in lower case, with the dot."""
        self.label = label
        self.media_type = media_type
        self.endings = endings

    @property
    def is_raw(self) -> bool:
        """Whether this is what a camera's sensor saw, of which only the embedded JPEG is read."""
        return self.media_type.startswith("image/x-")

    @property
    def shown_by_browsers(self) -> bool:
        """Whether all usual browsers show it."""
        return not self.is_raw and self not in (PictureFormat.HEIC, PictureFormat.TIFF, PictureFormat.JPEG2000)


def readable_formats() -> str:
    """The formats that can be read, for people."""
    return ", ".join(known.label for known in PictureFormat if not known.is_raw) + " and cameras' raw files"


def sniff(head: bytes) -> PictureFormat | None:
    """The format of a file that begins with `head` (its first SNIFF_BYTES); None if it is not one of ours.

    A raw file that is built like a TIFF may be told from one only by its whole content (`pictures.raw.told_from_tiff`).
    """
    if head.startswith(b"\xff\xd8\xff"):
        return PictureFormat.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureFormat.PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return PictureFormat.GIF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return PictureFormat.WEBP
    # Two letters alone would take a text for a bitmap.
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return PictureFormat.BMP
    if head.startswith(b"FUJIFILMCCD-RAW"):
        return PictureFormat.RAF
    if head.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n")):
        return PictureFormat.JPEG2000
    if is_tiff(head):
        return _TIFF_KINDS.get(head[:4]) or (PictureFormat.CR2 if head[8:10] == b"CR" else PictureFormat.TIFF)
    return _base_media_format(set(_brands(head)))


def _base_media_format(brands: set[bytes]) -> PictureFormat | None:
    if b"crx " in brands:
        return PictureFormat.CR3
    if _AVIF_BRANDS & brands:
        return PictureFormat.AVIF
    return PictureFormat.HEIC if _HEIC_BRANDS & brands else None


def describe_unknown(head: bytes) -> str | None:
    """What a file that `sniff` does not know looks like, with its article ("a PDF document"); None if unclear."""
    for start, description in _OTHERS:
        if head.startswith(start):
            return description
    if _brands(head):
        return "a video"
    if head.startswith(b"RIFF"):
        return "a sound or video file"
    return _describe_text(head)


_TIFF_KINDS = {
    b"IIRO": PictureFormat.ORF,
    b"IIRS": PictureFormat.ORF,
    b"MMOR": PictureFormat.ORF,
    b"IIU\x00": PictureFormat.RW2,
}


def _brands(head: bytes) -> list[bytes]:
    """The brands of an ISO base media file, the major one first."""
    if head[4:8] != b"ftyp":
        return []
    box = head[: int.from_bytes(head[:4], "big")]
    return [box[start : start + 4] for start in (8, *range(16, len(box) - 3, 4)) if len(box) >= 12]


_OTHERS = (
    (b"%PDF-", "a PDF document"),
    (b"FOVb", "a Sigma camera's raw file"),
    (b"\x00MRM", "a Minolta camera's raw file"),
    (b"II\x1a\x00\x00\x00HEAPCCDR", "an old Canon camera's raw file"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"\x00\x00\x01\x00", "an icon file"),
)


def _describe_text(head: bytes) -> str | None:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return None
        text = head[: error.start].decode("utf-8")  # a character cut in two by the end of `head`
    if not text or any(ord(character) < 32 and character not in _TEXT_CONTROLS for character in text):
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        return "an HTML page"
    if "<svg" in start:
        return "an SVG drawing"
    if start.startswith("<?xml"):
        return "an XML file"
    return "a text file"
