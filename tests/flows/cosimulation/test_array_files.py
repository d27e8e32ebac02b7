"""Files of scores as users have them, whole and broken: what is wrong, and what to do, in one sentence."""

import io
import struct
import zipfile

import numpy as np
import pytest

from softermax.flows.cosimulation.array_files import read_array
from softermax.flows.errors import FlowError

SCORES = np.arange(12.0).reshape(3, 4)
DO = "save it again with numpy.save"
HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"


def saved(array: np.ndarray, **options) -> bytes:
    """The .npy file of an array."""
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def with_header(header: str, data: bytes = SCORES.tobytes()) -> bytes:
    """An .npy file with a header of one's own."""
    text = (header + "\n").encode("latin1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An .npz file of members as they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def refusal(folder, name: str, content: bytes) -> str:
    """What is said of a file."""
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(FlowError) as refused:
        read_array(path)
    text = str(refused.value)
    assert text.startswith(f"{path} ")
    assert "\n" not in text
    return text.removeprefix(f"{path} ")


def shape(text: str) -> str:
    """A header that says so of its shape."""
    return HEADER.replace("(3, 4)", text)


def damaged(content: bytes, place: int = 100) -> bytes:
    """A byte of a file inverted."""
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f8", "i1", "bool", "<f2"])
def test_arrays_of_any_numbers_are_read(dtype, order, tmp_path):
    array = np.asarray(SCORES, dtype, order=order)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", array)
    np.savez_compressed(tmp_path / "c.npz", scores=array)
    for name in ("a.npy", "a.npz", "c.npz"):
        found = read_array(tmp_path / name)
        assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())


def test_versions_scalars_and_empty_arrays_are_read(tmp_path):
    for array in (np.array(1.5), np.zeros((0, 3)), np.zeros((2, 0), np.int8)):
        for version in ((1, 0), (2, 0), (3, 0)):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, version=version)
            (tmp_path / "a.npy").write_bytes(buffer.getvalue())
            assert read_array(tmp_path / "a.npy").shape == array.shape


NPY = {
    "empty file": (b"", f"must be an .npy or .npz file, not an empty one: {DO}"),
    "text": (b"1.0 2.0", f"must be an .npy or .npz file, which it is not by its first bytes: {DO}"),
    "bare pickle": (b"\x80\x04\x95", f"must be an .npy or .npz file, which it is not by its first bytes: {DO}"),
    "cut in the magic": (saved(SCORES)[:7], f"has a broken header: {DO}"),
    "cut in the header": (saved(SCORES)[:40], f"has a broken header: {DO}"),
    "cut in the data": (saved(SCORES)[:-1], f"must hold the 96 bytes that its header says, not 95: {DO}"),
    "without data": (with_header(HEADER, b""), f"must hold the 96 bytes that its header says, not 0: {DO}"),
    "two arrays": (saved(SCORES) * 2, f"must hold the 96 bytes that its header says, not 320: {DO}"),
    "larger shape": (
        with_header(shape("(1099511627776, 4)")),
        f"must hold the 35184372088832 bytes that its header says, not 96: {DO}",
    ),
    "shape beyond integers": (
        with_header(shape("(99999999999999999999, 99999999999999999999)")),
        f"must hold the 79999999999999999998400000000000000000008 bytes that its header says, not 96: {DO}",
    ),
    "smaller shape": (with_header(shape("(3,)")), f"must hold the 24 bytes that its header says, not 96: {DO}"),
    "negative shape": (with_header(shape("(-3, -4)")), f"has a broken header: {DO}"),
    "shape of bools": (with_header(shape("(True, 12)")), f"has a broken header: {DO}"),
    "no shape": (with_header("{'descr': '<f8', 'fortran_order': False}"), f"has a broken header: {DO}"),
    "no dictionary": (with_header("["), f"has a broken header: {DO}"),
    "calls": (with_header(shape("__import__('os')")), f"has a broken header: {DO}"),
    "deep": (with_header("(" * 9000), f"has a broken header: {DO}"),
    "long header": (with_header(HEADER + " " * 20000), f"has a broken header: {DO}"),
    "no dtype": (with_header(HEADER.replace("<f8", "<q9")), f"has a broken header: {DO}"),
    "version": (b"\x93NUMPY\x09\x00" + saved(SCORES)[8:], f"has a broken header: {DO}"),
    "object": (
        saved(np.array([None, 1.5], object), allow_pickle=True),
        f"must hold real numbers or bools, not object: {DO}, as an array of one of these types",
    ),
    "complex": (
        saved(SCORES + 0j),
        f"must hold real numbers or bools, not complex128: {DO}, as an array of one of these types",
    ),
    "text array": (
        saved(np.array(["1", "22"])),
        f"must hold real numbers or bools, not <U2: {DO}, as an array of one of these types",
    ),
    "dates": (
        saved(np.zeros(2, "M8[s]")),
        f"must hold real numbers or bools, not datetime64[s]: {DO}, as an array of one of these types",
    ),
    "fields": (
        saved(np.zeros(2, [("x", "f4"), ("keep", "?")])),
        f"must hold real numbers or bools, not [('x', '<f4'), ('keep', '?')]: {DO}, as an array of one of these types",
    ),
}


