"""A language model of one LSTM layer between an embedding and a decoder."""

import torch.nn as nn

from .language import LanguageModel


class RecurrentLanguageModel(nn.Module):
    def __init__(self, vocabulary, width):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, width)
        self.decoder = nn.Linear(width, vocabulary)

    def forward(self, tokens):
        return self.decoder(self.lstm(self.embedding(tokens))[0])


class TrainLSTM(LanguageModel):
    name = "lstm"
    shape = (35, 32)
    vocabulary = 1000

    def model(self):
        return RecurrentLanguageModel(self.vocabulary, 256)


WORKLOADS = [TrainLSTM]
