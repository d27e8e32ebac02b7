"""Whether models reach Softermax: one that computes a softmax of its own is refused, or named in a warning.

Transformers takes any name that is registered, whether or not a model goes by its ``AttentionInterface``. So a model is
looked at where transformers checks the name, and watched in its first forward pass.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

__all__ = ["DEFAULT_NAME", "OUTSIDE", "OwnSoftmaxes", "expect", "note", "unreached"]

#: Name that :func:`softermax.register` registers by default.
DEFAULT_NAME = "softermax"
#: How the sentence for a model that does not reach it begins.
OUTSIDE = "model must have an attention that goes by transformers' AttentionInterface"
#: Attribute of a model that is to be watched.
WATCH = "_softermax_watch"
#: Functions that are attention where an attention module calls them, and those that always are.
SOFTMAXES = (torch.softmax, torch.Tensor.softmax, torch.special.softmax, functional.softmax)
ATTENTIONS = (functional.scaled_dot_product_attention, functional.multi_head_attention_forward)
#: Modules that a warning names.
NAMED = 3

_names = {DEFAULT_NAME}
#: The watch whose model runs, if one does.
_running: list[_Watch] = []


def expect(name: str):
    """Look at the models that shall have the attention of a name, from now on."""
    _names.add(name)


def note():
    """An attention of ours was called."""
    if _running:
        _running[0].reached = True


def unreached(model: nn.Module) -> str:
    """The sentence for a model whose softmax is its own."""
    return f"{OUTSIDE}, not {type(model).__name__}, which Softermax does not reach: use its eager attention"


class _Watch:
    """Hooks for a model's next forward pass in which it is the outermost that is watched.

    They are gone after a pass that called an attention of ours. A graph that is compiled is not watched.
    """

    def __init__(self, model: PreTrainedModel):
        self.reached, self.parts, self._mode = False, [], None
        self._handles = [
            model.register_forward_pre_hook(self.before),
            model.register_forward_hook(self.after, always_call=True),
        ]

    def before(self, model: PreTrainedModel, _inputs):
        if torch.compiler.is_compiling() or model.config._attn_implementation not in _names:
            return
        _refuse_unregistered(model.config._attn_implementation)
        if _running:
            _running[0].parts.append(model)
            return
        self.reached, self.parts, self._mode = False, [model], OwnSoftmaxes()
        _running.append(self)
        self._mode.__enter__()

    def after(self, model: PreTrainedModel, _inputs, output):
        if self not in _running:
            return
        _running.clear()
        mode, self._mode = self._mode, None
        mode.__exit__(None, None, None)
        if output is None:  # forward has raised
            return
        if not self.reached:
            raise ValueError(unreached(model))
        for part in self.parts:
            if watch := part.__dict__.pop(WATCH, None):
                watch.remove()
        mode.warn(model)

    def remove(self):
        for handle in self._handles:
            handle.remove()


class OwnSoftmaxes(TorchFunctionMode):
    """Notes the modules that compute attention, and not by one of ours."""

    def __init__(self):
        super().__init__()
        self.modules: dict[nn.Module, None] = {}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if not torch.compiler.is_compiling() and function in SOFTMAXES + ATTENTIONS:
            module = _calling_module()
            if module is not None and (function in ATTENTIONS or _is_attention(module)):
                self.modules[module] = None
        return function(*args, **(kwargs or {}))

    def warn(self, model: PreTrainedModel):
        """Name them, if there are any, in one warning."""
        names = [name or type(module).__name__ for name, module in model.named_modules() if module in self.modules]
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            warnings.warn(
                f"{type(model).__name__} computes a softmax of its own in {', '.join(names[:NAMED])}{more}: "
                "only its other attentions have Softermax",
                stacklevel=2,
            )


def _calling_module() -> nn.Module | None:
    """The innermost module that runs, None if it runs an attention of ours."""
    frame = sys._getframe(1)
    while frame is not None:
        package = frame.f_globals.get("__name__", "")
        if package != __name__ and package.startswith("softermax."):
            return None
        owner = frame.f_locals.get("self")
        # What calls a softmax that is a module matters, not that.
        if isinstance(owner, nn.Module) and not isinstance(owner, nn.Softmax):
            return owner
        frame = frame.f_back
    return None


def _is_attention(module: nn.Module) -> bool:
    """Whether a module's class says that it is an attention; routers and gates have a softmax too."""
    return re.search("attention|attn", type(module).__name__, re.IGNORECASE) is not None


def _refuse_unregistered(name: str):
    if name not in ALL_ATTENTION_FUNCTIONS.valid_keys():
        call = "softermax.register()" if name == DEFAULT_NAME else f"softermax.register(config, {name!r})"
        raise ValueError(f"attention {name!r} must be registered in this process before a model has it: call {call}")


def _refuse_without_interface(model: PreTrainedModel):
    """ValueError for a model whose source shows that its attention cannot be replaced."""
    sources = [_source(kind.__module__) for kind in type(model).__mro__ if _is_model(kind)]
    # Looked up by the name, an attention's class is a KeyError.
    by_name = any(re.search(r"_ATTENTION_CLASSES\[", source) for source in sources)
    named = any("ALL_ATTENTION_FUNCTIONS" in source for source in sources)
    if by_name or (not named and any(_is_closed(source) for source in sources)):
        raise ValueError(unreached(model))


def _is_closed(source: str) -> bool:
    """Whether a source has an attention and no models of other sources, which may go by the interface."""
    own = re.search(r"^class \w*Attention\w*\(nn\.Module\):", source, re.MULTILINE)
    return own is not None and not re.search(r"AutoModel|load_backbone", source)


def _is_model(kind: type) -> bool:
    return issubclass(kind, PreTrainedModel) and kind is not PreTrainedModel


@functools.cache
def _source(module: str) -> str:
    """A module's text, empty if there is none."""
    try:
        return inspect.getsource(sys.modules[module])
    except (KeyError, OSError, TypeError):
        return ""


def _look(model: PreTrainedModel, name: str | None):
    """Refuse a model that shall have an attention of ours and cannot, or watch it."""
    if name not in _names:
        return
    _refuse_unregistered(name)
    _refuse_without_interface(model)
    if WATCH not in model.__dict__:
        model.__dict__[WATCH] = _Watch(model)


def _install():
    """Look at models where transformers checks names: at their making and when another attention is set."""
    check, set_attention = PreTrainedModel.get_correct_attn_implementation, PreTrainedModel.set_attn_implementation

    @functools.wraps(check)
    def get_correct_attn_implementation(self, requested_attention, *arguments, **options):
        _look(self, requested_attention)
        return check(self, requested_attention, *arguments, **options)

    @functools.wraps(set_attention)
    def set_attn_implementation(self, attn_implementation, *arguments, **options):
        if isinstance(attn_implementation, str) and attn_implementation in _names:
            _refuse_unregistered(attn_implementation)
            parts = [part for part in self.modules() if isinstance(part, PreTrainedModel)]
            if not any(part._can_set_attn_implementation() for part in parts):
                raise ValueError(unreached(self))
        return set_attention(self, attn_implementation, *arguments, **options)

    PreTrainedModel.get_correct_attn_implementation = get_correct_attn_implementation
    PreTrainedModel.set_attn_implementation = set_attn_implementation


_install()
