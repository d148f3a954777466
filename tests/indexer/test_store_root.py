"""Photos in an object store are indexed as those in a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import AzureStore
from typer.testing import CliRunner

from indexer.__main__ import app
from indexer.errors import ServiceUnreachable, SetupTrouble
from indexer.extract import Extractor
from indexer.folder_root import FolderRoot
from indexer.patience import Patience
from indexer.photo import FoundFile
from indexer.photo_root import NotAPhoto, PhotoRoot, Unreadable
from indexer.prune import absent_photos
from indexer.quarantine import Quarantine
from indexer.roots import open_root
from indexer.selection import Selection
from indexer.store_root import StoreRoot
from indexer.survey import GonePhoto, Plan, Survey
from indexer.tally import Failures, Tally
from indexer.thumbnails import ThumbnailWriter
from indexer.walk import PassedOver, UnreadableFolder, walk
from pictures.decode import read_picture
from pictures.derived import Size, derived_key
from pictures.object_store import is_store_url, open_store
from tests.answering_store import answering_store
from tests.indexer.conftest import World, impatience
from tests.indexer.fake_services import jpeg
from tests.object_store import Buckets, object_store

FILES = {
    "a.jpg": jpeg((1, 2, 3)),
    "folder/größe-日本.jpg": jpeg((2, 2, 3)),
    "folder/100%25 #?.jpg": jpeg((3, 2, 3)),
    "folder/deeper/without ending": jpeg((4, 2, 3)),
    "folder/deeper/notes": b"no picture",
    "folder.jpg": jpeg((5, 2, 3)),
    "film.mp4": b"film",
    ".hidden/b.jpg": jpeg((6, 2, 3)),
    "empty": b"",
    "drafts/c.jpg": jpeg((7, 2, 3)),
    "drafts/.imagesearchignore": b"c.*\n",
}
# What S3 lists of a bucket that holds a.jpg, /b.jpg and //c.jpg.
LISTING = (
    b"<ListBucketResult><Name>photos</Name><IsTruncated>false</IsTruncated><Contents><Key>a.jpg</Key><Size>1</Size>"
    b"<LastModified>2015-10-21T07:28:00.000Z</LastModified><ETag>1</ETag></Contents>"
    b"<CommonPrefixes><Prefix>/</Prefix></CommonPrefixes></ListBucketResult>"
)


@pytest.fixture(scope="module")
def buckets() -> Iterator[Buckets]:
    with object_store() as server:
        yield server


@pytest.fixture(params=["folder", "bucket"])
def root(request: pytest.FixtureRequest, tmp_path: Path, buckets: Buckets) -> PhotoRoot:
    """The same files in both."""
    if request.param == "bucket":
        return open_root(buckets.make(tmp_path.name.lower().replace("_", "-"), FILES), impatience)
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return open_root(tmp_path, impatience)


def found(root: PhotoRoot) -> dict[bytes, FoundFile]:
    return {entry.path: entry for entry in walk(root) if isinstance(entry, FoundFile)}


def test_the_walk_finds_the_same_in_order(root: PhotoRoot) -> None:
    entries = list(walk(root))

    paths = [entry.relative_path for entry in entries]
    assert paths == sorted(paths)
    assert {path.decode(): entry.size for path, entry in found(root).items()} == {
        name: len(data)
        for name, data in FILES.items()
        if not name.startswith((".hidden", "drafts")) and not name.endswith("mp4")
    }


def test_what_is_read_is_the_content_and_the_time_that_the_walk_tells(root: PhotoRoot) -> None:
    files = found(root)

    for name in ("a.jpg", "folder/größe-日本.jpg", "folder/100%25 #?.jpg", "folder/deeper/without ending"):
        content = root.read(files[name.encode()], must_sniff=True)
        assert content.data == FILES[name]
        assert content.modified_ns == files[name.encode()].modified_ns
    for name in ("folder/deeper/notes", "empty"):
        with pytest.raises(NotAPhoto):
            root.read(files[name.encode()], must_sniff=True)


def test_what_is_gone_is_absent_and_nothing_else_is(root: PhotoRoot) -> None:
    assert root.is_absent(b"folder/no.jpg")
    assert not root.is_absent(b"a.jpg")
    with pytest.raises(FileNotFoundError):
        root.read(FoundFile(b"no.jpg", "no.jpg", 3, 0), must_sniff=False)
    root.check_still_there()


def test_a_file_of_rules_is_read(root: PhotoRoot) -> None:
    assert root.read_small(b"drafts/.imagesearchignore") == b"c.*\n"
    with pytest.raises(FileNotFoundError):
        root.read_small(b"no")


def test_a_file_of_rules_has_at_most_1_mib(buckets: Buckets) -> None:
    root = StoreRoot(buckets.make("rules", {"most": bytes(1024**2), "more": bytes(1024**2 + 1)}), impatience)

    assert root.read_small(b"most") == bytes(1024**2)
    with pytest.raises(Unreadable, match="more than 1 MiB"):
        root.read_small(b"more")


async def test_a_bucket_is_indexed_pruned_and_brought_up_to_date(world: World, buckets: Buckets) -> None:
    url = buckets.make("whole", FILES) + "/folder/"
    first = await world.index(folder=url)
    again = await world.index(folder=url)
    buckets.delete("whole", "folder/größe-日本.jpg")
    buckets.put("whole", "folder/moved/x.jpg", FILES["folder/deeper/without ending"])
    buckets.delete("whole", "folder/deeper/without ending")
    later = await world.index(folder=url, prune=True)

    assert (first.code, first.tally.written, first.tally.not_photos) == (0, 3, 1)
    assert (again.tally.unchanged, again.tally.to_do) == (3, 1)
    assert (later.tally.copied, later.tally.removed) == (1, 2)
    assert world.search.paths() == {b"100%25 #?.jpg", b"moved/x.jpg"}


def test_keys_that_are_no_paths_are_told_with_their_folder(buckets: Buckets) -> None:
    keys = ("bad//x.jpg", "bad/b.jpg", "good/", "good/a.jpg")
    root = StoreRoot(buckets.make("odd", dict.fromkeys(keys, b"1")), impatience)

    entries = list(walk(root))

    (folder,) = [entry for entry in entries if isinstance(entry, UnreadableFolder)]
    assert folder.relative_path == "bad/"
    assert [entry.path for entry in entries if isinstance(entry, FoundFile)] == [b"good/a.jpg"]


def test_keys_that_begin_with_a_slash_are_counted_and_hide_no_others() -> None:
    asked: list[str] = []

    def answers(_: str, path: str) -> tuple[int, bytes]:
        asked.append(path)
        return (200, LISTING) if len(asked) == 1 else (404, b"")

    with answering_store(answers):
        entries = list(walk(StoreRoot("s3://photos", impatience)))

    passed_over, file = entries
    assert isinstance(passed_over, PassedOver)
    assert passed_over.kind == "places whose keys begin with a slash"
    assert isinstance(file, FoundFile)
    assert file.path == b"a.jpg"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://key:secret@photos/a", "credentials"),
        ("s3://photos/a?secret=1", "credentials"),
        ("ftp://photos/a", "s3://BUCKET/PATH"),
        ("s3://", "s3://BUCKET/PATH"),
        ("s3://no-such-bucket", "can't be listed"),
    ],
)
def test_an_address_that_can_not_be_used_is_told_without_its_secrets(buckets: Buckets, url: str, words: str) -> None:
    with pytest.raises(SetupTrouble, match=words) as caught:
        StoreRoot(url, impatience).check_still_there()

    assert "secret@" not in str(caught.value)
    assert "secret=" not in str(caught.value)


def test_the_command_refuses_an_address_with_credentials_without_showing_it() -> None:
    answer = CliRunner().invoke(app, ["s3://key:hid/den@photos", "--json"])

    assert answer.exit_code == 1
    assert "credentials in the environment" in answer.output
    assert "den@photos" not in answer.output


@pytest.mark.parametrize("more", [["--dry-run"], []])
def test_the_command_refuses_thumbnails_at_such_an_address_too(more: list[str]) -> None:
    answer = CliRunner().invoke(app, ["s3://photos/a", "--thumbnails", "s3://photos/a/t?signature=hidden", *more])

    assert answer.exit_code == 1
    assert "credentials in the environment" in " ".join(answer.output.split())
    assert "hidden" not in answer.output


def test_a_container_s_account_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")

    store = open_store("az://container/2019/summer", 0.0)

    assert isinstance(store, AzureStore)
    assert (store.config["container_name"], store.prefix) == ("container", "2019/summer")


async def test_a_bucket_that_goes_away_while_photos_are_looked_for_prunes_none(world: World, buckets: Buckets) -> None:
    root = StoreRoot(buckets.make("leaving", {"a.jpg": FILES["a.jpg"]}), impatience)
    quarantine = Quarantine("photos", world.search, Patience(1.0, "search", lambda _: None), Failures("photos"))
    survey = Survey(Plan(Selection()), Tally(), quarantine)
    for number in range(1001):
        survey.add_gone(GonePhoto(f"{number}", f"{number}.jpg", must_be_absent=True))
    absent = absent_photos(root, survey)

    assert len(await anext(absent)) == 1000
    buckets.remove("leaving")
    assert root.is_absent(b"a.jpg")
    with pytest.raises(SetupTrouble, match="can't be listed"):
        await anext(absent)


def test_a_store_that_does_not_answer_ends_the_run_and_removes_nothing() -> None:
    with object_store() as server:
        root = StoreRoot(server.make("away", {"a.jpg": b"1"}), impatience)
        server.stop()

        with pytest.raises(ServiceUnreachable, match="does not answer"):
            root.is_absent(b"a.jpg")
        with pytest.raises(ServiceUnreachable):
            list(walk(root))


@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_thumbnails_are_written_once_under_the_content(tmp_path: Path, buckets: Buckets, where: str) -> None:
    location = buckets.make("thumbnails", {}) if where == "bucket" else os.fspath(tmp_path / "thumbnails")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(jpeg((200, 10, 10), size=(1000, 600)))
    writer = ThumbnailWriter(location)
    writer.open()
    root = FolderRoot(tmp_path / "photos")
    (file,) = found(root).values()

    extracted = Extractor(root, "photos", thumbnails=writer).extract(file, "", 32)

    key = derived_key(extracted.photo.content_sha256, Size.THUMBNAIL)
    assert key is not None
    data = buckets.get("thumbnails", key) if is_store_url(location) else Path(location, key).read_bytes()
    picture = read_picture(data)
    assert (picture.width, picture.height) == (400, 240)
    assert writer.unwritten == 0
