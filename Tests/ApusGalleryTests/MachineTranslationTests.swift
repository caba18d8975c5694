import Apus
import ApusGallery
import Foundation
import Testing

/// A language of twelve words, translated word by word and written backward.
private enum TinyLanguage {
    static let words = [
        "one": "uno", "two": "dos", "three": "tres", "red": "rojo", "sea": "mar", "sun": "sol", "king": "rey",
        "house": "casa", "man": "hombre", "dog": "perro", "bread": "pan", "light": "luz",
    ]

    static func pairs(_ count: Int, seed: UInt64) -> [ParallelText.Pair] {
        var generator = Generator(seed: seed)
        let names = words.keys.sorted()
        return (0..<count).map { _ in
            let source = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                names.randomElement(using: &generator)!
            }
            return .init(source.joined(separator: " "), source.reversed().map { words[$0]! }.joined(separator: " "))
        }
    }

    static func write(_ count: Int, to url: URL) throws {
        let lines = pairs(count, seed: 5).map { "\($0.source)\t\($0.target)\n" }
        try Data(lines.joined().utf8).write(to: url)
    }
}

@Suite struct TranslatorTests {
    private let kinds = [MachineTranslation.Preset.rnnsearch, .transformer]
    private let source = paddedRows([[5, 6, 7, 8, 9, 2], [10, 11, 2], [12, 2]])
    private let target = paddedRows([[1, 20, 21, 22], [1, 23, 24, 25, 26, 27], [1]])

    private func model(_ preset: MachineTranslation.Preset) -> any Translator {
        withSeed(3) { preset.makeModel(vocabulary: 40) }
    }

    private func difference(_ a: Tensor, _ b: Tensor) -> Double { abs(a - b).max().item() }

    @Test func theTransformerHasItsPublishedSize() {
        // "65 · 10⁶" in table 3, for some 37,000 tokens; 60.5 million are in the matrices that section 3 names.
        let model = MachineTranslation.Preset.transformerBase.makeModel(vocabulary: 37_000)
        #expect(model.parameterCount == 37_000 * 512 + 6 * (3_152_384 + 4_204_032))
        #expect(abs(Double(model.parameterCount) / 65e6 - 1) < 0.05)
    }

    @Test func rnnsearchHasTheMatricesOfItsAppendix() {
        let (vocabulary, embedding, hidden, maxout) = (30_000, 620, 1000, 500)
        let model = MachineTranslation.Preset.rnnsearch50.makeModel(vocabulary: vocabulary)
        let matrices = [
            2 * vocabulary * embedding,  // E of both languages
            2 * 3 * hidden * (embedding + hidden),  // the encoder's W and U
            hidden * hidden, hidden * hidden, hidden * 2 * hidden, hidden,  // Ws, Wa, Ua, va
            3 * hidden * (embedding + hidden + 2 * hidden),  // the decoder's W, U, C
            2 * maxout * (hidden + embedding + 2 * hidden), vocabulary * maxout,  // Uo, Vo, Co, Wo
        ].reduce(0, +)
        let count = model.parameters.compactMap(\.tensor).filter { $0.rank > 1 }.reduce(0) { $0 + $1.elementCount }
        #expect(count == matrices)
    }

    @Test func paddingChangesNothing() {
        for preset in kinds {
            let model = model(preset)
            model.eval()
            let together = model(source, target)
            for (row, count) in [(0, 4), (1, 6), (2, 1)] {
                let alone = model(source[row].expandingDims(0), target[row].expandingDims(0))
                #expect(difference(together[row, 0..<count], alone[0, 0..<count]) < 1e-5)
                let trimmed = model(source[row, 0..<6].expandingDims(0), target[row, 0..<count].expandingDims(0))
                #expect(row > 0 || difference(together[row, 0..<count], trimmed[0]) < 1e-5)
            }
        }
    }

    @Test func writingAgreesWithReading() {
        for preset in kinds {
            let model = model(preset)
            model.eval()
            let whole = model(source, target)  // (3, 8, 40)
            let reading = model.read(source, limit: 8)
            for position in 0..<6 {
                let logits = model.step(target[0..<3, position], at: Tensor(position), reading)
                #expect(difference(logits, whole[0..<3, position]) < 1e-4, "\(preset) at \(position)")
            }
            // Rows that change places take their pasts along.
            reading.reorder(Tensor([1, 1, 0]))
            let moved = model.step(Tensor([30, 31, 32]), at: Tensor(6), reading)
            #expect(difference(moved[0], moved[1]) > 1e-4)
        }
    }

    @Test func alignmentsAreShares() {
        for preset in kinds {
            let model = model(preset)
            model.eval()
            let weights = model.alignment(source, target)  // (3, 8, 8)
            #expect(weights.shape == [3, 8, 8])
            #expect(difference(weights.sum(axes: 2), Tensor.ones([3, 8])) < 1e-5)
            #expect(weights[2, 0..<8, 2..<8].max().item() == 0, "padding is never looked at")
        }
    }

    @Test func gradientsReachEveryParameter() {
        for preset in kinds {
            func check(_ model: some Translator) {
                let batch = PaddedPairs(
                    [([5, 6, 7], [20, 21]), ([8, 9], [22, 23, 24])], batchTokens: 100, longest: 10, seed: 0
                ).inOrder()[0].batch
                let (_, gradients) = valueAndGradients(model) { $0.loss(batch) }
                for element in gradients {
                    #expect(element.gradient.norm().item() > 0, "\(preset): \(element.name)")
                }
                #expect(gradients.count == model.namedParameters.count)
            }
            check(model(preset))
        }
    }

