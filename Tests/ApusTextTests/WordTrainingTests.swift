import ApusOptim
import ApusTestSupport
import ApusText
import ApusTrain
import Foundation
import Testing

private func vocabulary(_ count: Int) -> WordVocabulary {
    WordVocabulary(words: (0..<count).map { "w\($0)" }, counts: (0..<count).map { 100 - $0 })
}

private func expectClose(_ found: Tensor, _ expected: Tensor, within tolerance: Float = 2e-6) {
    let (a, b) = (found.elements(as: Float.self), expected.elements(as: Float.self))
    #expect(a.count == b.count)
    let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= tolerance, "the largest difference is \(worst)")
}

/// Weights that aren't 0 anywhere, so that each gradient shows.
private func spread(_ model: WordPredictor, _ seed: UInt64) {
    let generator = Generator(seed: seed)
    model.inputs = Tensor.normal(model.inputs.shape, generator: generator).evaluated()
    model.outputs = Tensor.normal(model.outputs.shape, generator: generator).evaluated()
}

/// The model after `p ← p − rate · ∂L/∂p`, by automatic differentiation of its definition.
private func descended(
    _ inputs: Tensor, _ outputs: Tensor, takesMean: Bool, bag: [Int], targets: [Int], labels: [Float], rate: Double
) -> (inputs: Tensor, outputs: Tensor, loss: Double) {
    let model = WordPredictor(
        inputCount: inputs.shape[0], outputCount: outputs.shape[0], dimension: inputs.shape[1], takesMean: takesMean)
    (model.inputs, model.outputs) = (inputs, outputs)
    let (loss, _, gradients) = valueAndGradients(model) { model in
        (model.negativeLogLikelihood(bag: Tensor(bag), targets: Tensor(targets), labels: Tensor(labels)), [:])
    }
    SGD(model, learningRate: rate).step(gradients)
    return (model.inputs, model.outputs, loss.item())
}

@Suite struct PredictionSteps {
    /// Each is the bag, the targets with repetitions, and the dimension: less than a vector of the processor, and more than one.
    static let cases: [(bag: [Int], targets: [Int], dimension: Int)] = [
        ([2], [1], 3), ([0], [5, 1, 2, 5, 5], 16), ([1, 1, 4], [0, 3, 0, 2, 1, 1, 4], 20),
        ([3, 0], Array(0..<6) + Array(0..<6) + Array(0..<6), 100), ([5], [], 8),
    ]

