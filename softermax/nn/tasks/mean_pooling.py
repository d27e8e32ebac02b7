"""Classification by the mean of a sentence encoder's tokens, which is what such an encoder is trained to make."""

from __future__ import annotations

from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

__all__ = ["MeanPoolingClassifier", "mean_of_tokens"]


class MeanPoolingClassifier(PreTrainedModel):
    """A sentence encoder and a linear layer.

    Parameters
    ----------
    encoder : PreTrainedModel
    labels : int
        Classes.
    """

    # Of transformers' attentions it takes what its encoder does.
    _supports_sdpa = True

    def __init__(self, encoder: PreTrainedModel, labels: int):
        super().__init__(encoder.config)
        self.encoder = encoder
        self.classifier = nn.Linear(encoder.config.hidden_size, labels)
        self.post_init()

    def forward(self, labels: Tensor, **inputs: Tensor) -> SequenceClassifierOutput:
        """Loss and logits, (batch, labels)."""
        states = self.encoder(**inputs).last_hidden_state
        logits = self.classifier(mean_of_tokens(states, inputs["attention_mask"]))
        return SequenceClassifierOutput(loss=nn.functional.cross_entropy(logits, labels), logits=logits)


def mean_of_tokens(states: Tensor, mask: Tensor) -> Tensor:
    """Mean over an encoder's last layer, (batch, tokens, width), without padding: (batch, width)."""
    kept = mask[..., None].to(states.dtype)
    return (states * kept).sum(dim=1) / kept.sum(dim=1)
