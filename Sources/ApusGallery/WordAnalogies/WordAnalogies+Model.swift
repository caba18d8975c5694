import Apus

/// What a preset trains: vectors that predict words from words, or factors of co-occurrence counts.
///
/// `WordPredictor.negativeLogLikelihood` and `CooccurrenceFactors.weightedSquares` are the losses.
enum WordModel {
    /// - Parameter contextWeight: how much the vectors that are predicted count beside those that predict.
    case predictor(WordPredictor, WordPrediction, contextWeight: Double)
    case factors(CooccurrenceFactors)

    /// The parameters.
    var module: Module {
        switch self {
        case .predictor(let model, _, _): model
        case .factors(let model): model
        }
    }

    /// The parts that words are made of, where they are.
    var subwords: Subwords? {
        guard case .predictor(_, let prediction, _) = self else { return nil }
        return prediction.subwords
    }

    /// The words' vectors, (words, d): those that predict, with a share of those that are predicted; or the sums of both factors.
    ///
    /// Sums of both: Levy, Goldberg and Dagan, “Improving distributional similarity with lessons learned from word embeddings”, 2015, 3.3.
    func vectors(of vocabulary: WordVocabulary) -> WordVectors {
        switch self {
        case .predictor(let model, let prediction, let weight):
            let vectors = model.vectors(of: vocabulary, prediction.subwords)
            let matrix = weight > 0 ? vectors.normalized(axis: 1) + weight * model.outputs.normalized(axis: 1) : vectors
            return WordVectors(words: vocabulary.words, matrix: matrix)
        case .factors(let model):
            return WordVectors(words: vocabulary.words, matrix: model.vectors)
        }
    }
}

extension WordAnalogies.Configuration {
    /// How words are predicted; nil for the preset that factors counts.
    var prediction: WordPrediction? {
        let sampling = WordPrediction.Objective.negativeSampling(negatives)
        let direction: WordPrediction.Direction
        let objective: WordPrediction.Objective
        switch preset {
        case .skipGram, .fastText: (direction, objective) = (.skipGram, sampling)
        case .cbow: (direction, objective) = (.cbow, sampling)
        case .skipGramTree: (direction, objective) = (.skipGram, .hierarchicalSoftmax)
        case .cbowTree: (direction, objective) = (.cbow, .hierarchicalSoftmax)
        case .glove: return nil
        }
        return WordPrediction(
            direction, objective, window: window, subsampling: subsampling,
            subwords: preset == .fastText
                ? Subwords(minimumLength: shortestNGram, maximumLength: longestNGram, bucketCount: buckets) : nil)
    }

    /// The model with its initial weights.
    func makeModel(_ vocabulary: WordVocabulary) -> WordModel {
        withSeed(seed) {
            guard let prediction else {
                return .factors(CooccurrenceFactors(count: vocabulary.count, dimension: dimension))
            }
            let model = WordPredictor(prediction, vocabulary, dimension: dimension)
            // The tree's nodes are no words.
            let isTree = prediction.objective == .hierarchicalSoftmax
            return .predictor(model, prediction, contextWeight: isTree ? 0 : contextWeight)
        }
    }
}
