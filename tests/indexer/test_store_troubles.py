"""An object store that is away, overloaded or refuses all costs no photo: it is waited for, or the run ends."""

import asyncio
import socket
import threading
import time
from collections.abc import Sequence

import pytest

from indexer.errors import FileTrouble, ServiceUnreachable, SetupTrouble
from indexer.patience import Patience
from indexer.photo import FoundFile
from indexer.photo_root import Unreadable
from indexer.prune import absent_photos
from indexer.quarantine import Quarantine
from indexer.selection import Selection
from indexer.store_root import StoreRoot
from indexer.survey import GonePhoto, Plan, Survey
from indexer.tally import Failures, Tally
from tests.answering_store import BREAKS_OFF, EMPTY_LISTING, answering_store
from tests.indexer.conftest import World, impatience
from tests.indexer.fake_services import jpeg

FILE = FoundFile(b"a.jpg", "a.jpg", 3, 0)
REFUSAL = b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code></Error>"


def listing(keys: Sequence[str]) -> bytes:
    """What S3 lists of a bucket that holds these."""
    objects = "".join(
        f"<Contents><Key>{key}</Key><Size>9</Size><LastModified>2015-10-21T07:28:00.000Z</LastModified></Contents>"
        for key in keys
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{objects}</ListBucketResult>".encode()


def is_listing(path: str) -> bool:
    return "list-type=2" in path


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_store_that_asks_for_patience_for_too_long_ends_the_run(status: int) -> None:
    with answering_store(lambda _, __: (status, b"")):
        root = StoreRoot("s3://photos", impatience)

        for ask in (
            lambda: root.read(FILE, must_sniff=False),
            lambda: root.list_folder(b""),
            lambda: root.is_absent(b"a.jpg"),
        ):
            with pytest.raises(
                ServiceUnreachable, match=rf"the object store of s3://photos .*{status}.*run the indexer"
            ):
                ask()


def test_waiting_is_told_with_the_store_s_name_until_it_answers() -> None:
    told: list[str] = []
    back = time.monotonic() + 2.5

    with answering_store(lambda _, __: (200 if time.monotonic() > back else 503, b"jpg")):
        root = StoreRoot("s3://photos", lambda service: Patience(30.0, service, told.append))
        content = root.read(FILE, must_sniff=False)

    assert content.data == b"jpg"
    assert told[0].startswith("Waiting for the object store of s3://photos: It does not answer (")
    assert told[-1] == ""


@pytest.mark.parametrize("status", [400, 401, 403])
def test_credentials_that_end_during_the_run_end_it_and_cost_no_photo(status: int) -> None:
    with answering_store(lambda _, __: (status, REFUSAL)):
        root = StoreRoot("s3://photos", impatience)

        for ask in (
            lambda: root.read(FILE, must_sniff=False),
            lambda: root.list_folder(b"2019"),
            lambda: root.read_small(b".imagesearchignore"),
        ):
            with pytest.raises(SetupTrouble, match=r"s3://photos can't be listed: .*credentials may list it"):
                ask()


def test_one_object_that_is_refused_costs_one_photo() -> None:
    with answering_store(lambda _, path: (200, EMPTY_LISTING) if is_listing(path) else (403, REFUSAL)):
        root = StoreRoot("s3://photos", impatience)

        with pytest.raises(FileTrouble, match="can't be read"):
            root.read(FILE, must_sniff=False)
        with pytest.raises(Unreadable):
            root.read_small(b".imagesearchignore")


@pytest.mark.parametrize("must_sniff", [False, True])
def test_one_object_that_is_never_handed_out_costs_one_photo(must_sniff: bool) -> None:
    with answering_store(lambda _, path: (200, EMPTY_LISTING) if is_listing(path) else (500, b"")):
        root = StoreRoot("s3://photos", impatience)

        with pytest.raises(FileTrouble, match=r"The store answers, but .*500") as caught:
            root.read(FILE, must_sniff=must_sniff)
        with pytest.raises(Unreadable, match=r"The store answers, but .*500"):
            root.read_small(b".imagesearchignore")

    assert caught.value.reason == "UNREADABLE"


def test_a_store_that_hands_out_nothing_at_all_ends_the_run() -> None:
    with answering_store(lambda _, path: (200, EMPTY_LISTING) if is_listing(path) else (500, b"")):
        root = StoreRoot("s3://photos", impatience)

        for _ in range(3):
            with pytest.raises(FileTrouble):
                root.read(FILE, must_sniff=False)
        with pytest.raises(ServiceUnreachable, match="500"):
            root.read(FILE, must_sniff=False)


@pytest.mark.parametrize("trouble", ["it fails", "it breaks off"])
async def test_a_run_with_an_object_that_is_never_handed_out_prunes(world: World, trouble: str) -> None:
    listed = ["a.jpg", "gone.jpg"]

    def answers(method: str, path: str) -> tuple[int, bytes]:
        if is_listing(path):
            return 200, listing(listed)
        if path.endswith("bad.jpg"):
            return (500, b"") if trouble == "it fails" else (200, BREAKS_OFF)
        name = path.rpartition("/")[2]
        return (200, jpeg((len(name), 2, 3))) if name in listed else (404, b"")

    world.wait = 0.5
    with answering_store(answers):
        await world.index(folder="s3://photos")
        listed[:] = ["a.jpg", "bad.jpg"]
        outcome = await world.index(folder="s3://photos", prune=True)

    assert (outcome.code, outcome.reasons) == (3, {"bad.jpg": "UNREADABLE"})
    assert (outcome.tally.removed, world.search.paths()) == (1, {b"a.jpg"})


async def test_whether_objects_are_gone_is_asked_at_once_but_of_a_bounded_number(world: World) -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def answers(method: str, _: str) -> tuple[int, bytes]:
        nonlocal at_once, most
        if method != "HEAD":
            return 200, EMPTY_LISTING
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return 404, b""

    quarantine = Quarantine("photos", world.search, impatience("search"), Failures("photos"))
    survey = Survey(Plan(Selection()), Tally(), quarantine)
    gone = [GonePhoto(f"{number}", f"{number}.jpg", must_be_absent=True) for number in range(100)]
    for photo in gone:
        survey.add_gone(photo)
    with answering_store(answers):
        batches = [batch async for batch in absent_photos(StoreRoot("s3://photos", impatience), survey)]

    assert batches == [gone]
    assert 8 <= most <= 16


def test_closing_ends_the_waiting() -> None:
    with answering_store(lambda _, __: (503, b"")):
        root = StoreRoot("s3://photos", lambda service: Patience(600.0, service, lambda _: None))
        threading.Timer(0.5, root.close).start()

        started = time.monotonic()
        with pytest.raises(ServiceUnreachable):
            root.check_still_there()

    assert time.monotonic() - started < 10


def test_closing_ends_a_reading_that_takes_long() -> None:
    with answering_store(lambda _, __: (200, bytes(10_000_000)), piece_seconds=0.1):
        root = StoreRoot("s3://photos", impatience)
        threading.Timer(0.5, root.close).start()

        started = time.monotonic()
        with pytest.raises(ServiceUnreachable, match="The run ended"):
            root.read(FILE, must_sniff=False)

    assert time.monotonic() - started < 5


async def test_a_run_that_waits_for_a_store_can_be_interrupted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
        world.wait = 20.0
        started = time.monotonic()
        run = asyncio.create_task(world.index(folder="s3://photos", wait_seconds=20.0))
        await asyncio.sleep(0.5)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await asyncio.get_running_loop().shutdown_default_executor()

    assert time.monotonic() - started < 10
