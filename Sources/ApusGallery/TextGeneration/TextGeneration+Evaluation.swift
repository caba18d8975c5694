import Apus

extension TextGeneration {
    /// How well a model knows the held-out texts of a corpus.
    struct Evaluation {
        let texts: [ScoredText]
        /// Of each token of each text.
        let bits: [[Double]]
        let bitsPerCharacter: Double

        private static var batchSize: Int { 16 }

        init(
            of model: some LanguageModel, on corpus: TextCorpus, _ tokenizer: any Tokenizer, _ recipe: Recipe,
            progress: (Int, Int) -> Void = { _, _ in }
        ) {
            model.eval()
            texts = corpus.scoredTexts(tokenizer)
            let scorer = TextScorer(model, windowLength: recipe.contextLength, batchSize: Self.batchSize)
            bits = scorer.bits(of: texts, progress: progress)
            var measured = BitsPerCharacter()
            for (text, bits) in zip(texts, bits) { measured.update(text, bits: bits) }
            bitsPerCharacter = measured.value
        }

        var metrics: [String: Double] { ["bitsPerCharacter": bitsPerCharacter] }
    }

    /// N-grams with Kneser–Ney smoothing, on the same texts.
    struct Baselines {
        /// Bits per character by what the n-grams are made of.
        let all: [(name: String, bitsPerCharacter: Double)]

        /// - Parameter tokenizer: the model's.
        init(trainedOn corpus: TextCorpus, _ tokenizer: any Tokenizer, measuredOn texts: TextCorpus) {
            func measured(_ order: Int, _ tokenizer: some Tokenizer) -> Double {
                KneserNey(order: order, trainedOn: corpus.documents.lazy.map(\.training), tokenizer)
                    .bitsPerCharacter(of: texts.scoredTexts(tokenizer))
            }
            let characters = CharacterTokenizer(charactersOf: corpus.training)
            var all = [("Kneser–Ney, 5 characters", measured(5, characters))]
            // Orders beyond which no more is gained on the default data.
            if tokenizer is CharacterTokenizer {
                all.append(("Kneser–Ney, 10 characters", measured(10, characters)))
            } else {
                all.append(("Kneser–Ney, 6 tokens", measured(6, tokenizer)))
            }
            self.all = all
        }

        /// The better one, which the model has to beat.
        var metrics: [String: Double] { ["bitsPerCharacter": all.map(\.bitsPerCharacter).min()!] }
    }
}
