"""Transformers: GPT, ViT, BERT, and GPT-2 decoding with a cache."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from .classifiers import Classification
from .language import LanguageModel
from .workload import Workload


class SelfAttention(nn.Module):
    def __init__(self, width, heads, causal, bias):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.projection = nn.Linear(width, width, bias=bias)
        self.heads = heads
        self.causal = causal

    def forward(self, x, cache=None, place=None):
        batch, length, width = x.shape
        q, k, v = (
            part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        if cache is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        else:
            positions, mask = place
            keys, values = cache
            keys.index_copy_(2, positions, k)
            values.index_copy_(2, positions, v)
            y = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)
        return self.projection(y.transpose(1, 2).reshape(batch, length, width))


class FeedForward(nn.Module):
    def __init__(self, width, bias):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width, bias=bias)
        self.fc2 = nn.Linear(4 * width, width, bias=bias)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class TransformerBlock(nn.Module):
    def __init__(self, width, heads, causal=False, norm_first=True, bias=True, eps=1e-5):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps, bias=bias)
        self.attention = SelfAttention(width, heads, causal, bias)
        self.norm2 = nn.LayerNorm(width, eps=eps, bias=bias)
        self.mlp = FeedForward(width, bias)
        self.norm_first = norm_first

    def forward(self, x, cache=None, place=None):
        if self.norm_first:
            x = x + self.attention(self.norm1(x), cache, place)
            return x + self.mlp(self.norm2(x))
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.mlp(x))


class GPT(nn.Module):
    """Arranged as in nanoGPT: the token embedding is the output layer's weight too, and the GELU is exact."""

    def __init__(self, layers, heads, width, context, vocabulary, bias):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(TransformerBlock(width, heads, causal=True, bias=bias) for _ in range(layers))
        self.norm = nn.LayerNorm(width, bias=bias)
        self.apply(self.initialize)

    @staticmethod
    def initialize(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)

    def forward(self, indices):
        x = self.tokens(indices) + self.positions(torch.arange(indices.shape[1], device=indices.device))
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.tokens.weight)

    def make_cache(self, batch, capacity):
        attention = self.blocks[0].attention
        shape = (batch, attention.heads, capacity, attention.projection.in_features // attention.heads)
        return [(torch.zeros(shape), torch.zeros(shape)) for _ in self.blocks]

    def decode(self, indices, cache, positions):
        """Logits of what follows the last of some tokens behind those in the cache."""
        capacity = cache[0][0].shape[2]
        mask = torch.arange(capacity) <= positions[:, None]
        x = self.tokens(indices) + self.positions(positions)
        for block, layer in zip(self.blocks, cache):
            x = block(x, layer, (positions, mask))
        return F.linear(self.norm(x[:, -1]), self.tokens.weight)


class VisionTransformer(nn.Module):
    def __init__(self, image=224, patch=16, width=384, layers=12, heads=6, classes=1000):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, (image // patch) ** 2 + 1, width))
        self.blocks = nn.ModuleList(TransformerBlock(width, heads, eps=1e-6) for _ in range(layers))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        patches = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), patches], dim=1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


class BERT(nn.Module):
    def __init__(self, layers=12, heads=12, width=768, context=512, vocabulary=30522):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.segments = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.blocks = nn.ModuleList(TransformerBlock(width, heads, norm_first=False, eps=1e-12) for _ in range(layers))
        self.pooler = nn.Linear(width, width)

    def forward(self, indices, segments):
        positions = torch.arange(indices.shape[1], device=indices.device)
        x = self.norm(self.tokens(indices) + self.segments(segments) + self.positions(positions))
        for block in self.blocks:
            x = block(x)
        return torch.tanh(self.pooler(x[:, 0]))


def gpt2():
    return GPT(layers=12, heads=12, width=768, context=1024, vocabulary=50257, bias=True)


class TrainGPT(LanguageModel):
    """nanoGPT's network for Shakespeare by characters."""

    name = "gpt-f32"
    shape = (8, 256)
    vocabulary = 65

    def model(self):
        return GPT(layers=6, heads=6, width=384, context=256, vocabulary=self.vocabulary, bias=False)


class TrainGPTBFloat16(TrainGPT):
    name = "gpt-bf16"
    autocast = True


class TrainViT(Classification):
    name = "vit-s16"
    shape = (8, 3, 224, 224)
    classes = 1000
    model = VisionTransformer


class PredictBERT(Workload):
    name = "bert-base"
    mode = "inference"

    def make(self, generator):
        tokens = torch.randint(0, 30522, (1, 128), generator=generator)
        return BERT(), {"tokens": tokens, "segments": torch.randint(0, 2, (1, 128), generator=generator)}

    def forward(self, model, inputs):
        return model(inputs["tokens"], inputs["segments"])


class DecodeGPT2(Workload):
    """32 tokens, one after the other and each the likeliest, behind a prompt of 64; the last token's logits."""

    name = "gpt2-decode"
    mode = "inference"
    prompt, tokens = 64, 32

    def make(self, generator):
        return gpt2(), {"prompt": torch.randint(0, 50257, (1, self.prompt), generator=generator)}

    def make_forward(self, model, inputs, compiled):
        cache = model.make_cache(1, self.prompt + self.tokens)
        with torch.inference_mode():
            first = model.decode(inputs["prompt"], cache, torch.arange(self.prompt)).argmax(-1, keepdim=True)
            positions = torch.arange(self.prompt, self.prompt + self.tokens).split(1)
        decode = compiled(model.decode)

        def forward():
            # What an earlier step left in the cache is behind the mask until it is written anew.
            token = first
            for position in positions:
                logits = decode(token, cache, position)
                token = logits.argmax(-1, keepdim=True)
            return logits

        return forward


WORKLOADS = [TrainGPT, TrainGPTBFloat16, TrainViT, PredictBERT, DecodeGPT2]
