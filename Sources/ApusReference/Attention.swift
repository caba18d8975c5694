import ApusGraph
import Foundation

/// One head's matrices as arrays of rows.
private struct Head {
    let query, key, value: [[Double]]
    let mask: [[Double]]?

    init(_ operands: [ReferenceTensor], _ number: Int) {
        query = operands[0].rows(ofMatrix: number)
        key = operands[1].rows(ofMatrix: number)
        value = operands[2].rows(ofMatrix: number)
        mask = operands.count > 3 ? operands[3].rows(ofMatrix: number) : nil
    }

    /// `softmax(q kᵀ · scale + mask)`, and zeros for a query that sees nothing.
    func weights(_ attention: Attention) -> [[Double]] {
        query.enumerated().map { i, q in
            let scores = key.enumerated().map { j, k -> Double in
                if attention.isCausal && j > i { return -.infinity }
                return dot(q, k) * attention.scale + (mask?[i][j] ?? 0)
            }
            let greatest = scores.reduce(-Double.infinity, BinaryOperation.maximum.applied)
            if greatest == -.infinity { return scores.map { _ in 0 } }
            let exponentials = scores.map { exp($0 - greatest) }
            let sum = exponentials.reduce(0, +)
            return exponentials.map { $0 / sum }
        }
    }

    /// `P ∘ (G vᵀ − rowsum(P ∘ G vᵀ))`: the gradient of the scores, with weights P and the result's gradient G.
    func scoreGradients(_ weights: [[Double]], _ gradient: [[Double]]) -> [[Double]] {
        zip(weights, gradient).map { weights, gradient in
            let byWeight = value.map { dot(gradient, $0) }
            let mean = dot(weights, byWeight)
            return zip(weights, byWeight).map { $0 * ($1 - mean) }
        }
    }
}

extension ReferenceTensor {
    static func attention(_ attention: Attention, _ operands: [ReferenceTensor], _ type: TensorType)
        -> ReferenceTensor
    {
        let results = (0..<operands[0].matrixCount).flatMap { number -> [Double] in
            let head = Head(operands, number)
            return head.weights(attention).flatMap { combination(of: head.value, by: $0, width: type.shape.last!) }
        }
        return ReferenceTensor(type, floats: results)
    }

    static func attentionGradient(
        _ attention: Attention, by operand: AttentionOperand, _ gradient: ReferenceTensor,
        _ operands: [ReferenceTensor], _ type: TensorType
    ) -> ReferenceTensor {
        let results = (0..<operands[0].matrixCount).flatMap { number -> [Double] in
            let head = Head(operands, number)
            let gradient = gradient.rows(ofMatrix: number)
            let weights = head.weights(attention)
            let slopes = head.scoreGradients(weights, gradient).map { $0.map { $0 * attention.scale } }
            let keys = head.key.indices
            let rows =
                switch operand {
                case .query: slopes.map { combination(of: head.key, by: $0, width: type.shape.last!) }
                case .key:
                    keys.map { j in combination(of: head.query, by: slopes.map { $0[j] }, width: type.shape.last!) }
                case .value:
                    keys.map { j in combination(of: gradient, by: weights.map { $0[j] }, width: type.shape.last!) }
                }
            return rows.flatMap { $0 }
        }
        return ReferenceTensor(type, floats: results)
    }

    /// How many matrices the last two axes make.
    fileprivate var matrixCount: Int { shape.dropLast(2).reduce(1, *) }

    fileprivate func rows(ofMatrix number: Int) -> [[Double]] {
        let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
        let values = floats
        return (0..<rows).map { row in
            let start = (number * rows + row) * columns
            return Array(values[start..<(start + columns)])
        }
    }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

/// `Σ weight · row`
private func combination(of rows: [[Double]], by weights: [Double], width: Int) -> [Double] {
    var result = [Double](repeating: 0, count: width)
    for (row, weight) in zip(rows, weights) {
        for column in 0..<width { result[column] += weight * row[column] }
    }
    return result
}
