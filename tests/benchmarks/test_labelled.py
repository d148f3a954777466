import json
from pathlib import Path

import pytest

from benchmarks.labelled import LabelledPhotos, NotLabelled, read_labelled_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("beach/rex.jpg", "beach/rex 2.JPEG", "beach/old/rex.png", "golden_gate/bridge.webp", "sun.heic"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "notes.txt").touch()
    return tmp_path


def as_names(photos: LabelledPhotos, folder: Path) -> dict[tuple[str, str], set[str]]:
    names = [file.relative_to(folder).as_posix() for file in photos.files]
    return {(query.text, query.language): {names[number] for number in query.relevant} for query in photos.queries}


def test_without_a_file_the_names_of_folders_are_the_queries(folder: Path) -> None:
    photos = read_labelled_folder(folder)

    assert len(photos.files) == 5
    assert as_names(photos, folder) == {
        ("beach", ""): {"beach/rex.jpg", "beach/rex 2.JPEG", "beach/old/rex.png"},
        ("golden gate", ""): {"golden_gate/bridge.webp"},
    }


def test_a_table_of_queries(folder: Path) -> None:
    (folder / "queries.tsv").write_text(
        "query\tlanguage\trelevant\n"
        "# a comment\n"
        "\n"
        "a dog\ten\tbeach/rex.jpg\tbeach/rex 2.JPEG\n"
        "一只狗\tzh\tbeach/rex.jpg\n"
        "a bridge\t\tgolden_gate\n"
        "a dog\ten\tbeach/old/rex.png\n",
        encoding="utf-8",
    )

    assert as_names(read_labelled_folder(folder), folder) == {
        ("a dog", "en"): {"beach/rex.jpg", "beach/rex 2.JPEG", "beach/old/rex.png"},
        ("一只狗", "zh"): {"beach/rex.jpg"},
        ("a bridge", ""): {"golden_gate/bridge.webp"},
    }


@pytest.mark.parametrize("name", ["queries.jsonl", "queries.json"])
def test_queries_in_json(folder: Path, name: str) -> None:
    entries = [
        {"query": "a dog", "language": "en", "relevant": ["beach/rex.jpg", "beach/old"]},
        {"query": "sunset", "relevant": "sun.heic"},
    ]
    lines = "\n".join(json.dumps(entry) for entry in entries)
    (folder / name).write_text(lines + "\n" if name.endswith("l") else json.dumps(entries))

    assert as_names(read_labelled_folder(folder), folder) == {
        ("a dog", "en"): {"beach/rex.jpg", "beach/old/rex.png"},
        ("sunset", ""): {"sun.heic"},
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("queries.tsv", "a dog\tbeach/rex.jpg\n", "line 1"),
        ("queries.tsv", "a dog\ten\tbeach/gone.jpg\n", "line 1.*no picture beach/gone.jpg"),
        ("queries.tsv", "query\tlanguage\trelevant\n\ten\tbeach/rex.jpg\n", "line 2"),
        ("queries.jsonl", '{"query": "a dog"}\n', "line 1"),
        ("queries.jsonl", '{"query": "a dog", "relevant": "sun.heic"}\nnonsense\n', "line 2"),
        ("queries.json", "{}", "list"),
        ("queries.json", "[1]", "entry 1"),
    ],
)
def test_what_can_not_be_read_is_named_with_its_place(folder: Path, name: str, content: str, message: str) -> None:
    (folder / name).write_text(content)

    with pytest.raises(NotLabelled, match=message):
        read_labelled_folder(folder)


def test_a_folder_without_pictures_or_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotLabelled, match="no pictures"):
        read_labelled_folder(tmp_path)
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(NotLabelled, match=r"docs/models\.md"):
        read_labelled_folder(tmp_path)