    @Test(arguments: [true, false], cases)
    func aStepDescendsTheGradient(
        takesMean: Bool, example: (bag: [Int], targets: [Int], dimension: Int)
    ) throws {
        let words = vocabulary(6)
        let prediction = WordPrediction(takesMean ? .cbow : .skipGram)
        let model = WordPredictor(prediction, words, dimension: example.dimension)
        spread(model, 7)
        let labels = example.targets.indices.map { Float($0 % 3 == 0 ? 1 : 0) }
        let step = WordPredictorStep(model, prediction, words, tokens: [])
        let loss = step.step(
            bag: example.bag.map(Int32.init), targets: example.targets.map(Int32.init), labels: labels,
            takesMean: takesMean, learningRate: 0.1)
        guard !example.targets.isEmpty else { return #expect(loss == 0) }
        let expected = descended(
            model.inputs, model.outputs, takesMean: takesMean, bag: example.bag, targets: example.targets,
            labels: labels, rate: 0.1)
        #expect(abs(loss - expected.loss) < 1e-4 * max(1, expected.loss))
        step.publish(to: model)
        expectClose(model.inputs, expected.inputs, within: 5e-6)
        expectClose(model.outputs, expected.outputs, within: 5e-6)
    }

    @Test func theDefinitionHasRightGradients() {
        let generator = Generator(seed: 3)
        let inputs = Tensor.normal([4, 5], dtype: .float64, generator: generator).evaluated()
        let outputs = Tensor.normal([3, 5], dtype: .float64, generator: generator).evaluated()
        for takesMean in [true, false] {
            checkGradients(at: [inputs, outputs]) { tensors in
                let model = WordPredictor(inputCount: 4, outputCount: 3, dimension: 5, takesMean: takesMean)
                (model.inputs, model.outputs) = (tensors[0], tensors[1])
                return model.negativeLogLikelihood(
                    bag: Tensor([0, 2, 2]), targets: Tensor([1, 0, 1]), labels: Tensor([1.0, 0, 0] as [Double]))
            }
        }
    }

    /// With a window of 1, the tree, and nothing left out, no chance is left: the whole pass is checked.
    @Test(arguments: [WordPrediction.Direction.skipGram, .cbow], [nil, Subwords(bucketCount: 3)])
    func aPassOverTextIsItsStepsInOrder(direction: WordPrediction.Direction, subwords: Subwords?) throws {
        let words = WordVocabulary(words: ["ab", "bcd", "a", "dab"], counts: [9, 4, 3, 2])
        let prediction = WordPrediction(
            direction, .hierarchicalSoftmax, window: 1, subsampling: nil, subwords: subwords)
        let model = WordPredictor(prediction, words, dimension: 10)
        spread(model, 11)
        var (inputs, outputs) = (model.inputs, model.outputs)
        let tokens: [Int32] = [0, 1, 3, -1, 2, -1, 0, 2]
        let step = WordPredictorStep(model, prediction, words, tokens: tokens)

        let tree = HuffmanTree(counts: words.counts)
        let parts = subwords?.rows(of: words)
        func rows(_ word: Int) -> [Int] {
            guard let parts else { return [word] }
            return (Int(parts.starts[word])..<Int(parts.starts[word + 1])).map { Int(parts.rows[$0]) }
        }
        func path(_ word: Int) -> Range<Int> { Int(tree.starts[word])..<Int(tree.starts[word + 1]) }
        var losses: [Double] = []
        var predictions = 0
        for (place, word) in tokens.enumerated() where word >= 0 {
            let around = [place - 1, place + 1].filter { tokens.indices.contains($0) && tokens[$0] >= 0 }
                .map { Int(tokens[$0]) }
            if around.isEmpty { continue }
            let bag = direction == .cbow ? around.flatMap(rows) : rows(Int(word))
            let targets = (direction == .cbow ? [Int(word)] : around).flatMap(path)
            let result = descended(
                inputs, outputs, takesMean: direction == .cbow, bag: bag, targets: targets.map { Int(tree.nodes[$0]) },
                labels: targets.map { tree.labels[$0] }, rate: 0.05)
            (inputs, outputs) = (result.inputs, result.outputs)
            losses.append(result.loss)
            predictions += direction == .cbow ? 1 : around.count
        }

        let outcome = try withGenerator(Generator(seed: 1)) {
            try step.take(0..<tokens.count, model: model, learningRate: 0.05)
        }
        step.publish(to: model)
        #expect(abs(outcome.loss - losses.reduce(0, +) / Double(predictions)) < 1e-4)
        expectClose(model.inputs, inputs, within: 1e-5)
        expectClose(model.outputs, outputs, within: 1e-5)
    }

    @Test func vectorsOfWordsAreTheSumsOfTheirParts() {
        let words = WordVocabulary(words: ["ab", "cd"], counts: [2, 1])
        let subwords = Subwords(bucketCount: 5)
        let model = WordPredictor(WordPrediction(subwords: subwords), words, dimension: 3)
        let vectors = model.vectors(of: words, subwords)
        for (number, word) in words.words.enumerated() {
            let parts = [number] + subwords.buckets(of: word).map { 2 + $0 }
            expectClose(vectors[number], model.inputs.gathered(Tensor(parts)).sum(axes: 0))
        }
    }
}

@Suite struct CountingSteps {
    @Test func pairsAreCountedByDistance() {
        let words = vocabulary(3)
        let counts = CooccurrenceCounts(tokens: [0, 1, 1, -1, 2], vocabularySize: words.count, window: 2) {
            1 / Float($0)
        }
        let found = Dictionary(uniqueKeysWithValues: counts.entries.map { ([$0.word, $0.context], $0.count) })
        #expect(found == [[0, 1]: 1.5, [1, 0]: 1.5, [1, 1]: 2])
    }

