import ApusText
import Foundation
import Testing

/// What sacreBLEU says of the same texts (Goldens/bleu.py).
private struct Golden: Decodable {
    struct Tokens: Decodable {
        let text: String
        let tokens: [String]
    }
    struct Case: Decodable {
        let name: String
        let translations: [String]
        let references: [String]
        let bleu: Double
        let precisions: [Double]
        let brevityPenalty: Double
        let lengths: [Int]
        let chrf: Double
    }
    let tokens: [Tokens]
    let cases: [Case]

    init() throws {
        let url = Bundle.module.bundleURL.appendingPathComponent("Goldens/bleu.json")
        self = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    }
}

@Suite struct BLEUTests {
    @Test func tokensAreMteval13as() throws {
        for golden in try Golden().tokens { #expect(mtevalTokens(golden.text) == golden.tokens, "\(golden.text)") }
    }

    @Test func scoresAreSacreBLEUs() throws {
        for golden in try Golden().cases {
            let bleu = BLEU(golden.translations, references: golden.references)
            #expect(abs(bleu.score - golden.bleu) < 1e-9, "\(golden.name): \(bleu.score), not \(golden.bleu)")
            #expect(zip(bleu.precisions, golden.precisions).allSatisfy { abs($0 - $1) < 1e-9 }, "\(golden.name)")
            #expect(abs(bleu.brevityPenalty - golden.brevityPenalty) < 1e-12, "\(golden.name)")
            #expect([bleu.translationLength, bleu.referenceLength] == golden.lengths, "\(golden.name)")
            let score = chrF(golden.translations, references: golden.references)
            #expect(abs(score - golden.chrf) < 1e-9, "\(golden.name): \(score), not \(golden.chrf)")
        }
    }
}
