import Apus
import Foundation

/// Learns what words mean from their neighbours, and answers “man is to woman as king is to …?”.
public struct WordAnalogies: System {
    public init() {}

    /// Austen and the King James Bible by default, with the accuracy that training aims at.
    public let card = SystemCard(
        name: "word-analogies",
        title: "Word analogies",
        summary:
            "Text goes in, a vector for each word comes out; arithmetic with vectors answers questions about meaning.",
        references: [
            "word2vec: Mikolov, Chen, Corrado, Dean, “Efficient estimation of word representations in vector space”, 2013",
            "Negative sampling: Mikolov, Sutskever, Chen, Corrado, Dean, “Distributed representations of words and phrases and their compositionality”, 2013",
            "GloVe: Pennington, Socher, Manning, “GloVe: global vectors for word representation”, 2014",
            "fastText: Bojanowski, Grave, Joulin, Mikolov, “Enriching word vectors with subword information”, 2017",
        ],
        defaultData: "Jane Austen's six novels and the King James Bible, 1.5 million words; questions-words.txt",
        formats: [
            "text files, plain or gzipped, or folders of them: prose in paragraphs",
            "one sentence a line, words between spaces: text8, gensim's LineSentence",
        ],
        metric:
            "analogy questions answered rightly, of those whose four words have vectors, as gensim counts them; Spearman's correlation with WordSim-353 and SimLex-999",
        target: "at least 50 % of the questions, and over the baseline",
        goal: Goal("accuracy", 0.5),
        baseline:
            "PPMI-SVD: mutual information of words and contexts, factored, on the same text (Levy and Goldberg 2014)",
        limits: [
            "It knows what its text tells: 1.5 million words of novels and scripture hold few capitals, currencies and nationalities, and those questions are not asked.",
            "A word has one vector, whatever its senses are. What a text is biased in, its vectors are.",
            "fastText's vectors are near each other where words look alike, which answers grammar well and meaning less.",
        ],
        input:
            "words with + and - between them (\"king - man + woman\"), one word for its neighbours, or a file of such lines",
        presets: Preset.allCases.map { .init(name: $0.rawValue, summary: $0.summary) },
        defaultPreset: Preset.fastText.rawValue, settings: settings)

    package enum Preset: String, CaseIterable, Codable {
        case skipGram = "skip-gram"
        case cbow
        case skipGramTree = "skip-gram-hs"
        case cbowTree = "cbow-hs"
        case glove
        case fastText = "fasttext"

        var summary: String {
            switch self {
            case .skipGram: "a word predicts each word near it; negative sampling"
            case .cbow: "the words near a word predict it together; negative sampling"
            case .skipGramTree: "skip-gram with hierarchical softmax"
            case .cbowTree: "CBOW with hierarchical softmax"
            case .glove: "factors of the logarithms of co-occurrence counts"
            case .fastText: "skip-gram with subwords: a word's vector is the sum of its n-grams'"
            }
        }

        /// Whether words are drawn at random.
        var samplesNegatives: Bool { [.skipGram, .cbow, .fastText].contains(self) }

        var recipe: Recipe {
            switch self {
            case .skipGram: Recipe(epochs: 10, learningRate: 0.05)
            case .cbow: Recipe(epochs: 20, learningRate: 0.1)
            case .skipGramTree: Recipe(epochs: 10, learningRate: 0.05)
            case .cbowTree: Recipe(epochs: 20, learningRate: 0.1)
            case .glove: Recipe(epochs: 30, batchSize: 50_000, learningRate: 0.1, window: 10)
            case .fastText: Recipe(epochs: 8, learningRate: 0.01, contextWeight: 0.3)
            }
        }
    }

    /// How a preset is trained where the user says nothing else.
    struct Recipe {
        var epochs: Int
        var batchSize = 20_000
        var learningRate: Double
        var dimension = 100
        var window = 5
        var negatives = 5
        var minimumCount = 5
        var subsampling = 1e-3
        var shortestNGram = 3
        var longestNGram = 5
        var buckets = 50_000
        var contextWeight = 0.0
        var saturation = 10.0
    }