    /// A step is `Adagrad`'s along the gradient of the definition, for each pair in turn.
    @Test(arguments: [3, 16, 50])
    func aStepIsAdagrads(dimension: Int) throws {
        let words = vocabulary(4)
        let tokens: [Int32] = [0, 1, 2, 0, -1, 3, 1, 1]
        let counts = CooccurrenceCounts(tokens: tokens, vocabularySize: words.count, window: 2) { 1 / Float($0) }
        let model = withSeed(2) { CooccurrenceFactors(count: 4, dimension: dimension) }
        let copy = CooccurrenceFactors(count: 4, dimension: dimension)
        try copy.load(model.stateDictionary())
        let step = CooccurrenceStep(model, counts, saturation: 2, initialSquares: 0.5, shuffle: Generator(seed: 9))
        let optimizer = Adagrad(copy, learningRate: 0.05, initialAccumulator: 0.5)
        var loss = 0.0
        for _ in 0..<2 {
            loss = 0
            var generator = Generator(seed: 9)
            for entry in counts.entries.shuffled(using: &generator) {
                let weight = min(1, pow(Double(entry.count) / 2, 0.75))
                let (value, _, gradients) = valueAndGradients(copy) { copy in
                    (
                        copy.weightedSquares(
                            Tensor([Int(entry.word)]), Tensor([Int(entry.context)]),
                            logarithms: Tensor([log(entry.count)]), weights: Tensor([Float(weight)])), [:]
                    )
                }
                optimizer.step(gradients)
                loss += value.item()
            }
        }
        _ = try step.take(0..<counts.entries.count, model: model, learningRate: 0.05)
        let outcome = try step.take(0..<counts.entries.count, model: model, learningRate: 0.05)
        step.publish(to: model)
        #expect(abs(outcome.loss - loss / Double(counts.entries.count)) < 1e-5)
        expectClose(model.words, copy.words)
        expectClose(model.contexts, copy.contexts)
        expectClose(model.wordBiases, copy.wordBiases)
        expectClose(model.contextBiases, copy.contextBiases)
        // What goes on with the checkpoint's sums goes the same way.
        let other = CooccurrenceStep(model, counts, saturation: 2, shuffle: Generator(seed: 9))
        try other.load(step.stateDictionary())
        #expect(
            isEqual(other.stateDictionary()["words.sum"]!, step.stateDictionary()["words.sum"]!).item(as: Bool.self))
        #expect(throws: (any Error).self) { try other.load([:]) }
    }

    @Test func ppmiIsTheFactoredInformation() throws {
        var generator = Generator(seed: 4)
        let tokens = (0..<3000).map { _ in
            Int32(Double.random(in: 0..<1, using: &generator) * Double.random(in: 0..<1, using: &generator) * 30)
        }
        let counts = CooccurrenceCounts(tokens: tokens, vocabularySize: 30, window: 2) { _ in 1 }
        // All singular values: the product with itself is M Mᵀ where p is 1.
        let vectors = PPMI.vectors(counts, vocabularySize: 30, dimension: 30, singularExponent: 1)
        var dense = [Double](repeating: 0, count: 900)
        let total = counts.entries.reduce(0.0) { $0 + Double($1.count) }
        var sums = [Double](repeating: 0, count: 30)
        for entry in counts.entries { sums[Int(entry.word)] += Double(entry.count) }
        for entry in counts.entries {
            let (i, j) = (Int(entry.word), Int(entry.context))
            dense[i * 30 + j] = max(0, log(Double(entry.count) * total / (sums[i] * sums[j])))
        }
        let matrix = Tensor(dense, shape: [30, 30])
        expectClose(matmul(vectors, vectors.T), matmul(matrix, matrix.T), within: 1e-3)
    }
}