@pytest.mark.parametrize("fault", NPY)
def test_a_broken_npy_file_is_refused(fault, tmp_path):
    content, text = NPY[fault]
    assert refusal(tmp_path, "scores.npy", content) == text


@pytest.mark.parametrize("fault", sorted(set(NPY) - {"empty file", "text", "bare pickle"}))
def test_an_npz_file_of_a_broken_array_is_refused(fault, tmp_path):
    content, text = NPY[fault]
    assert refusal(tmp_path, "scores.npz", zipped({"arr_0.npy": content})) == text


NPZ = {
    "cut": (zipped({"a.npy": saved(SCORES)})[:-30], f"is a broken .npz file: {DO}"),
    "cut early": (zipped({"a.npy": saved(SCORES)})[:20], f"is a broken .npz file: {DO}"),
    "damaged data": (damaged(zipped({"a.npy": saved(SCORES)})), f"is a broken .npz file: {DO}"),
    "damaged stored data": (
        damaged(zipped({"a.npy": saved(SCORES)}, zipfile.ZIP_STORED), 200),
        f"is a broken .npz file: {DO}",
    ),
    "nothing": (zipped({}), "must hold one array, not 0: none"),
    "two": (zipped({"a.npy": saved(SCORES), "b.npy": saved(SCORES)}), "must hold one array, not 2: a, b"),
    "no array": (zipped({"readme.txt": b"text"}), f"must hold an array, which readme.txt in it is not: {DO}"),
    "unknown compression": (
        damaged(zipped({"a.npy": saved(SCORES)}), zipped({"a.npy": saved(SCORES)}).index(b"PK\x01\x02") + 10),
        f"is a broken .npz file: {DO}",
    ),
}


@pytest.mark.parametrize("fault", NPZ)
def test_a_broken_npz_file_is_refused(fault, tmp_path):
    content, text = NPZ[fault]
    assert refusal(tmp_path, "scores.npz", content) == text


def test_an_encrypted_npz_file_is_refused(tmp_path):
    content = bytearray(zipped({"a.npy": saved(SCORES)}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert refusal(tmp_path, "scores.npz", bytes(content)) == f"is a broken .npz file: {DO}"


def test_every_cut_and_every_damaged_byte_is_read_or_refused(tmp_path):
    for content in (
        saved(SCORES),
        zipped({"a.npy": saved(SCORES)}),
        zipped({"a.npy": saved(SCORES)}, zipfile.ZIP_STORED),
    ):
        path = tmp_path / "scores"
        for place in range(len(content)):
            for broken in (content[:place], damaged(content, place)):
                path.write_bytes(broken)
                said = f"{path} is read"
                try:
                    read_array(path)
                except FlowError as error:
                    said = str(error)
                assert said.startswith(f"{path} ")


def test_more_than_the_memory_is_refused_before_it_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr("softermax.flows.cosimulation.array_files.memory_bytes", lambda: 1 << 20)
    zeros = saved(np.zeros((1 << 18) + 1))
    text = "must hold no more than this machine's memory of 1048576 bytes, not 2097160"
    assert refusal(tmp_path, "scores.npz", zipped({"a.npy": zeros})) == text
    assert refusal(tmp_path, "scores.npy", zeros) == text


def test_what_is_no_file_is_refused(tmp_path):
    for path, text in ((tmp_path, "Is a directory"), (tmp_path / "missing.npy", "No such file or directory")):
        with pytest.raises(FlowError, match=f"^{path} cannot be read: {text}$"):
            read_array(path)
    with pytest.raises(
        FlowError, match=r"^/dev/zero must be an \.npy or \.npz file, which it is not by its first bytes"
    ):
        read_array(type(tmp_path)("/dev/zero"))
