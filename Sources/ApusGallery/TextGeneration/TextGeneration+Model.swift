import Apus

extension TextGeneration {
    /// The models, from small to large. They are built in `ApusText`: `RecurrentLanguageModel`, `GPT2`, `Llama`.
    package enum Preset: String, CaseIterable {
        case rnn, lstm, gpt, llama, gpt2

        var summary: String {
            switch self {
            case .rnn: "Elman's recurrent network over characters: 1 layer of 512"
            case .lstm: "LSTM over characters: 2 layers of 512"
            case .gpt: "GPT-2's blocks: 4 layers of 256, 4 heads, over 2,048 byte pairs"
            case .llama: "Llama's blocks: 3 layers of 256, 4 heads, over 2,048 byte pairs"
            case .gpt2:
                "GPT-2 as published: 12 layers of 768, 12 heads, 50,257 byte pairs; more than two cores can train"
            }
        }

        package var recipe: Recipe {
            switch self {
            case .rnn: Recipe(tokens: nil, contextLength: 128, epochs: 2, batchSize: 16, learningRate: 2e-3)
            case .lstm: Recipe(tokens: nil, contextLength: 128, epochs: 1, batchSize: 16, learningRate: 2e-3)
            case .gpt: Recipe(tokens: 2048, contextLength: 128, epochs: 5, batchSize: 8, learningRate: 2e-3)
            case .llama: Recipe(tokens: 2048, contextLength: 128, epochs: 6, batchSize: 8, learningRate: 2e-3)
            case .gpt2: Recipe(tokens: 50257, contextLength: 1024, epochs: 1, batchSize: 8, learningRate: 6e-4)
            }
        }

        /// The model over a tokenizer's vocabulary.
        package func makeModel(vocabularySize: Int) -> any LanguageModel {
            // GPT-2's own deviation of 0.02 is for layers three times as wide and more.
            let deviation = 0.04
            return switch self {
            case .rnn:
                RecurrentLanguageModel(.init(cell: .rnn, vocabularySize: vocabularySize, width: 512, layers: 1))
            case .lstm:
                RecurrentLanguageModel(
                    .init(cell: .lstm, vocabularySize: vocabularySize, width: 512, layers: 2, dropout: 0.1))
            case .gpt:
                GPT2(
                    .init(
                        vocabularySize: vocabularySize, contextLength: recipe.contextLength, width: 256, layers: 4,
                        heads: 4, dropout: 0.1, initialDeviation: deviation))
            case .llama:
                Llama(
                    .init(
                        vocabularySize: vocabularySize, contextLength: recipe.contextLength, width: 256,
                        hiddenWidth: 688, layers: 3, heads: 4, keyValueHeads: 4, tiesEmbeddings: true, dropout: 0.1,
                        initialDeviation: deviation))
            case .gpt2: GPT2(.small)
            }
        }

        /// AdamW, whose decay is for weights: biases and norms have nothing to gain from being small.
        package func makeOptimizer(_ model: Module, learningRate: Double) -> Optimizer {
            let parameters = model.namedParameters
            let groups = [
                ParameterGroup(parameters.filter { $0.slot.tensor!.rank > 1 }, weightDecay: recipe.weightDecay),
                ParameterGroup(parameters.filter { $0.slot.tensor!.rank <= 1 }, weightDecay: 0),
            ]
            return AdamW(groups, learningRate: learningRate, betas: (0.9, 0.95))
        }
    }

    /// How a preset is trained where the user says nothing else.
    package struct Recipe {
        /// Of the byte-pair encoding; nil for one token a character.
        package var tokens: Int?
        /// Tokens in a training sequence.
        package var contextLength: Int
        var epochs: Int
        /// Sequences a step.
        var batchSize: Int
        /// The highest, after the warm-up.
        package var learningRate: Double
        var weightDecay = 0.1
    }
}
