"""A tiny model of any family, with random weights, and what it reads."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

__all__ = ["TinyError", "inputs", "said", "tiny_config", "tiny_model"]

VOCABULARY, WIDTH, HEADS, TOKENS, IMAGE, LAYERS = 64, 32, 4, 9, 32, (2, 4, 8)
#: Parameters of the largest model that is made.
LARGEST = 20_000_000
#: Sizes by the names that configs have for them; a config has those that its defaults have.
SIZES = (
    (
        WIDTH,
        "hidden_size d_model n_embd embed_dim hidden_dim emb_dim dim embedding_size input_embedding_size "
        "output_embedding_size decoder_hidden_size encoder_hidden_size pooler_hidden_size output_hidden_size "
        "attention_hidden_size mamba_d_ssm lru_width",
    ),
    (
        48,
        "intermediate_size encoder_ffn_dim decoder_ffn_dim ffn_dim d_ff n_inner moe_intermediate_size "
        "shared_expert_intermediate_size shared_intermediate_size feed_forward_size ffn_hidden_size dff hidden_dim_ffn "
        "moe_shared_expert_intermediate_size",
    ),
    (
        HEADS,
        "num_attention_heads n_head n_heads num_heads attention_heads encoder_attention_heads "
        "decoder_attention_heads num_encoder_attention_heads num_decoder_attention_heads swa_num_attention_heads "
        "num_experts num_local_experts n_routed_experts moe_num_experts num_codebooks index_n_heads",
    ),
    (
        2,
        "num_key_value_heads num_kv_heads swa_num_key_value_heads num_experts_per_tok moe_k moe_top_k top_k_experts "
        "attn_layer_period expert_layer_period full_attention_interval",
    ),
    (1, "n_group topk_group n_groups attn_layer_offset expert_layer_offset first_k_dense_replace mamba_n_groups"),
    (
        8,
        "head_dim d_kv v_head_dim qk_rope_head_dim qk_nope_head_dim kv_lora_rank q_lora_rank "
        "swa_head_dim swa_v_head_dim attention_head_size "
        "kv_channels index_head_dim index_topk mamba_n_heads mamba_d_head mamba_num_heads mamba_head_dim",
    ),
    (4, "rotary_dim"),
    (
        VOCABULARY,
        "vocab_size decoder_vocab_size vocab_size_per_layer_input unpadded_vocab_size max_position_embeddings "
        "n_positions max_seq_len max_sequence_length model_max_length max_source_positions max_target_positions "
        "hidden_size_per_layer_input",
    ),
    (16, "qk_head_dim num_conv_pos_embeddings num_conv_pos_embedding_groups query_pre_attn_scalar"),
    (IMAGE, "image_size"),
)
#: Of these, None is a default.
WORKED_OUT = ("head_dim", "num_key_value_heads", "n_routed_experts", "num_experts_per_tok")
SMALL = {name: size for size, names in SIZES for name in names.split()}
DEPTHS = (
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "encoder_layers",
    "decoder_layers",
    "num_encoder_layers",
    "num_decoder_layers",
)


class TinyError(Exception):
    """No tiny model of a family can be made."""


def tiny_config(kind: type[PreTrainedConfig], layers: int) -> PreTrainedConfig:
    """A small config of a kind, and of its parts.

    Parameters
    ----------
    layers : int
        Their number, where the config has one.
    """
    default = kind()
    values = {name: size for name, size in SMALL.items() if _settable(default, name)}
    values |= {name: layers for name in DEPTHS if _settable(default, name)}
    if _value(default, "num_key_value_heads") == _value(default, "num_attention_heads"):
        values |= {"num_key_value_heads": HEADS} if "num_key_value_heads" in values else {}
    values |= _lists(default, layers)
    for name, value in default.to_dict().items():
        if name.endswith(("token_id", "token_index")) and isinstance(value, int) and value >= VOCABULARY:
            values[name] = VOCABULARY - 1
        elif name.endswith("token_id") and isinstance(value, list):
            values[name] = [VOCABULARY - 1]
    for name in kind.sub_configs:
        part = getattr(default, name, None)
        if isinstance(part, PreTrainedConfig):
            values[name] = tiny_config(type(part), layers)
    values.pop("pad_token_id", None)
    return kind(**values, pad_token_id=0)


def _settable(default: PreTrainedConfig, name: str) -> bool:
    """Whether a config has a number of this name that can be set, or works it out if it is not given."""
    kept = getattr(type(default), name, None)
    if isinstance(kept, property) and kept.fset is None:
        return False
    value = _value(default, name)
    return isinstance(value, int) or (value is None and name in WORKED_OUT and hasattr(default, name))


def _value(default: PreTrainedConfig, name: str):
    """An attribute; 0 if it varies from layer to layer, None without it."""
    try:
        return getattr(default, name, None)
    except Exception:  # whatever a family's code has against the question
        return 0


def _lists(default: PreTrainedConfig, layers: int) -> dict:
    """Lists of a value for each layer: of as many layers, with as many kinds of layers as they have room for."""
    depths = {_value(default, name) for name in DEPTHS}
    lists = {}
    for name, value in default.to_dict().items():
        if isinstance(value, list) and len(value) in depths and name != "attention_types":
            kinds = list(dict.fromkeys(map(str, value)))
            found = [value[[str(each) for each in value].index(kind)] for kind in kinds]
            lists[name] = (found * layers)[:layers]
    return lists


def _config(kind: type[PreTrainedModel], family: str, layers: int) -> PreTrainedConfig:
    """Config of the model's class, which may be a part of the family's models."""
    return tiny_config(kind.config_class or CONFIG_MAPPING[family], layers)


def tiny_model(kind: type[PreTrainedModel], family: str, layers: int, attention: str) -> PreTrainedModel:
    """A model in evaluation, with weights large enough for attention to be far from uniform.

    Raises
    ------
    TinyError
        If it is too large, or its config cannot be so small.
    ValueError
        If the attention is refused.
    """
    try:
        config = _config(kind, family, layers)
        with torch.device("meta"):
            size = sum(parameter.numel() for parameter in kind._from_config(config).parameters())
    except Exception as error:  # whatever a family's code has against small sizes
        raise TinyError(said(error)) from error
    if size > LARGEST:
        raise TinyError(f"{size} parameters")
    torch.manual_seed(1)
    model = kind._from_config(_config(kind, family, layers), attn_implementation=attention).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2 and parameter.is_floating_point():
                parameter.normal_(0, 0.3)
    return model


def inputs(model: PreTrainedModel) -> dict[str, Tensor | bool]:
    """Two texts, one of them padded, or two images, or two sounds, as a model reads them."""
    generator = torch.Generator().manual_seed(2)
    name = model.main_input_name
    if name == "pixel_values":
        channels = getattr(model.config, "num_channels", 3)
        return {name: torch.randn(2, channels, *_image_size(model.config), generator=generator)}
    if name == "input_values":
        return {name: torch.randn(2, 4000, generator=generator)}
    if name == "input_features":
        return {name: torch.randn(2, *_sound_size(model.config), generator=generator)} | _decoded(model, generator)
    ids = torch.randint(3, VOCABULARY - 2, (2, TOKENS), generator=generator)
    mask = torch.ones_like(ids)
    padded = slice(5, None) if model.config.is_encoder_decoder or not model.can_generate() else slice(None, 4)
    mask[1, padded], ids[1, padded] = 0, 0
    # A cache of its own fails in hybrids of few layers.
    return {name: ids, "attention_mask": mask, "use_cache": False} | _decoded(model, generator)


def _decoded(model: PreTrainedModel, generator: torch.Generator) -> dict[str, Tensor]:
    if not model.config.is_encoder_decoder:
        return {}
    return {"decoder_input_ids": torch.randint(3, VOCABULARY - 2, (2, TOKENS), generator=generator)}


def _image_size(config: PreTrainedConfig) -> tuple[int, int]:
    size = getattr(config, "image_size", IMAGE)
    return (size, size) if isinstance(size, int) else tuple(size)


def _sound_size(config: PreTrainedConfig) -> tuple[int, int]:
    """Of an encoder with positions for half as many frames; otherwise frames come first."""
    if hasattr(config, "max_source_positions") and hasattr(config, "num_mel_bins"):
        return config.num_mel_bins, 2 * config.max_source_positions
    features = getattr(config, "feature_projection_input_dim", None) or getattr(config, "num_mel_bins", 80)
    return 64, features


def said(error: Exception) -> str:
    """Text of an error, in a line of at most 120 characters."""
    kind = "" if isinstance(error, TinyError) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())[:120]
