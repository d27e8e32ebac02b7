"""The documentation site: Sphinx with MyST pages, numpydoc docstrings and the theme furo; ``make docs`` builds it."""

import sys
import warnings
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
from stubs import stub

# What an optional extra installs is not needed to read docstrings.
stub("torch", "transformers", "sklearn")
# The extension softermax_reference makes of this section of components one that numpydoc knows.
warnings.filterwarnings("ignore", message="Unknown section Members")

project = "Softermax"
author = "the Softermax authors"
copyright = f"{author}, Apache-2.0"
release = metadata.version("softermax")
version = release

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "known_references",
    "result_plots",
    "softermax_reference",
]
exclude_patterns = ["results/tables", "_ext"]
nitpicky = True
# Types in docstrings are words for people, such as "sequence of str"; numpydoc does not make references of them.
numpydoc_xref_param_type = False
numpydoc_show_class_members = False
autodoc_default_options = {"members": True, "imported-members": True}
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
# No inventory is fetched: a build needs no network.
intersphinx_mapping = {}

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 4
# Tables that commands write begin with headings of a lower level.
suppress_warnings = ["myst.header"]

html_theme = "furo"
html_title = f"Softermax {release}"
html_static_path = ["_static"]
html_css_files = ["softermax.css"]
html_show_sphinx = False
copybutton_prompt_text = r"\$ |> |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

# External links, for make docs-links.
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_anchors = False
