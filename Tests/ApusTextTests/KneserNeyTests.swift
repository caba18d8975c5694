import ApusText
import Foundation
import Testing

/// What `Goldens/kneser_ney.py` computes from the definition.
private struct Golden: Decodable {
    struct Case: Decodable {
        let order: Int
        let bits: [Double]
    }
    let size: Int
    let training: [[Int]]
    let heldOut: [Int]
    let cases: [Case]

    static func load() throws -> Golden {
        let url = Bundle.module.bundleURL.appendingPathComponent("Goldens/kneser_ney.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    }
}

@Suite struct KneserNeyTests {
    @Test func bitsAreThoseOfTheDefinition() throws {
        let golden = try Golden.load()
        for example in golden.cases {
            let model = KneserNey(order: example.order, vocabularySize: golden.size, trainedOn: golden.training)
            let bits = model.bits(of: golden.heldOut)
            let error = zip(bits, example.bits).map { abs($0 - $1) }.max()!
            #expect(error < 1e-4, "order \(example.order)")
        }
    }

    @Test func probabilitiesSumToOne() throws {
        let golden = try Golden.load()
        let model = KneserNey(vocabularySize: golden.size, trainedOn: golden.training)
        for end in stride(from: 0, to: golden.heldOut.count, by: 7) {
            let context = golden.heldOut[..<end]
            let sum = (0..<golden.size).reduce(0.0) { $0 + model.probability(of: $1, after: context) }
            #expect(abs(sum - 1) < 1e-5)
        }
    }

    @Test func contextIsWhatComesBefore() throws {
        let golden = try Golden.load()
        let model = KneserNey(order: 3, vocabularySize: golden.size, trainedOn: golden.training)
        let (first, rest) = (Array(golden.heldOut[..<9]), Array(golden.heldOut[9...]))
        #expect(model.bits(of: first) + model.bits(of: rest, after: first) == model.bits(of: golden.heldOut))
        #expect(-log2(model.probability(of: rest[0], after: first)) == model.bits(of: golden.heldOut)[9])
    }

    @Test func withoutTextAllTokensAreAlike() {
        let model = KneserNey(vocabularySize: 8, trainedOn: [])
        #expect(model.bits(of: [0, 7]) == [3, 3])
        #expect(KneserNey(vocabularySize: 8, trainedOn: [[3]]).bits(of: [3, 3, 3, 3, 3, 3]).allSatisfy { $0 <= 3 })
    }
}
