import Apus
import ApusGallery
import ApusTestSupport
import Foundation
import Testing

// The models of clicks beside PyTorch's, on weights and batches that both sides make by formula; `ad_click_goldens.py` prints what is
// expected here.

private struct Golden {
    let logits: [Double]
    let loss: Double
    /// `Σ gᵢ cos(i / 10)` of each parameter's gradient.
    let gradients: [String: Double]
}

private let goldens: [String: Golden] = [
    "logistic-regression": Golden(
        logits: [0.47721034, 1.00179943, -0.11741650, 0.58953604, 0.62446195], loss: 0.68069008,
        gradients: [
            "wide.bias": 0.22273441,
            "wide.numbers": 0.61334486,
            "wide.weight": 0.10862189,
        ]),
    "wide-and-deep": Golden(
        logits: [0.37763210, 1.04056097, -0.17509727, 0.54331105, 0.66122327], loss: 0.66940244,
        gradients: [
            "deep.layers.0.bias": -0.02184777,
            "deep.layers.0.weight": 0.00944550,
            "deep.layers.1.bias": -0.13687548,
            "deep.layers.1.weight": 0.00470871,
            "deep.layers.2.bias": 0.21614294,
            "deep.layers.2.weight": 0.64207398,
            "embedding.weight": -0.07569630,
            "wide.bias": 0.21614294,
            "wide.numbers": 0.60270897,
            "wide.weight": 0.10454331,
        ]),
    "deepfm": Golden(
        logits: [0.14358633, 0.90478672, -0.32689134, 0.30939126, 0.47522873], loss: 0.63187744,
        gradients: [
            "deep.layers.0.bias": -0.01594640,
            "deep.layers.0.weight": 0.00832163,
            "deep.layers.1.bias": -0.10864264,
            "deep.layers.1.weight": 0.00603195,
            "deep.layers.2.bias": 0.17202433,
            "deep.layers.2.weight": 0.53645697,
            "embedding.weight": -0.00686449,
            "wide.bias": 0.17202433,
            "wide.numbers": 0.58626785,
            "wide.weight": 0.07912724,
        ]),
    "dlrm": Golden(
        logits: [-0.06220944, -0.06063328, -0.06070397, -0.06024070, -0.06053072], loss: 0.68735320,
        gradients: [
            "bottom.layers.0.bias": -0.00010361,
            "bottom.layers.0.weight": 0.00000449,
            "bottom.layers.1.bias": -0.00096619,
            "bottom.layers.1.weight": 0.00021097,
            "embedding.weight": -0.00038047,
            "top.layers.0.bias": 0.00298425,
            "top.layers.0.weight": -0.00318022,
            "top.layers.1.bias": -0.06912165,
            "top.layers.1.weight": -0.06690601,
            "top.layers.2.bias": 0.08478879,
            "top.layers.2.weight": 0.15527246,
        ]),
]

private let schema: ClickSchema = {
    let text = """
        {"kind": "movielens", "numbers": [
            {"name": "a", "scale": "count"}, {"name": "b", "scale": "count"}, {"name": "c", "scale": "share"}],
         "categories": [
            {"name": "d", "buckets": 7, "capacity": 1}, {"name": "e", "buckets": 7, "capacity": 1},
            {"name": "f", "buckets": 7, "capacity": 3}, {"name": "g", "buckets": 7, "capacity": 3}],
         "crosses": [], "crossBuckets": 0}
        """
    return try! JSONDecoder().decode(ClickSchema.self, from: Data(text.utf8))
}()

/// Five impressions.
private let batch: ClickBatch = {
    let fieldOf = [0, 1, 2, 2, 2, 3, 3, 3], firstSlot = [0, 1, 2, 5]
    func weight(_ b: Int, _ s: Int) -> Double {
        let field = fieldOf[s]
        guard field > 1 else { return 1 }
        let count = 1 + (b + field) % 3
        return s - firstSlot[field] < count ? 1 / Double(count) : 0
    }
    func number(_ b: Int, _ j: Int) -> Double { sin(3 * Double(b) + Double(j)) }
    func row(_ b: Int, _ s: Int) -> Int { fieldOf[s] * 7 + (5 * b + 3 * s) % 7 }
    func table<Value>(_ width: Int, _ value: (Int, Int) -> Value) -> [[Value]] {
        (0..<5).map { b in (0..<width).map { value(b, $0) } }
    }
    return ClickBatch(
        numbers: Tensor(table(3, number), dtype: .float32), rows: Tensor(table(8, row)),
        weights: Tensor(table(8, weight), dtype: .float32), labels: Tensor([0, 1, 0, 1, 0] as [Float]))
}()

