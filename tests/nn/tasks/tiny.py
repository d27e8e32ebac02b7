"""Tiny models with random weights, in folders as pretrained ones come, and packages with data, as an index has them."""

import hashlib
import zipfile

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from softermax.nn.tasks.data import Distribution

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = ("good", "bad", "film", "the", "a", "is", "was", "not", "very", "old", "new", "one", "two", "three", "who", "?")
VOCABULARY = {word: number for number, word in enumerate((*SPECIAL, *WORDS))}


def encoder(folder, seed=1):
    """A BERT of two layers that knows a few words; returns the folder's name."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(VOCABULARY), hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder)
    words = _words()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, VOCABULARY[token]) for token in ("[CLS]", "[SEP]")],
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=words, **names).save_pretrained(folder)
    return str(folder)


def decoder(folder, seed=1):
    """A Llama of two layers that knows the same words, with groups of heads; returns the folder's name."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        # Weights large enough for scores that tell arms apart.
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(0, 0.4)
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=_words(), unk_token="[UNK]").save_pretrained(folder)
    return str(folder)


def texts(folder, words=400, seed=1):
    """Two texts of random words in a folder, as a language model takes them; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    for name in ("train.txt", "test.txt"):
        places = torch.randint(len(WORDS), (words,), generator=generator).tolist()
        (folder / name).write_text("\n".join(WORDS[place] for place in places))
    return folder


def _words():
    words = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return words


def package(folder, files, name="tinydata", version="1.0"):
    """A wheel with some files in a folder, which may be pip's index, and what finds it there."""
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    information = f"{name}-{version}.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Distribution(f"{name}=={version}", wheel.name, digest, ("--only-binary", ":all:"))
