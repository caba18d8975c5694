import Apus

/// A model of clicks: the log-odds of a click for each impression.
package class ClickModel: Module {
    /// - Returns: (B)
    package func callAsFunction(_ batch: ClickBatch) -> Tensor { fatalError("\(type(of: self)) must override") }

    /// The probabilities of clicks, (B).
    package final func probabilities(_ batch: ClickBatch) -> Tensor { sigmoid(self(batch)) }

    /// The mean log-loss of a batch.
    package final func loss(_ batch: ClickBatch) -> Tensor { binaryCrossEntropy(logits: self(batch), batch.labels) }
}

/// `b + Σ w_value + ⟨w, numbers⟩`: what is linear in hashed values and numbers. Zero at first.
package final class LinearPart: Module {
    /// (rows, 1): one table for all fields, and for crossed ones behind them.
    @Parameter package var weight: Tensor
    /// (1, numbers)
    @Parameter package var numbers: Tensor
    @Parameter package var bias: Tensor

    package init(_ schema: ClickSchema) {
        weight = .zeros([schema.rowCount + schema.crossBuckets, 1])
        numbers = .zeros([1, schema.numbers.count])
        bias = .zeros([1])
    }

    /// - Returns: (B)
    package func callAsFunction(_ batch: ClickBatch) -> Tensor {
        traced(batch.rows) {
            let values = weight.gathered(batch.rows).squeezed(-1)  // (B, slots)
            return (values * batch.weights).sum(axes: 1) + linear(batch.numbers, numbers, bias).squeezed(-1)
        }
    }
}

/// A vector for each field: that of its value, or the mean of its values' vectors.
package final class FieldEmbedding: Module {
    /// (rows, k): one table for all fields, one behind the other.
    @Parameter package var weight: Tensor
    private let capacities: [Int]

    /// - Parameter deviation: of the normal numbers at first; uniform in ±1/√buckets, as DLRM's, where nil.
    package init(_ schema: ClickSchema, dimension: Int, deviation: Double? = nil, generator: Generator = .current) {
        capacities = schema.categories.map(\.capacity)
        if let deviation {
            weight = .normal([schema.rowCount, dimension], standardDeviation: deviation, generator: generator)
        } else {
            weight = concatenate(
                schema.categories.map { category in
                    let bound = 1 / Double(category.buckets).squareRoot()
                    return .uniform([category.buckets, dimension], low: -bound, high: bound, generator: generator)
                })
        }
    }

    /// - Returns: (B, fields, k)
    package func callAsFunction(_ batch: ClickBatch) -> Tensor {
        traced(batch.rows) {
            let slots = capacities.reduce(0, +)
            let rows = batch.rows.sliced(axis: 1, 0, slots)
            let vectors = weight.gathered(rows) * batch.weights.sliced(axis: 1, 0, slots).expandingDims(-1)
            // Fields of one value come first and stay as they are; the others are added up.
            let singles = capacities.prefix { $0 == 1 }.count
            guard singles < capacities.count else { return vectors }
            let parts = vectors.split(lengths: [singles] + capacities.dropFirst(singles), axis: 1)
            return concatenate([parts[0]] + parts.dropFirst().map { $0.sum(axes: 1, keepingAxes: true) }, axis: 1)
        }
    }
}

/// Linear layers with ReLU between them.
package final class Perceptron: Module, Layer {
    let layers: [Linear]
    private let dropout: Dropout
    private let activatesLast: Bool

    /// - Parameter widths: of the input, of the hidden layers, of the output.
    package init(_ widths: [Int], activatesLast: Bool = false, dropout: Double = 0) {
        layers = zip(widths, widths.dropFirst()).map { Linear($0, $1) }
        self.dropout = Dropout(dropout)
        self.activatesLast = activatesLast
    }

    package func callAsFunction(_ x: Tensor) -> Tensor {
        layers.enumerated().reduce(x) { x, layer in
            let y = layer.element(x)
            return layer.offset < layers.count - 1 || activatesLast ? dropout(relu(y)) : y
        }
    }
}

/// Logistic regression over hashed fields.
package final class LogisticRegression: ClickModel {
    let wide: LinearPart

    package init(_ schema: ClickSchema) { wide = LinearPart(schema) }

    package override func callAsFunction(_ batch: ClickBatch) -> Tensor { wide(batch) }
}

