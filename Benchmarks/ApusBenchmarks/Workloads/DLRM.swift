import Apus

/// A recommendation model: embeddings of categories and a network of the numbers meet in dot products (Naumov et al. 2019).
final class DLRM: Module {
    let tables: [Embedding]
    let bottom: Sequential
    let top: Sequential
    /// Places of the pairs `i > j` in the flattened matrix of dot products.
    private let pairs: Tensor

    init(tables count: Int, rows: Int, width: Int, numbers: Int) {
        tables = (0..<count).map { _ in Embedding(rows, width) }
        bottom = multilayerPerceptron([numbers, 512, 256, 64, width], endsWithReLU: true)
        top = multilayerPerceptron([width + (count + 1) * count / 2, 512, 256, 1], endsWithReLU: false)
        pairs = Tensor((0...count).flatMap { i in (0..<i).map { j in i * (count + 1) + j } })
    }

    /// Logits of a click: `numbers (B, N)`, `categories (tables, B)` → `(B)`.
    func callAsFunction(_ numbers: Tensor, _ categories: Tensor) -> Tensor {
        let dense = bottom(numbers)  // (B, width)
        let rows = zip(tables, categories.chunked(tables.count)).map { table, indices in table(indices.squeezed(0)) }
        let features = stack([dense] + rows, axis: 1)  // (B, F, width)
        let products = matmul(features, features.T).flattened(from: 1)  // (B, F · F)
        let interactions = products.gathered(pairs, axis: 1)  // (B, F (F − 1) / 2)
        return top(concatenate([dense, interactions], axis: 1)).squeezed(1)
    }
}

private func multilayerPerceptron(_ widths: [Int], endsWithReLU: Bool) -> Sequential {
    Sequential {
        for index in widths.indices.dropLast() {
            Linear(widths[index], widths[index + 1])
            if endsWithReLU || index < widths.count - 2 { ReLU() }
        }
    }
}

/// Eight tables of 100,000 categories and 13 numbers.
let dlrm = TrainingWorkload(
    "dlrm", items: (512, "examples"), isCompiled: true, isSparse: true,
    inputs: [
        "numbers": .normal([512, 13]), "categories": .integers([8, 512], below: 100_000),
        "clicks": .integers([512], below: 2),
    ],
    model: { DLRM(tables: 8, rows: 100_000, width: 16, numbers: 13) }
) { binaryCrossEntropy(logits: $0($1["numbers"]!, $1["categories"]!), $1["clicks"]!.cast(to: .float32)) }
