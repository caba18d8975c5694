import ApusData
import ApusNN
import ApusText
import Foundation
import Testing

@Suite struct TextCorpusTests {
    private let text = (0..<100).map { "line \($0)\n" }.joined()

    @Test func theEndIsHeldOutFromALinesBeginning() {
        let document = TextCorpus.Document(name: "a", text: text, heldOut: 0.1)
        #expect(document.training + document.heldOut == text)
        #expect(document.heldOut.hasPrefix("line 9"))
        #expect((0.08...0.1).contains(Double(document.heldOut.count) / Double(text.count)))
        #expect(TextCorpus.Document(name: "a", text: text, heldOut: 1).heldOut == text)
        #expect(TextCorpus.Document(name: "a", text: text, heldOut: 0).training == text)
        #expect(TextCorpus.Document(name: "a", text: "", heldOut: 0.5).heldOut == "")
    }

    @Test func foldersAreReadInOrder() throws {
        try withTemporaryFolder { folder in
            for name in ["b.txt", "a.md", "c.png"] {
                try Data("\(name)\n".utf8).write(to: folder.appendingPathComponent(name))
            }
            let corpus = try TextCorpus(contentsOf: folder, heldOut: 0)
            #expect(corpus.documents.map(\.name) == ["a.md", "b.txt"])
            #expect(corpus.training == "a.md\nb.txt\n")
        }
    }

    @Test func windowsCoverTheTextOnceAnEpoch() throws {
        let windows = TokenWindows(Array(0..<1000), length: 10, batchSize: 7, seed: 1)
        #expect(windows.batchCount == 14)
        func batches(_ epoch: Int, from start: Int = 0) throws -> [[Int]] {
            let next = windows.batches(epoch: epoch, from: start)
            var rows: [[Int]] = []
            while let batch = try next() {
                #expect(batch.inputs.shape == [7, 10])
                let (inputs, targets): ([Int], [Int]) = (batch.inputs.elements(), batch.targets.elements())
                #expect(targets == inputs.map { $0 + 1 })
                rows.append(inputs)
            }
            return rows
        }
        let first = try batches(0)
        let seen = first.flatMap { $0 }
        #expect(Set(seen).count == seen.count && seen.count == 980)
        #expect(try batches(0) == first)
        #expect(try batches(0, from: 5) == Array(first[5...]))
        #expect(try batches(1) != first)
        #expect(TokenWindows([1, 2, 3], length: 2, batchSize: 8, seed: 0).batchCount == 1)
    }
}

@Suite struct TextScorerTests {
    private let tokenizer = CharacterTokenizer(characters: Array("abcdefgh".unicodeScalars))

    private func model() -> GPT2 {
        withSeed(1) { GPT2(.init(vocabularySize: 9, contextLength: 8, width: 8, layers: 1, heads: 2)) }
    }

    /// `−log₂ p` of each token, each from a window that is computed alone.
    private func expected(_ model: GPT2, _ tokens: [Int], from start: Int) -> [Double] {
        (start..<tokens.count).map { place in
            guard place > 0 else { return log2(9) }
            // Windows of 8 move on by 4 from the first place that is measured.
            let first = max(start, 1)
            let end = min(first + ((place - first) / 4 + 1) * 4, tokens.count)
            let inputs = Array(tokens[max(0, end - 9)..<place])
            let logits: [Float] = model(Tensor(inputs, shape: [1, inputs.count]))
                .sliced(axis: 1, inputs.count - 1, 1).flattened().elements()
            return -log2(Sampling().probabilities(ofLogits: logits)[tokens[place]])
        }
    }

    @Test(arguments: [0, 1, 3, 30])
    func bitsAreThoseOfTheWindows(contextCount: Int) {
        let model = model()
        model.eval()
        let text = String((0..<57).map { Array("abcdefgh")[$0 * $0 % 8] })
        let context = String((0..<contextCount).map { Array("hgfedcba")[$0 % 8] })
        let scored = ScoredText(text, after: context, tokenizer)
        let bits = TextScorer(model, windowLength: 8, batchSize: 3).bits(of: [scored, scored])
        let all = tokenizer.encode(String(context.suffix(8)) + text)
        for (a, b) in zip(bits[0], expected(model, all, from: min(contextCount, 8))) { #expect(abs(a - b) < 1e-4) }
        #expect(bits[0] == bits[1] && bits[0].count == 57)
    }

    @Test func charactersCountWhateverTheTokens() {
        let text = ScoredText("abc☃", tokenizer)
        var measured = BitsPerCharacter()
        measured.update(text, bits: [1, 2, 3, 4])
        // The snowman is one of all characters but 8.
        #expect(abs(measured.value - (10 + log2(1_112_064 - 8)) / 4) < 1e-9)
        let bytes = BytePairEncoding(trainedOn: [], vocabularySize: 256)
        #expect(ScoredText("abc☃", bytes).characters == 4)
        #expect(ScoredText("abc☃", bytes).tokens.count == 6)
    }
}
