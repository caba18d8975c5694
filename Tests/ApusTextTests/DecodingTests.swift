import ApusTensor
import ApusText
import Testing

@Suite struct SamplingTests {
    private let logits: [Float] = [1, 3, 2, 0, 3, -.infinity]

    /// Shares of tokens that are drawn, beside `torch.softmax(logits / t, -1)` filtered by transformers' warpers.
    @Test func distributionIsTheWarpedOne() {
        func close(_ sampling: Sampling, _ expected: [Double]) {
            let found = sampling.probabilities(ofLogits: logits)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 }, "\(found)")
        }
        close(Sampling(), [0.0530, 0.3917, 0.1441, 0.0195, 0.3917, 0])
        close(Sampling(temperature: 0), [0, 1, 0, 0, 0, 0])
        close(Sampling(topK: 1), [0, 1, 0, 0, 0, 0])
        close(Sampling(topK: 2), [0, 0.5, 0, 0, 0.5, 0])
        close(Sampling(topP: 0.78), [0, 0.5, 0, 0, 0.5, 0])
        close(Sampling(topP: 0.79), [0, 0.4223, 0.1554, 0, 0.4223, 0])
        close(Sampling(topP: 0.3), [0, 1, 0, 0, 0, 0])
        close(Sampling(topK: 100), Sampling().probabilities(ofLogits: logits))
    }

    @Test func drawsFollowTheDistribution() {
        let sampling = Sampling(temperature: 0.7)
        let generator = Generator(seed: 1)
        var counts = [Double](repeating: 0, count: logits.count)
        let draws = 20_000
        for _ in 0..<draws { counts[sampling.token(fromLogits: logits, using: generator)] += 1 }
        let expected = sampling.probabilities(ofLogits: logits)
        #expect(zip(counts, expected).allSatisfy { abs($0 / Double(draws) - $1) < 0.015 })
        #expect(counts[5] == 0)
    }

    @Test func seedsReproduce() {
        func draw(_ seed: UInt64) -> [Int] {
            let generator = Generator(seed: seed)
            return (0..<20).map { _ in Sampling().token(fromLogits: logits, using: generator) }
        }
        #expect(draw(3) == draw(3))
        #expect(draw(3) != draw(4))
    }
}

@Suite struct StreamingDecoderTests {
    private let tokenizer = BytePairEncoding(trainedOn: [], vocabularySize: 256)

    @Test func charactersComeWhole() {
        var decoder = StreamingDecoder(tokenizer)
        let parts = tokenizer.encode("aß文🙂").map { decoder.append($0) }
        #expect(parts == ["a", "", "ß", "", "", "文", "", "", "", "🙂"])
        #expect(decoder.finish() == "")
    }

    @Test func anyBytesGiveWhatDecodingGives() {
        var generator = SystemRandomNumberGenerator()
        let interesting: [UInt8] = [0x41, 0x80, 0xBF, 0xC3, 0xE2, 0x82, 0xF0, 0x9F, 0xED, 0xA0, 0xFF, 0xF4, 0x90]
        var tokens: [UInt8: Int] = [:]
        for token in 0..<256 { tokens[tokenizer.bytes(of: token)[0]] = token }
        for _ in 0..<300 {
            let sequence = (0..<12).map { _ in tokens[interesting.randomElement(using: &generator)!]! }
            var decoder = StreamingDecoder(tokenizer)
            let streamed = sequence.map { decoder.append($0) }.joined() + decoder.finish()
            #expect(Array(streamed.unicodeScalars) == Array(tokenizer.decode(sequence).unicodeScalars))
        }
    }
}