    @Test func theLossFalls() {
        let pairs = TinyLanguage.pairs(64, seed: 1)
        let tokenizer = BytePairEncoding(
            trainedOn: pairs.flatMap { [$0.source, $0.target] }, vocabularySize: 300, specialTokens: SpecialToken.names,
            addsPrefixSpace: true)
        let batch = PaddedPairs(
            pairs.map { (tokenizer.encode($0.source), tokenizer.encode($0.target)) }, batchTokens: 10_000, longest: 30,
            seed: 0
        ).inOrder()[0].batch
        for preset in kinds {
            func run(_ model: some Translator) -> (Double, Double) {
                let optimizer = Adam(model, learningRate: 2e-3)
                let losses = (0..<60).map { _ in
                    let (loss, gradients) = valueAndGradients(model) { $0.loss(batch) }
                    optimizer.step(gradients)
                    return loss.item()
                }
                return (losses[0], losses[59])
            }
            let model = withSeed(3) { preset.makeModel(vocabulary: tokenizer.vocabularySize) }
            let (first, last) = run(model)
            #expect(last < first / 2, "\(preset): \(first) → \(last)")
        }
    }
}

@Suite struct MachineTranslationCommandTests {
    /// One small training that several tests look at.
    private func trained(_ preset: String, epochs: Int) throws -> (place: Workplace, result: Workplace.Result) {
        let place = try Workplace()
        try TinyLanguage.write(1200, to: place.url("tiny.tsv"))
        let result = try place.apus(
            "train", "machine-translation", "--data", "tiny.tsv", "--preset", preset, "--epochs", "\(epochs)",
            "--batch-size", "512", "--set", "vocabulary=300", "--out", "run", "--json")
        return (place, result)
    }

    @Test func itLearnsToTranslate() throws {
        let (place, result) = try trained("rnnsearch", epochs: 12)
        #expect(result.status == 0, "\(result.errors)")
        let last = try #require(result.events.last)
        let metrics = try #require(last["metrics"] as? [String: Double])
        let baseline = try #require(last["baseline"] as? [String: Double])
        #expect(try #require(metrics["bleu"]) > (try #require(baseline["bleu"])))
        let report = try String(contentsOf: place.url("run/report.html"), encoding: .utf8)
        for part in [
            "BLEU", "What each word was translated from", "Nearest sentence", "Word by word", "Learning curves",
        ] {
            #expect(report.contains(part), "\(part)")
        }

        let evaluated = try place.apus("evaluate", "machine-translation", "--model", "run", "--json")
        #expect(evaluated.events.last?["metrics"] as? [String: Double] == metrics, "a saved model is the trained one")
        #expect(evaluated.events.last?["baseline"] as? [String: Double] == baseline)

        let answer = try place.apus("predict", "machine-translation", "--model", "run", "red sea", "--json")
        let translations = try #require(answer.events("translation").first?["translations"] as? [[String: Any]])
        #expect(translations.first?["text"] as? String == "mar rojo")

        try Data("one two\n\nthree dog\n".utf8).write(to: place.url("lines.txt"))
        let lines = try place.apus(
            "predict", "machine-translation", "--model", "run", "lines.txt", "--set", "alternatives=2", "--set",
            "alignment=map.svg")
        #expect(lines.status == 0, "\(lines.errors)")
        #expect(lines.output.split(separator: "\n").count == 4)
        #expect(place.exists("map.svg") && place.exists("map-2.svg"))
    }

    @Test func mistakesAreNamed() throws {
        let place = try Workplace()
        func message(_ arguments: String...) throws -> String {
            let result = try place.apus(["train", "machine-translation", "--out", "run"] + arguments)
            #expect(result.status == 1, "\(result.output)")
            #expect(!place.exists("run/config.json"), "nothing is begun")
            return result.errors
        }
        try Data("no tab\n".utf8).write(to: place.url("bad.tsv"))
        #expect(try message("--data", "bad.tsv").contains("line 1"))
        #expect(try message("--data", "missing").contains("missing.en"))
        #expect(try message("--set", "direction=en-de").contains("English and Spanish"))
        #expect(try message("--set", "direction=english").contains("en-es"))
        #expect(try message("--set", "vocabularly=100").contains("Did you mean vocabulary"))
        #expect(try message("--set", "vocabulary=10").contains("300"))
        try Data("a\tb\n".utf8).write(to: place.url("one.tsv"))
        #expect(try message("--data", "one.tsv").contains("too few"))
    }

    @Test func aBadInputStopsNoOther() throws {
        let (place, result) = try trained("transformer", epochs: 1)
        #expect(result.status == 0, "\(result.errors)")
        try Data([0xFF, 0xFE, 0x00]).write(to: place.url("binary.txt"))
        let long = String(repeating: "sea ", count: 300)
        let answer = try place.apus(
            "predict", "machine-translation", "--model", "run", "binary.txt", "missing.txt", long, "sun", "--json")
        #expect(answer.status == 1)
        #expect(answer.events("error").count == 3)
        #expect(answer.events("translation").count == 1)
        #expect(answer.errors.contains("no such file") && answer.errors.contains("at most 120 tokens"))
    }
}