private func makeModel(_ name: String) -> ClickModel {
    switch name {
    case "logistic-regression": LogisticRegression(schema)
    case "wide-and-deep": WideAndDeep(schema, dimension: 4, hidden: [6, 5])
    case "deepfm": DeepFM(schema, dimension: 4, hidden: [6, 5])
    default: DLRM(schema, dimension: 4, bottom: [6], top: [6, 5])
    }
}

@Suite struct AdClickModelTests {
    @Test(arguments: goldens.keys.sorted())
    func agreesWithPyTorch(_ name: String) throws {
        let (model, golden) = (makeModel(name), goldens[name]!)
        for (name, slot) in model.namedParameters {
            let (shape, start) = (slot.tensor!.shape, name.utf8.reduce(0) { $0 + Int($1) })
            let values = (0..<shape.elementCount).map { i -> Double in
                let angle: Double = 1 + 0.7 * Double(i) + Double(start)
                let value: Double = 0.3 * sin(angle)
                return name.hasSuffix("bias") ? abs(value) + 0.2 : value
            }
            slot.tensor = Tensor(values, shape: shape, dtype: .float32)
        }
        expectClose(model(batch), Tensor(golden.logits, dtype: .float32))
        let (loss, gradients) = valueAndGradients(model) { $0.loss(batch) }
        expectClose(loss, Tensor(golden.loss, dtype: .float32))
        #expect(Set(gradients.map(\.name)) == Set(golden.gradients.keys))
        for element in gradients {
            let values = element.gradient.elements(as: Double.self)
            let projection = values.indices.reduce(0.0) { sum, i in sum + values[i] * cos(0.1 * Double(i)) }
            let expected = golden.gradients[element.name]!
            #expect(abs(projection - expected) < 2e-6 + 1e-4 * abs(expected), "\(element.name): \(projection)")
        }
    }

    /// Lemma 3.1 beside the double sum that it stands for.
    @Test func pairwiseProductsAreAllPairs() {
        let vectors = Tensor.normal([3, 5, 4], generator: Generator(seed: 1))
        var sum = Tensor.zeros([3])
        for i in 0..<5 { for j in 0..<i { sum = sum + (vectors[.all, i] * vectors[.all, j]).sum(axes: 1) } }
        expectClose(pairwiseProducts(vectors), sum)
        checkGradients(at: [Tensor.normal([2, 3, 2], generator: Generator(seed: 2))]) { pairwiseProducts($0[0]) }
    }

    /// Weights of the published perceptrons, counted by hand from the papers' widths.
    @Test func publishedSizes() throws {
        func perceptron(_ widths: [Int]) -> Int {
            zip(widths, widths.dropFirst()).reduce(0) { sum, layer in sum + layer.0 * layer.1 + layer.1 }
        }
        let tables = 26 * 40_000
        // DLRM for Criteo Kaggle: 13-512-256-64-16 and 367-512-256-1; 27 · 26 / 2 products beside 16 numbers.
        #expect(perceptron([13, 512, 256, 64, 16]) + perceptron([367, 512, 256, 1]) == 475_985)
        #expect(try AdClick().summary(preset: "dlrm-published").parameterCount == 475_985 + tables * 16)
        #expect(
            try AdClick().summary(preset: "deepfm-published").parameterCount
                == perceptron([26 * 10 + 13, 400, 400, 400, 1]) + tables * 11 + 14)
        #expect(
            try AdClick().summary(preset: "wide-and-deep-published").parameterCount
                == perceptron([26 * 32 + 13, 1024, 512, 256, 1]) + tables * 33 + 160_000 + 14)
    }
}
