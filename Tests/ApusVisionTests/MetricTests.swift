import ApusIO
import ApusTestSupport
import ApusOptim
import ApusVision
import Foundation
import Testing

private func golden(_ name: String) throws -> [String: Tensor] {
    let url = Bundle.module.url(forResource: "Goldens/\(name)", withExtension: "safetensors")!
    return try SafetensorsFile(contentsOf: url).tensors()
}

@Suite struct FrechetDistanceTests {
    @Test(arguments: ["made", "flat"])
    func itIsSciPys(_ name: String) throws {
        let golden = try golden("metrics")
        let (real, made) = (FeatureStatistics(golden["real"]!), FeatureStatistics(golden[name]!))
        let expected: Double = golden["frechet.\(name)"]!.item()
        #expect(abs(real.frechetDistance(to: made) - expected) < 1e-6 * expected)
        #expect(abs(made.frechetDistance(to: real) - expected) < 1e-6 * expected)
    }

    @Test func equalSetsHaveNone() throws {
        let features = FeatureStatistics(try golden("metrics")["real"]!)
        #expect(features.frechetDistance(to: features) < 1e-9)
    }

    /// Between normal distributions along one axis it is `(μ₁ − μ₂)² + (σ₁ − σ₂)²`.
    @Test func oneFeature() {
        let a = FeatureStatistics(Tensor([1.0, 3], shape: [2, 1]))
        let b = FeatureStatistics(Tensor([4.0, 8], shape: [2, 1]))
        #expect(abs(a.frechetDistance(to: b) - (16 + 2)) < 1e-12)
    }

    @Test func halfOfTheMeanSquaredDistanceIsTheTotalVariance() {
        let x = Tensor.normal([40, 3], dtype: .float64, generator: Generator(seed: 1))
        let pairs = square(cdist(x, x)).sum().item(as: Double.self) / (40 * 39)
        #expect(abs(FeatureStatistics(x).totalVariance - pairs / 2) < 1e-9)
    }
}

@Suite struct ManifoldOverlapTests {
    @Test(arguments: ["made", "flat"])
    func itIsThePapers(_ name: String) throws {
        let golden = try golden("metrics")
        let overlap = ManifoldOverlap(real: golden["real"]!, generated: golden[name]!)
        let expected: [Double] = golden["overlap.\(name)"]!.elements()
        #expect(overlap.precision == expected[0])
        #expect(overlap.recall == expected[1])
    }

    @Test func moreRowsThanOneBlock() {
        let x = Tensor.normal([600, 2], generator: Generator(seed: 2))
        let same = ManifoldOverlap(real: x, generated: x)
        #expect(same.precision == 1 && same.recall == 1)
        let far = ManifoldOverlap(real: x, generated: x + 100)
        #expect(far.precision == 0 && far.recall == 0)
    }
}

@Suite struct VarietyTests {
    private func variety(_ generated: [Int], scale: Double, recall: Double = 0.5) -> Variety {
        let x = Tensor.normal([100, 4], generator: Generator(seed: 3))
        return Variety(
            real: (0..<100).map { $0 % 10 }, generated: generated,
            statistics: (FeatureStatistics(x), FeatureStatistics(x * scale)), recall: recall)
    }

    @Test func aGoodGeneratorRaisesNoWarning() {
        let variety = variety((0..<200).map { $0 % 10 }, scale: 0.9)
        #expect(variety.reachedClasses == 10 && variety.realClasses == 10)
        #expect(abs(variety.evenness - 1) < 1e-12)
        #expect(abs(variety.spread - 0.9) < 1e-6)
        #expect(variety.warning == nil)
    }

    @Test func aCollapsedOneDoes() throws {
        let collapsed = variety([Int](repeating: 3, count: 100), scale: 0.1, recall: 0)
        #expect(collapsed.reachedClasses == 1 && collapsed.evenness == 0)
        let warning = try #require(collapsed.warning)
        for part in ["1 of 10 classes", "0 % as evenly", "10 % as much", "0 % of real"] {
            #expect(warning.contains(part), "\(warning)")
        }
    }
}
