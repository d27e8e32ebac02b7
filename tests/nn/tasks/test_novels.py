"""Novels of a package of Debian: from programs that stand for apt-get and dpkg-deb, without a network."""

import hashlib
import io
import struct
import tarfile
import zlib

import pytest

from softermax.nn.tasks import novels
from softermax.nn.tasks.errors import TaskError
from softermax.nn.tasks.novels import TEST, TRAIN, fetch_novels, novels_folder, read_text

LINES = [["EMMA"], ["PARK", ""], ["ABBEY", "", "by", "Jane Austen"], ["Persuasion", "", "é"]]
TEXTS = {TRAIN: "Persuasion\n\né\n", TEST: "ABBEY\n\nby\nJane Austen\n"}


def vector(lines):
    """Texts as R writes a vector of them."""
    head = b"X\n" + struct.pack(">III", 3, 0x40201, 0x30500) + struct.pack(">I", 5) + b"UTF-8"
    content = head + struct.pack(">II", 16, len(lines))
    for line in lines:
        content += struct.pack(">II", 0x40009, len(line.encode())) + line.encode()
    return struct.pack(">I", len(content)) + zlib.compress(content)


@pytest.fixture
def debian(tmp_path, monkeypatch):
    """Programs of Debian that get a package with tiny novels; returns how to replace one."""
    content = b"".join(map(vector, LINES))
    member = tarfile.TarInfo(novels.MEMBER)
    member.size = len(content)
    with tarfile.open(tmp_path / "data.tar", "w") as archive:
        archive.addfile(member, io.BytesIO(content))

    def program(name, script):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    program("apt-get", f'[ "$*" = "download {novels.PACKAGE}" ] && : > {novels.PACKAGE}_1.0_all.deb')
    program("dpkg-deb", f'[ "$1" = --fsys-tarfile ] && [ -f "$2" ] && exec /bin/cat {tmp_path}/data.tar')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    known = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in TEXTS.items()}
    monkeypatch.setattr(novels, "NOVELS", {name: (novels.NOVELS[name][0], known[name]) for name in TEXTS})
    return program


def test_two_novels_are_kept_and_nothing_else(debian, tmp_path):
    fetch_novels(tmp_path / "data")
    kept = novels_folder(tmp_path / "data")
    assert {path.name: path.read_text(encoding="utf-8") for path in kept.iterdir()} == TEXTS
    debian("apt-get", "exit 1")
    fetch_novels(tmp_path / "data")
    (kept / TEST).write_text("damaged")
    with pytest.raises(TaskError):
        fetch_novels(tmp_path / "data")


def test_other_novels_are_refused(debian, tmp_path, monkeypatch):
    monkeypatch.setitem(novels.NOVELS, TEST, (0, novels.NOVELS[TEST][1]))
    expected = rf"^{novels.PACKAGE} must hold the known novels, not others, as {novels.PACKAGE}_1.0_all.deb does$"
    with pytest.raises(TaskError, match=expected):
        fetch_novels(tmp_path)
    assert list(novels_folder(tmp_path).iterdir()) == []


def test_what_a_program_says_is_told(debian, tmp_path):
    debian("apt-get", 'echo "W: old lists" >&2; echo "E: Unable to locate package" >&2; exit 100')
    expected = (
        rf"^apt-get cannot get {novels.PACKAGE}, which holds the novels: Unable to locate package; "
        "run apt-get update, or give texts of your own with --data$"
    )
    with pytest.raises(TaskError, match=expected):
        fetch_novels(tmp_path)


def test_a_machine_without_debian_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TaskError, match=r"^apt-get must be there to get r-cran-janeaustenr, .* with --data$"):
        fetch_novels(tmp_path / "data")


def test_a_folder_that_cannot_be_written_is_told(debian, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TaskError, match=r"file/novels cannot be written: Not a directory$"):
        fetch_novels(tmp_path / "file")


def test_paragraphs_are_one_line_each(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("One\ntwo \n\n\n\n  three\n\n")
    assert read_text(path) == "One two\n\nthree"


def test_texts_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(TaskError, match=r"none.txt cannot be read: No such file or directory$"):
        read_text(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    with pytest.raises(TaskError, match=r"latin.txt cannot be read: it is not UTF-8$"):
        read_text(tmp_path / "latin.txt")
