import Apus

/// Translations of held-out sentences, and how good they are.
struct TranslationEvaluation {
    let name: String
    let translations: [String]
    let bleu: BLEU
    /// BLEU, chrF, and what else was measured.
    let metrics: [String: Double]

    init(_ name: String = "This model", translations: [String], _ text: ParallelText, _ others: [String: Double] = [:])
    {
        let references = text.pairs.map(\.target)
        self.name = name
        self.translations = translations
        bleu = BLEU(translations, references: references)
        metrics = others.merging(["bleu": bleu.score, "chrf": chrF(translations, references: references)]) { $1 }
    }
}

/// What simple methods reach on the same sentences.
struct TranslationBaselines {
    /// Each word by its likeliest translation, in the source's order.
    let wordByWord: TranslationEvaluation
    /// The translation of the training sentence that is most like the source.
    let nearest: TranslationEvaluation

    var best: TranslationEvaluation { wordByWord.bleu.score > nearest.bleu.score ? wordByWord : nearest }

    init(_ texts: ParallelText.Split, output: any SystemOutput) {
        let bar = output.progressBar("Measuring the baselines", total: 2, unit: "baselines")
        bar.start(at: 0)
        let training = texts.training.pairs
        let words = training.map { (source: Self.words($0.source), target: Self.casedWords($0.target)) }
        let dictionary = WordTranslation(words)
        wordByWord = TranslationEvaluation(
            "Word by word", translations: texts.test.pairs.map { Self.translated($0.source, dictionary) }, texts.test)
        bar.update(completed: 1)
        let memory = NearestTexts(words.map(\.source))
        nearest = TranslationEvaluation(
            "Nearest sentence",
            translations: texts.test.pairs.map { pair in
                memory(Self.words(pair.source)).map { training[$0.number].target } ?? ""
            }, texts.test)
        bar.finish()
    }

    private static func words(_ text: String) -> [String] { mtevalTokens(text.lowercased()) }

    /// With the capitals of names, without that of the sentence's beginning.
    private static func casedWords(_ text: String) -> [String] {
        mtevalTokens(text.prefix(1).lowercased() + text.dropFirst())
    }

    private static func translated(_ sentence: String, _ dictionary: WordTranslation) -> String {
        let words = words(sentence).map { dictionary($0)?.word ?? $0 }
        let text = words.reduce(into: "") { text, word in
            let isPunctuation = word.count == 1 && ".,;:?!)".contains(word)
            text += (text.isEmpty || isPunctuation ? "" : " ") + word
        }
        return text.prefix(1).uppercased() + text.dropFirst()
    }
}
