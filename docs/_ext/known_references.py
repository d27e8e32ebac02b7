"""References to what exists but has no page: they stay text. References to what does not exist stay errors.

Docstrings name functions as their own module knows them, and Markdown names files of the repository. Where the site
documents such an object, the reference becomes a link to it.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

__all__ = ["setup"]

DOCS = Path(__file__).parents[1]


def _files_as_text(app: Sphinx, doctree: nodes.document):
    """Make text of links to files and folders of the repository outside the site, before MyST looks for their pages."""
    here = DOCS / Path(app.env.docname).parent
    for node in list(doctree.findall(pending_xref)):
        target = Path(node["reftarget"].partition("#")[0])
        if node["refdomain"] == "py":
            continue
        # MyST makes of FILE.md the name of a page, relative to the page or not, without its ending.
        candidates = [base / f"{target}{end}" for base in (here, DOCS) for end in ("", ".md")]
        if any(path.exists() and not path.resolve().is_relative_to(DOCS) for path in candidates):
            node.replace_self(node.children)


def _resolve(app: Sphinx, env, node: pending_xref, content: nodes.Element):
    return _python(app, env, node, content) if node.get("refdomain") == "py" else None


def _python(app: Sphinx, env, node: pending_xref, content: nodes.Element):
    # numpydoc makes these of the names in a section Attributes.
    if node["reftype"] == "obj":
        return content
    name = node["reftarget"].lstrip(".")
    domain = env.domains["py"]
    found = [entry for key, entry in domain.objects.items() if f".{key}".endswith(f".{name}")]
    pages = {(entry.docname, entry.node_id): entry for entry in found}
    if len(pages) == 1:
        [entry] = pages.values()
        return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, [content], name)
    module = _module_of(node)
    return content if any(_exists(candidate) for candidate in (name, f"{module}.{name}")) else None


def _module_of(node: pending_xref) -> str:
    """The module of the docstring that a reference stands in."""
    places = (str(getattr(each, "source", "")) for each in (node, *_parents(node)))
    found = next((match for place in places if (match := re.search(r"docstring of ([\w.]+)", place))), None)
    name = found[1] if found else node.get("py:module", "")
    while name and not _is_module(name):
        name = name.rpartition(".")[0]
    return name


def _parents(node: nodes.Node):
    while node.parent is not None:
        node = node.parent
        yield node


def _is_module(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _exists(name: str) -> bool:
    """Whether a dotted name is a module, or an attribute of something in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if not _is_module(".".join(parts[:length])):
            continue
        value = import_module(".".join(parts[:length]))
        for attribute in parts[length:]:
            fields = getattr(value, "__dataclass_fields__", {}) | getattr(value, "__annotations__", {})
            if not hasattr(value, attribute):
                return attribute in fields
            value = getattr(value, attribute)
        return True
    return False


def setup(app: Sphinx) -> dict:
    """Resolve references that nothing else has resolved."""
    app.connect("doctree-read", _files_as_text)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True}