/// A linear part, a vector for each field, and a perceptron over the vectors and the numbers: what Wide & Deep and DeepFM have in common.
package class DeepClickModel: ClickModel {
    let wide: LinearPart
    let embedding: FieldEmbedding
    let deep: Perceptron

    package init(_ schema: ClickSchema, dimension: Int, hidden: [Int], dropout: Double = 0) {
        wide = LinearPart(schema)
        embedding = FieldEmbedding(schema, dimension: dimension, deviation: 0.05)
        let inputs = schema.categories.count * dimension + schema.numbers.count
        deep = Perceptron([inputs] + hidden + [1], dropout: dropout)
    }

    /// - Parameter vectors: (B, fields, k)
    /// - Returns: (B)
    final func perceptron(_ vectors: Tensor, _ batch: ClickBatch) -> Tensor {
        deep(concatenate([vectors.flattened(from: 1), batch.numbers], axis: 1)).squeezed(-1)
    }
}

/// A linear model of values and crossed values, and a perceptron over vectors, trained together.
///
/// Reference: Cheng et al., “Wide & deep learning for recommender systems”, 2016.
package final class WideAndDeep: DeepClickModel {
    package override func callAsFunction(_ batch: ClickBatch) -> Tensor {
        wide(batch) + perceptron(embedding(batch), batch)
    }
}

/// A factorization machine and a perceptron over the same vectors.
///
/// Reference: Guo et al., “DeepFM: a factorization-machine based neural network for CTR prediction”, 2017.
package final class DeepFM: DeepClickModel {
    package override func callAsFunction(_ batch: ClickBatch) -> Tensor {
        let vectors = embedding(batch)  // (B, fields, k)
        return wide(batch) + pairwiseProducts(vectors) + perceptron(vectors, batch)
    }
}

/// `Σ_{i<j} ⟨v_i, v_j⟩ = ½ Σ_k ((Σ_i v_ik)² − Σ_i v_ik²)`: all pairs' products in time linear in their number.
///
/// - Input: (B, fields, k). Output: (B).
///
/// Reference: Rendle, “Factorization machines”, 2010, lemma 3.1.
package func pairwiseProducts(_ vectors: Tensor) -> Tensor {
    let sum = vectors.sum(axes: 1)  // (B, k)
    return 0.5 * (sum * sum - (vectors * vectors).sum(axes: 1)).sum(axes: 1)
}

/// A perceptron makes a vector of the numbers; its products with the fields' vectors, and theirs with each other, go into another one.
///
/// Reference: Naumov et al., “Deep learning recommendation model for personalization and recommendation systems”, 2019.
package final class DLRM: ClickModel {
    let bottom: Perceptron
    let embedding: FieldEmbedding
    let top: Perceptron
    /// Where the products of different vectors lie among all of them.
    private let pairs: [Int]

    /// - Parameters:
    ///   - bottom: the widths of the numbers' perceptron between its input and `dimension`.
    ///   - deviation: of the vectors at first; as published where nil.
    package init(
        _ schema: ClickSchema, dimension: Int, bottom: [Int], top: [Int], dropout: Double = 0, deviation: Double? = nil
    ) {
        let vectors = schema.categories.count + 1
        self.bottom = Perceptron([schema.numbers.count] + bottom + [dimension], activatesLast: true)
        embedding = FieldEmbedding(schema, dimension: dimension, deviation: deviation)
        pairs = (0..<vectors).flatMap { i in (0..<i).map { j in i * vectors + j } }
        self.top = Perceptron([dimension + pairs.count] + top + [1], dropout: dropout)
    }

    package override func callAsFunction(_ batch: ClickBatch) -> Tensor {
        let numbers = bottom(batch.numbers)  // (B, k)
        let vectors = concatenate([numbers.expandingDims(1), embedding(batch)], axis: 1)  // (B, fields + 1, k)
        let products = matmul(vectors, vectors.swappingAxes(1, 2)).flattened(from: 1)  // (B, (fields + 1)²)
        let below = products.gathered(Tensor(pairs), axis: 1)  // (B, pairs)
        return top(concatenate([numbers, below], axis: 1)).squeezed(-1)
    }
}