@Suite struct WordTraining {
    /// Sentences in which words of three kinds keep among themselves.
    private static func corpus() -> WordCorpus {
        var generator = Generator(seed: 6)
        return WordCorpus(
            sentences: (0..<600).map { number in
                (0..<8).map { _ in "\("xyz".dropFirst(number % 3).first!)\(Int.random(in: 0..<6, using: &generator))" }
            })
    }

    private static let kinds: [WordPrediction] = [
        WordPrediction(.skipGram, window: 3, subsampling: nil), WordPrediction(.cbow, window: 3, subsampling: nil),
        WordPrediction(.skipGram, .hierarchicalSoftmax, window: 3, subsampling: nil),
        WordPrediction(.cbow, .hierarchicalSoftmax, window: 3, subsampling: nil),
        WordPrediction(.skipGram, window: 3, subsampling: nil, subwords: Subwords(minimumLength: 2, bucketCount: 100)),
    ]

    private func trainer(
        _ prediction: WordPrediction, epochs: Int, run: RunFolder? = nil
    ) -> (Trainer<WordPredictor, Range<Int>>, WordPredictorStep, WordVocabulary) {
        let corpus = Self.corpus()
        let vocabulary = WordVocabulary(corpus, minimumCount: 1)
        let model = withSeed(1) { WordPredictor(prediction, vocabulary, dimension: 12) }
        let step = WordPredictorStep(model, prediction, vocabulary, corpus: corpus)
        let trainer = Trainer(
            model, stepping: step, TrainerConfiguration(epochs: epochs, seed: 3), system: "words", run: run)
        trainer.schedule = LinearSchedule(rate: 0.1, start: 1, end: 0.1, steps: 40)
        return (trainer, step, vocabulary)
    }

    @Test(arguments: kinds)
    func wordsThatKeepTogetherComeTogether(prediction: WordPrediction) throws {
        let (trainer, step, vocabulary) = trainer(prediction, epochs: 8)
        let before = trainer.model.stateDictionary()
        final class Losses: RunObserver {
            var values: [Double] = []
            func receive(_ event: RunEvent) {
                if case .epoch(let epoch) = event { values.append(epoch.metrics["trainingLoss"] ?? .nan) }
            }
        }
        let losses = Losses()
        trainer.observers = [losses]
        try trainer.fit(step.batches(size: 1000))
        #expect(losses.values.count == 8)
        #expect(losses.values[7] < losses.values[0])
        for (name, value) in trainer.model.stateDictionary() {
            #expect(try (value .!= #require(before[name])).any().item(as: Bool.self), "\(name) was not trained")
        }
        let vectors = WordVectors(
            words: vocabulary.words, matrix: trainer.model.vectors(of: vocabulary, prediction.subwords))
        let near = try #require(vectors.neighbours(of: "x0", count: 5)).map(\.word)
        #expect(near.allSatisfy { $0.hasPrefix("x") }, "\(near)")
    }

    /// To the last bit: so short a batch is one thread's.
    @Test func interruptionChangesNothing() throws {
        try withTemporaryFolder { folder in
            let prediction = WordPrediction(window: 3)
            let (whole, wholeStep, _) = trainer(prediction, epochs: 3)
            try whole.fit(wholeStep.batches(size: 1000))

            let run = try RunFolder.create(at: folder, system: "words", configuration: ["a": 1])
            let (first, firstStep, _) = trainer(prediction, epochs: 3, run: run)
            final class Stop: TrainerCallback {
                let interruption: Interruption
                init(_ interruption: Interruption) { self.interruption = interruption }
                func stepEnds(_ position: TrainingPosition, model: Module, loss: Double) throws {
                    if position.step == 7 { interruption.request() }
                }
            }
            first.callbacks = [Stop(first.interruption)]
            #expect(try first.fit(firstStep.batches(size: 1000)).outcome == .interrupted)

            let (second, secondStep, _) = trainer(prediction, epochs: 3, run: run)
            try second.resume()
            try second.fit(secondStep.batches(size: 1000))
            for (name, value) in whole.model.stateDictionary() {
                #expect(isEqual(value, second.model.stateDictionary()[name]!).item(as: Bool.self), "\(name)")
            }
        }
    }
}
