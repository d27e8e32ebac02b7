"""Files appear whole or not at all."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.files import check_folder, check_writable, write_whole


def test_text_and_bytes_replace_what_was_there(tmp_path):
    path = tmp_path / "new" / "file"
    write_whole(path, "text\n")
    assert path.read_text() == "text\n"
    write_whole(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(FlowError, match=r"file cannot be written: No space left on device$"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FlowError, match=r"file/inside cannot be written: "):
        write_whole(tmp_path / "file" / "inside", "text")


def test_a_symlink_is_followed(tmp_path):
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to("folder/target")
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    dangling = tmp_path / "dangling"
    dangling.symlink_to("folder/other")
    write_whole(dangling, "made")
    assert (dangling.is_symlink(), (tmp_path / "folder" / "other").read_text()) == (True, "made")


def test_a_symlink_to_itself_leads_nowhere_and_is_replaced(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("link")
    write_whole(link, "text")
    assert link.read_text() == "text"


def test_what_is_no_regular_file_is_written_in_place(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_text)
        write_whole(pipe, "through the pipe")
        assert read.result(timeout=20) == "through the pipe"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write_whole(Path("/dev/null"), "nothing")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_dash_is_standard_output(tmp_path, monkeypatch, capfdbinary):
    monkeypatch.chdir(tmp_path)
    write_whole(Path("-"), "text\n")
    write_whole(Path("-"), b"\xff\n")
    assert capfdbinary.readouterr().out == b"text\n\xff\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["", ".", "folder"])
def test_a_folder_is_no_file(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(
        FlowError, match=rf"^{re.escape(str(Path(path)))} cannot be written: it is a folder, not a file$"
    ):
        write_whole(Path(path), "text")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def everything(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


@pytest.mark.parametrize(
    "path", ["file", "new", "new/folders/file", "link", "dangling", "loop", "pipe", "-", "y" * 255]
)
def test_what_can_be_written_passes_a_check_that_leaves_no_trace(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("kept")
    Path("link").symlink_to("file")
    Path("dangling").symlink_to("nowhere/file")
    Path("loop").symlink_to("loop")
    os.mkfifo("pipe")
    before = everything(Path())
    check_writable(Path(path))
    assert everything(Path()) == before
    assert Path("file").read_text() == "kept"
    if path not in ("-", "pipe"):
        write_whole(Path(path), "text")


@pytest.mark.parametrize(
    "path", ["", "folder", "file/x", "file/folder/x", "link/x", "y" * 300, f"{'y' * 300}/x", "/proc/none/x", "/proc/x"]
)
def test_a_check_says_what_writing_would_say(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").write_text("kept")
    Path("link").symlink_to("file")
    before = everything(Path())
    with pytest.raises(FlowError) as checked:
        check_writable(Path(path))
    with pytest.raises(FlowError) as written:
        write_whole(Path(path), "text")
    assert str(checked.value) == str(written.value)
    assert everything(Path()) == before


def test_a_device_that_must_not_be_written_is_known(monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(FlowError, match=r"^/dev/null cannot be written: Permission denied$"):
        check_writable(Path("/dev/null"))


def test_a_folder_is_checked_and_not_made(tmp_path):
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "folders")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(FlowError, match=rf"^{re.escape(str(folder))} cannot be written: Not a directory$"):
            check_folder(folder)
