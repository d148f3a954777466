"""Over real gRPC: whatever is sent, the caller gets its documented error and the service goes on."""

import io
import struct
import zlib
from collections.abc import Callable

import grpc
import numpy as np
import pytest
from PIL import Image

from grpc_runtime.errors import read_rpc_error
from imagesearch.embedder.v1 import embedder_pb2 as pb
from tests.embedder_service.conftest import LIMITS, Running


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def noise(mode: str = "RGB", size: tuple[int, int] = (120, 90)) -> Image.Image:
    channels = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], channels), np.uint8)
    return Image.frombytes(mode, size, pixels.tobytes())


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 30,000 by 30,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def still_serves(running: Running) -> bool:
    response = await running.stub.EmbedImage(pb.EmbedImageRequest(image=encode(noise(), "JPEG")))
    return len(response.embedding.values) > 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "TEXT_EMPTY"),
        (" \t\n\u3000", "TEXT_EMPTY"),
        ("x" * (LIMITS.max_text_bytes + 1), "TEXT_TOO_LONG"),
        ("猫" * (LIMITS.max_text_bytes // 3 + 1), "TEXT_TOO_LONG"),
        ("x" * 10_000_000, "TEXT_TOO_LONG"),
    ],
    ids=["empty", "blank", "one byte too long", "too long in bytes, not characters", "huge"],
)
async def test_a_text_that_can_not_be_embedded(running: Running, text: str, reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await running.stub.EmbedText(pb.EmbedTextRequest(text=text))

    error = read_rpc_error(failed.value)
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert await still_serves(running)


@pytest.mark.parametrize("text", ["\0", "🐕" * 100, "\u202edog", "a\u0301", "<script>", "'; DROP TABLE"])
async def test_a_strange_text_is_embedded(running: Running, text: str) -> None:
    response = await running.stub.EmbedText(pb.EmbedTextRequest(text=text))

    assert np.isfinite(response.embedding.values).all()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", "IMAGE_UNDECODABLE"),
        (lambda: b"hello, I am no picture", "IMAGE_UNDECODABLE"),
        (lambda: encode(noise(), "JPEG")[:600], "IMAGE_UNDECODABLE"),
        (lambda: encode(noise(), "PNG")[:-4000], "IMAGE_UNDECODABLE"),
        (lambda: b"\xff\xd8\xff\xe0" + bytes(5000), "IMAGE_UNDECODABLE"),
        (lambda: b"GIF89a" + bytes(10), "IMAGE_UNDECODABLE"),
        (bomb, "IMAGE_TOO_LARGE"),
        (lambda: encode(noise(), "JPEG") + bytes(LIMITS.pictures.max_bytes), "IMAGE_TOO_LARGE"),
    ],
    ids=["no bytes", "text", "JPEG cut off", "PNG cut off", "JPEG of zeros", "GIF cut off", "bomb", "too many bytes"],
)
async def test_a_picture_that_can_not_be_embedded(running: Running, make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await running.stub.EmbedImage(pb.EmbedImageRequest(image=make()))

    error = read_rpc_error(failed.value)
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    if reason == "IMAGE_TOO_LARGE":
        assert int(error.metadata["actual"]) > int(error.metadata["limit"])
    assert await still_serves(running)


async def test_a_message_beyond_what_the_transport_takes_is_refused(running: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await running.stub.EmbedImage(pb.EmbedImageRequest(image=bytes(65 * 1024 * 1024)))

    assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await still_serves(running)


@pytest.mark.parametrize(
    "make",
    [
        lambda: encode(noise(size=(1, 1)), "PNG"),
        lambda: encode(noise(size=(1, 3000)), "PNG"),
        lambda: encode(noise("CMYK"), "JPEG"),
        lambda: encode(Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16), "PNG"),
        lambda: encode(noise("RGBA"), "PNG"),
        lambda: encode(noise("LA"), "PNG"),
        lambda: encode(noise().convert("P"), "GIF"),
        lambda: encode(noise("L"), "WEBP"),
        lambda: encode(noise().convert("1"), "BMP"),
    ],
    ids=["1x1", "1x3000", "CMYK", "16-bit", "transparent", "grey and transparent", "palette", "grey WebP", "1-bit BMP"],
)
async def test_an_unusual_picture_is_embedded(running: Running, make: Callable[[], bytes]) -> None:
    response = await running.stub.EmbedImage(pb.EmbedImageRequest(image=make()))

    assert np.linalg.norm(response.embedding.values) == pytest.approx(1, abs=1e-5)
