"""Tiny models of each kind, with random weights, and what they read."""

import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertModel,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
    ViTConfig,
    ViTModel,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

VOCABULARY, WIDTH, LAYERS, HEADS = 50, 32, 2, 4
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
DECODER = {
    "vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": 48, "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS, "num_key_value_heads": 2, "head_dim": 8,
}  # fmt: skip
SEQUENCE = {
    "d_model": WIDTH, "encoder_layers": LAYERS, "decoder_layers": LAYERS, "encoder_attention_heads": HEADS,
    "decoder_attention_heads": HEADS, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "vocab_size": VOCABULARY,
    **SPECIAL,
}  # fmt: skip


def bert(**options):
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=48, **options,
    )  # fmt: skip
    return BertModel, config


def vit():
    config = ViTConfig(
        hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=48, image_size=8,
        patch_size=2,
    )  # fmt: skip
    return ViTModel, config


def llama():
    return LlamaForCausalLM, LlamaConfig(**DECODER, **SPECIAL)


def gemma2():
    """With a soft cap, and in one layer of the two a window of 3."""
    capped = {"attn_logit_softcapping": 0.5, "sliding_window": 3, "query_pre_attn_scalar": 2}
    return Gemma2ForCausalLM, Gemma2Config(**DECODER, **SPECIAL, **capped)


def gpt2():
    config = GPT2Config(vocab_size=VOCABULARY, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_positions=32, **SPECIAL)
    return GPT2LMHeadModel, config


def bart():
    return BartForConditionalGeneration, BartConfig(**SEQUENCE)


def t5():
    config = T5Config(
        vocab_size=VOCABULARY, d_model=WIDTH, d_kv=8, d_ff=48, num_layers=LAYERS, num_heads=HEADS, **SPECIAL
    )
    return T5ForConditionalGeneration, config


def whisper():
    config = WhisperConfig(
        **SEQUENCE, num_mel_bins=4, max_source_positions=8, max_target_positions=16, begin_suppress_tokens=None,
        suppress_tokens=None,
    )  # fmt: skip
    return WhisperForConditionalGeneration, config


MAKERS = {maker.__name__: maker for maker in (bert, vit, llama, gemma2, gpt2, bart, t5, whisper)}
DECODERS = ("llama", "gemma2", "gpt2", "bart", "t5", "whisper")


def make(name: str, attention: str = "eager", seed: int = 1, **options) -> PreTrainedModel:
    """A model in evaluation, with weights large enough for attention to be far from uniform."""
    torch.manual_seed(seed)
    kind, config = MAKERS[name](**options)
    model = kind._from_config(config, attn_implementation=attention).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(0, 0.3)
    return model


def batch(name: str) -> dict[str, torch.Tensor]:
    """Two texts, one of them padded (to the left for a decoder), or two images or sounds."""
    generator = torch.Generator().manual_seed(2)
    if name == "vit":
        return {"pixel_values": torch.randn(2, 3, 8, 8, generator=generator)}
    ids = torch.randint(3, VOCABULARY, (2, 9), generator=generator)
    mask = torch.ones_like(ids)
    if name == "whisper":
        return {"input_features": torch.randn(2, 4, 16, generator=generator), "decoder_input_ids": ids}
    padded = slice(None, 4) if name in ("llama", "gemma2", "gpt2") else slice(5, None)
    mask[1, padded], ids[1, padded] = 0, 0
    decoded = {"decoder_input_ids": ids.flip(1)} if name in ("bart", "t5") else {}
    return {"input_ids": ids, "attention_mask": mask, **decoded}


def run(model: PreTrainedModel, name: str) -> torch.Tensor:
    """What a model makes of its batch: logits or last hidden states of the positions that are no padding."""
    inputs = batch(name)
    with torch.no_grad():
        output = model(**inputs)
    states = output["logits"] if "logits" in output else output["last_hidden_state"]
    mask = inputs.get("attention_mask")
    return states if mask is None or "decoder_input_ids" in inputs else states[mask.bool()]
