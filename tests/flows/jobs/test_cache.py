"""The cache: what it keeps, and what it does not take for a result."""

import pickle

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.jobs.cache import Cache, CachedJob, cached, key_of
from softermax.flows.measurement.jobs import area, characterise, energy, timing
from softermax.flows.studies.experiments import start
from softermax.flows.verification.gate_level import gate_level
from softermax.flows.verification.mutation import measure_mutation
from softermax.flows.verification.soak import run_part

RESULT = {"area": 0.1 + 0.2, "path": [{"net": "a"}], "memory": None}


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def test_what_is_put_is_found_exactly(cache, tmp_path):
    assert cache.get("k") is None
    assert cache.put("k", RESULT | {"lanes": (1, 2)}) == RESULT | {"lanes": [1, 2]}
    assert Cache(tmp_path / "cache").get("k") == RESULT | {"lanes": [1, 2]}
    assert cache.get("other") is None


def test_every_damaged_entry_is_absent(cache, tmp_path):
    cache.put("k", RESULT)
    entry = tmp_path / "cache" / "k"
    whole = entry.read_bytes()
    for length in range(len(whole)):
        entry.write_bytes(whole[:length])
        assert cache.get("k") is None
    for place in range(len(whole)):
        entry.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert cache.get("k") is None
    entry.write_bytes(whole)
    assert cache.get("k") == RESULT


def test_a_folder_in_its_place_is_no_entry_and_says_so_when_written(cache, tmp_path):
    (tmp_path / "cache" / "k").mkdir(parents=True)
    assert cache.get("k") is None
    with pytest.raises(FlowError, match=r"cache/k cannot be written: "):
        cache.put("k", RESULT)


def test_keys_are_of_what_facts_say_not_of_their_order():
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": [2], "a": 1})
    assert len({key_of(facts) for facts in ({"a": 1}, {"a": 2}, {"b": 1}, {"a": "1"}, {"a": None})}) == 5


WORKED_OUT = []


@cached(lambda point, n, factor: key_of([point, n, factor]))
def multiply(point, build_dir, n, factor=2):
    """The product."""
    WORKED_OUT.append((point, n, factor))
    return {"product": n * factor}


def test_a_cached_job_is_worked_out_once_however_it_is_called(tmp_path):
    WORKED_OUT.clear()
    assert multiply.lookup("p", tmp_path, 3) is None
    assert multiply("p", tmp_path, 3) == multiply("p", tmp_path, n=3, factor=2) == {"product": 6}
    assert multiply.lookup("p", tmp_path, 3, factor=2) == {"product": 6}
    assert multiply.lookup("p", tmp_path, 3, factor=4) is multiply.lookup("q", tmp_path, 3) is None
    assert WORKED_OUT == [("p", 3, 2)]
    assert multiply.__doc__ == "The product."
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.parametrize("job", [area, timing, energy, characterise, gate_level, measure_mutation, run_part, start])
def test_a_cached_job_is_sent_to_other_processes_by_its_name(job):
    assert isinstance(job, CachedJob)
    assert pickle.loads(pickle.dumps(job)) is job
