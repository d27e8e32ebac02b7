"""Whether each family of models has its softmax replaced, by comparison with its eager attention."""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Iterator, Mapping

import torch
import transformers
from torch import Tensor
from transformers import PreTrainedModel
from transformers.models.auto import modeling_auto

from softermax.model import SoftermaxConfig

from ..attention import register
from ..reach import OUTSIDE, OwnSoftmaxes
from .tiny import LAYERS, TinyError, inputs, said, tiny_model

__all__ = ["KINDS", "VERDICTS", "families", "judge"]

#: Kinds of models, and transformers' tables of their families.
KINDS = {
    "causal": modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    "seq2seq": modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    "encoder": modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES | modeling_auto.MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
    "image": modeling_auto.MODEL_FOR_IMAGE_MAPPING_NAMES,
    "sound": modeling_auto.MODEL_FOR_CTC_MAPPING_NAMES | modeling_auto.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES,
}
#: Verdicts on a family.
VERDICTS = {
    "works": "with exact softmax it is what eager attention gives",
    "in part": "the same, and a warning names an attention beside that stays as it is",
    "refused": "in a sentence: it wants what is not supported",
    "not reached": "refused in a sentence: it does not go by the interface",
    "no attention": "refused in the same sentence: none of its modules is seen to compute a softmax over keys",
    "not tried": "no tiny model of it could be made or run with eager attention",
    "differs": "its outputs differ from eager attention",
    "fails": "with an error that is not ours",
}
#: Names of the attentions, with exact softmax of base e and of base 2.
EXACT, BASE_2 = "softermax_exact", "softermax_exact_base2"
#: Part of the largest output by which outputs may differ: sums in float32 in another order.
TOLERANCE = 1e-4


def families() -> Iterator[tuple[str, str]]:
    """Kind and name of each family."""
    return ((kind, family) for kind, table in KINDS.items() for family in sorted(table))


def judge(kind: str, family: str) -> dict:
    """Verdict on a family.

    Returns
    -------
    dict
        ``kind``, ``family``, ``model`` (its class), ``verdict`` (of :data:`VERDICTS`), ``difference`` (the largest from
        eager attention, as part of the largest output; None if it did not run) and ``remark``.
    """
    register(None, EXACT, arithmetic="exact")
    register(SoftermaxConfig.paper(), BASE_2, arithmetic="exact")
    name = KINDS[kind][family]
    name = name if isinstance(name, str) else name[0]
    result = {"kind": kind, "family": family, "model": name, "difference": None, "remark": ""}
    with warnings.catch_warnings(record=True) as warned, _quiet():
        warnings.simplefilter("always")
        result |= _judged(name, family)
    own = [str(each.message) for each in warned if "computes a softmax of its own" in str(each.message)]
    if own and result["verdict"] == "works":
        result |= {"verdict": "in part", "remark": own[0]}
    return result


def _judged(name: str, family: str) -> dict:
    """The first verdict that is one, of models of more and more layers: a hybrid may attend in every eighth only."""
    found = {"verdict": "not tried", "remark": ""}
    for layers in LAYERS:
        try:
            kind = _model_class(name)
            model = tiny_model(kind, family, layers, "eager")
            given = _taken(inputs(model), model)
            with OwnSoftmaxes() as own:
                expected = _run(model, given)
        except Exception as error:  # whatever a family's code has against what it is given
            if found["verdict"] == "not tried":
                found = {"verdict": "not tried", "remark": said(error)}
            continue
        found = _compared(kind, family, layers, given, expected, bool(own.modules))
        if found["verdict"] != "no attention":
            break
    return found


def _taken(given: dict, model: PreTrainedModel) -> dict:
    """Without options that a model does not know."""
    known = inspect.signature(model.forward).parameters
    return {name: value for name, value in given.items() if isinstance(value, Tensor) or name in known}


def _compared(kind, family: str, layers: int, given: Mapping, expected: Tensor, attends: bool) -> dict:
    """The verdict on a model that runs with eager attention; ``attends``: it calls a softmax."""
    if not expected.isfinite().all():
        return {"verdict": "not tried", "remark": "outputs are not finite"}
    try:
        model = tiny_model(kind, family, layers, EXACT)
        difference = _difference(_run(model, given), expected)
        other = _difference(_run(tiny_model(kind, family, layers, BASE_2), given), expected)
    except ValueError as error:
        if str(error).startswith(OUTSIDE):
            return {"verdict": "not reached" if attends else "no attention", "remark": ""}
        ours = str(error).startswith("unsupported attention variant")
        return {"verdict": "refused" if ours else "fails", "remark": str(error)}
    except Exception as error:  # so that one family does not end the others
        return {"verdict": "fails", "remark": said(error)}
    if difference > TOLERANCE:
        return {"verdict": "differs", "difference": difference, "remark": ""}
    if other <= TOLERANCE:
        return {"verdict": "not tried", "remark": "outputs do not depend on the softmax"}
    return {"verdict": "works", "difference": difference, "remark": ""}


def _model_class(name: str) -> type[PreTrainedModel]:
    found = getattr(transformers, name, None)
    if found is None:
        raise TinyError(f"no class {name}")
    return found


def _run(model: PreTrainedModel, given: Mapping[str, Tensor]) -> Tensor:
    """A model's logits or last hidden states, of positions that are no padding."""
    with torch.no_grad():
        output = model(**given)
    fields = ("logits", "last_hidden_state", "prediction_logits")
    states = next((output[field] for field in fields if field in output), None)
    if states is None:
        states = next(value for value in output.values() if isinstance(value, Tensor) and value.is_floating_point())
    mask = given.get("attention_mask")
    same = mask is not None and "decoder_input_ids" not in given and states.shape[:2] == mask.shape
    return states[mask.bool()] if same else states


def _difference(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max())


class _quiet:
    """Without transformers' messages, which tiny configs give many of."""

    def __enter__(self):
        logging.disable(logging.ERROR)

    def __exit__(self, *_):
        logging.disable(logging.NOTSET)
