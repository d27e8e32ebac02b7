"""``import softermax`` costs nothing, and says what to install."""

import subprocess
import sys


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_package_imports_neither_torch_nor_transformers():
    assert python("import sys, softermax; print({'torch', 'transformers', 'numpy'} & set(sys.modules))") == "set()"


def test_missing_packages_are_named():
    code = (
        "import sys; sys.modules['{0}'] = None\n"
        "import softermax\n"
        "try: softermax.register()\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    for name in ("torch", "transformers"):
        expected = f"{name} must be installed for models: pip install 'softermax[nn]'"
        assert python(code.format(name)) == expected


def test_register_is_what_makes_the_name():
    code = (
        "import softermax; from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS as known\n"
        "before = 'softermax' in known; softermax.register(); print(before, 'softermax' in known)"
    )
    assert python(code) == "False True"
