"""Data that packages carry: from a folder that stands for a package index, without a network."""

import io
import tarfile
from dataclasses import replace

import pytest

from softermax.nn.tasks import data
from softermax.nn.tasks.data import LEE_INSIDE, fetch, read_lee, read_snippets
from softermax.nn.tasks.errors import TaskError

from .tiny import package

FILES = {"tinydata/words.txt": "one two"}


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that is pip's only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for option, value in (("NO_INDEX", "1"), ("FIND_LINKS", str(folder)), ("CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(f"PIP_{option}", value)
    return folder


def test_what_pip_gets_is_kept_and_nothing_else(index, tmp_path):
    known, kept = package(index, FILES), tmp_path / "kept"
    path = fetch(known, kept)
    assert path.read_bytes() == (index / known.file).read_bytes()
    assert list(kept.iterdir()) == [path]
    (index / known.file).unlink()
    assert fetch(known, kept) == path


def test_what_is_kept_but_damaged_is_fetched_again(index, tmp_path):
    known = package(index, FILES)
    path = fetch(known, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert fetch(known, tmp_path).read_bytes() == whole


def test_another_file_of_that_name_is_refused(index, tmp_path):
    known = replace(package(index, FILES), sha256=64 * "0")
    with pytest.raises(TaskError, match=r"^tinydata==1.0 must have the known digest, not be damaged or another file$"):
        fetch(known, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_an_index_without_it_is_told_in_a_sentence(index, tmp_path):
    known = package(tmp_path / "elsewhere", FILES)
    expected = r"^pip cannot get tinydata==1.0, which holds the data: No matching distribution found for tinydata==1.0"
    with pytest.raises(TaskError, match=expected):
        fetch(known, tmp_path / "kept")


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    known = package(tmp_path, FILES)
    with pytest.raises(TaskError, match=r"file/kept/tinydata-1.0-py3-none-any.whl cannot be written: Not a directory$"):
        fetch(known, tmp_path / "file" / "kept")


def tar(**files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return content.getvalue()


def test_snippets_are_in_an_archive_in_an_archive(tmp_path, monkeypatch):
    archive, file = data.SNIPPETS_INSIDE
    lines = "1\t2.5\tTrès bon\tfilm\n2\t-0.25\tBad\n".encode("latin-1")
    content = tar(**{archive: tar(**{file: lines})})
    (tmp_path / "s.tar.gz").write_bytes(content)
    monkeypatch.setattr(data, "fetch", lambda distribution, folder: folder / "s.tar.gz")
    assert read_snippets(tmp_path) == [(2.5, "Très bon\tfilm"), (-0.25, "Bad")]


def test_lee_is_documents_and_the_upper_half_of_a_table(tmp_path, monkeypatch):
    texts = {"lee.cor": "one £\ntwo\n", "similarities0-1.txt": "1\t0.3\n0\t1\n", "lee_background.cor": "three\n"}
    known = package(tmp_path, {f"{LEE_INSIDE}/{name}": text.encode("latin-1") for name, text in texts.items()})
    monkeypatch.setattr(data, "LEE", known)
    documents, similarity, others = read_lee(tmp_path)
    assert documents == ["one £", "two"]
    assert similarity.tolist() == [[1, 0.3], [0, 1]]
    assert others == ["three"]
