"""Golden values for language models, from transformers 5.23 and PyTorch 2.15.

    python models.py

writes gpt2.safetensors, llama.safetensors, rnn.safetensors and lstm.safetensors beside this file: the state of a tiny model with random
weights (`state.…`), tokens, targets, logits, the loss, and the gradients (`gradient.…`).
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [p for p in sys.path if os.path.abspath(p or ".") != HERE]
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch import nn  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM  # noqa: E402


class Recurrent(nn.Module):
    """Dropout is left out: it does nothing in evaluation mode."""

    def __init__(self, kind, vocabulary, width, layers):
        super().__init__()
        self.kind = kind
        self.embedding = nn.Embedding(vocabulary, width)
        setattr(self, kind, {"rnn": nn.RNN, "lstm": nn.LSTM}[kind](width, width, layers, batch_first=True))
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens):
        return self.head(getattr(self, self.kind)(self.embedding(tokens))[0])


def write(name, model, vocabulary, logits):
    torch.manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model.eval()
    tokens = torch.randint(vocabulary, (2, 9))
    targets = torch.randint(vocabulary, (2, 9))
    output = logits(model, tokens)
    loss = nn.functional.cross_entropy(output.reshape(-1, vocabulary), targets.reshape(-1))
    loss.backward()
    tensors = {"state." + key: value.detach().clone() for key, value in model.state_dict().items()}
    tensors.update({"gradient." + key: value.grad for key, value in model.named_parameters()})
    tensors.update(tokens=tokens, targets=targets, logits=output.detach(), loss=loss.detach())
    save_file({key: value.contiguous() for key, value in tensors.items()}, os.path.join(HERE, name + ".safetensors"))


torch.manual_seed(1)
write("gpt2", GPT2LMHeadModel(GPT2Config(vocab_size=23, n_positions=16, n_embd=12, n_layer=2, n_head=3)), 23,
      lambda model, tokens: model(tokens).logits)
write("llama", LlamaForCausalLM(LlamaConfig(
    vocab_size=23, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=16, rms_norm_eps=1e-6)), 23, lambda model, tokens: model(tokens).logits)
for kind in ("rnn", "lstm"):
    write(kind, Recurrent(kind, 23, 10, 2), 23, lambda model, tokens: model(tokens))