    /// The parameters of a preset's model for the default text's vocabulary.
    public func summary(preset: String?) throws -> Summary {
        let preset = try self.preset(named: preset)
        let options = TrainOptions(
            folder: URL(fileURLWithPath: "."), settings: try SettingValues(of: card, for: .training))
        let words = (0..<Self.defaultVocabularySize).map { "\($0)" }
        let vocabulary = WordVocabulary(words: words, counts: words.map { _ in 1 })
        return try summary(of: Configuration(options, preset: preset).makeModel(vocabulary))
    }

    /// Words of the default text that occur five times or more.
    static let defaultVocabularySize = 9353

    /// From a pair of words to the score of the one beside the other.
    func summary(of model: WordModel) -> Summary {
        switch model {
        case .predictor(let module, _, _):
            Apus.summary(module, input: Tensor([0, 0])) { module, pair in
                module.negativeLogLikelihood(bag: pair[0..<1], targets: pair[1..<2], labels: Tensor([1 as Float]))
            }
        case .factors(let module):
            Apus.summary(module, input: Tensor([0, 0])) { module, pair in
                let one = Tensor([1 as Float])
                return module.weightedSquares(pair[0..<1], pair[1..<2], logarithms: one, weights: one)
            }
        }
    }

    func preset(named name: String?) throws -> Preset { Preset(rawValue: try card.preset(named: name).name)! }
}

// MARK: Use

extension WordAnalogies {
    /// Asks the questions of the trained vectors and of the baseline's. `data` is a file of other questions.
    public func evaluate(_ options: EvaluateOptions, output: any SystemOutput) throws -> RunEvent.Finished {
        let trained = try TrainedVectors(options.model)
        let questions = try WordQuestions(options.data?.path ?? trained.configuration.questions, output: output)
        let evaluation = WordEvaluation(of: trained.vectors, on: questions)
        let baseline = WordEvaluation(of: try WordVectors(contentsOf: trained.folder.baselineURL), on: questions)
        show(evaluation, beside: baseline, to: output)
        return RunEvent.Finished(
            system: name, metrics: evaluation.metrics, baseline: baseline.metrics, seconds: output.seconds,
            run: trained.folder.path)
    }

    /// Shows the words nearest to each expression, and returns how many could not be understood.
    public func predict(_ options: PredictOptions, output: any SystemOutput) throws -> Int {
        let trained = try TrainedVectors(options.model)
        let count = try options.settings.count("count", in: 1...1000)
        let method = try options.settings.word("method", among: WordVectors.AnalogyMethod.allCases.map(\.rawValue))
        var failures = 0
        for argument in options.inputs {
            do {
                let input = try TextInput(argument)
                for line in input.lines {
                    do {
                        let answer = try trained.answer(line, count: count, method: .init(rawValue: method)!)
                        output.show("\(answer.table.rendered())\n")
                        output.emit("prediction", answer)
                    } catch {
                        failures += 1
                        output.fail(error, input: line)
                    }
                }
                if input.lines.isEmpty {
                    throw InputError(argument, "holds no words", remedy: "Give words with + and - between them")
                }
            } catch {
                failures += 1
                output.fail(error, input: argument)
            }
        }
        return failures
    }

    /// What was measured, for people and programs.
    func show(_ evaluation: WordEvaluation, beside baseline: WordEvaluation, to output: any SystemOutput) {
        output.show(evaluation.table(beside: baseline).rendered())
        for (found, other) in zip(evaluation.similarities, baseline.similarities) {
            output.show(
                "\(found.name): Spearman \(Format.number(found.value)) over \(found.pairs) pairs; PPMI-SVD \(Format.number(other.value))"
            )
        }
        output.emit("categories", evaluation.event)
    }
}
