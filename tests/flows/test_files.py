"""Files appear whole or not at all."""

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.files import write_whole


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
