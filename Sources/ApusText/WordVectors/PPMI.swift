import ApusTensor
import Foundation

/// Word vectors by counting: the positive pointwise mutual information of words and contexts, factored by a truncated SVD.
///
/// `PPMI(w, c) = max(0, log(P(w, c) / (P(w) P(c))) − log k)`, and `W = U_d Σ_d^p`.
///
/// Reference: Levy and Goldberg, “Neural word embedding as implicit matrix factorization”, 2014; the exponents p of Σ and α of the contexts'
/// probabilities: Levy, Goldberg and Dagan, “Improving distributional similarity with lessons learned from word embeddings”, 2015.
public enum PPMI {
    /// Vectors of a vocabulary, (words, d).
    ///
    /// - Parameters:
    ///   - dimension: d; at most the number of words.
    ///   - shift: k, which stands for the negative samples of word2vec; 1 for plain PPMI.
    ///   - contextExponent: α: `P(c) ∝ count(c)^α`. 1 in the first reference, 0.75 in the second.
    ///   - singularExponent: p; ½ in the first reference.
    public static func vectors(
        _ counts: CooccurrenceCounts, vocabularySize: Int, dimension: Int, shift: Double = 1,
        contextExponent: Double = 1,
        singularExponent: Double = 0.5, generator: Generator = .current
    ) -> Tensor {
        let matrix = information(
            counts, vocabularySize: vocabularySize, shift: shift, contextExponent: contextExponent)
        let (u, s) = matrix.leadingSingularVectors(count: min(dimension, vocabularySize), generator: generator)
        return u * pow(s, Tensor(singularExponent).cast(to: s.dtype))  // (words, d) · (d)
    }

    static func information(
        _ counts: CooccurrenceCounts, vocabularySize: Int, shift: Double, contextExponent: Double
    ) -> SparseMatrix {
        var sums = [Double](repeating: 0, count: vocabularySize)
        for entry in counts.entries { sums[Int(entry.word)] += Double(entry.count) }
        let total = sums.reduce(0, +)
        let contexts = sums.map { pow($0, contextExponent) }
        let contextTotal = contexts.reduce(0, +)
        var matrix = SparseMatrix(rows: vocabularySize, columns: vocabularySize)
        for entry in counts.entries {
            let expected = sums[Int(entry.word)] / total * contexts[Int(entry.context)] / contextTotal
            let information = log(Double(entry.count) / total / expected) - log(shift)
            if information > 0 { matrix.append(row: Int(entry.word), column: entry.context, Float(information)) }
        }
        return matrix
    }
}

/// A matrix of which few elements aren't 0, by rows.
struct SparseMatrix {
    let rows: Int
    let columns: Int
    private var starts: [Int]
    private var places: [Int32] = []
    private var values: [Float] = []

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        starts = [0]
    }

    /// Adds an element; rows come in rising order.
    mutating func append(row: Int, column: Int32, _ value: Float) {
        precondition(row + 1 >= starts.count - 1, "SparseMatrix: row \(row) after row \(starts.count - 1)")
        while starts.count < row + 2 { starts.append(values.count) }
        places.append(column)
        values.append(value)
        starts[row + 1] = values.count
    }

    /// The product with a dense matrix, (columns, n) → (rows, n).
    func product(_ dense: Tensor) -> Tensor {
        let width = dense.shape[1]
        let x = dense.elements(as: Float.self)
        var result = [Float](repeating: 0, count: rows * width)
        result.withUnsafeMutableBufferPointer { result in
            x.withUnsafeBufferPointer { x in
                for row in 0..<rows where row + 1 < starts.count {
                    let target = result.baseAddress! + row * width
                    for k in starts[row]..<starts[row + 1] {
                        let (value, source) = (values[k], x.baseAddress! + Int(places[k]) * width)
                        for j in 0..<width { target[j] += value * source[j] }
                    }
                }
            }
        }
        return Tensor(result, shape: [rows, width])
    }

    /// The same matrix, rows and columns exchanged.
    var transposed: SparseMatrix {
        var counts = [Int](repeating: 0, count: columns + 1)
        for place in places { counts[Int(place) + 1] += 1 }
        for column in 0..<columns { counts[column + 1] += counts[column] }
        var result = SparseMatrix(rows: columns, columns: rows)
        result.starts = counts
        result.places = [Int32](repeating: 0, count: places.count)
        result.values = [Float](repeating: 0, count: values.count)
        for row in 0..<max(0, starts.count - 1) {
            for k in starts[row]..<starts[row + 1] {
                let target = counts[Int(places[k])]
                result.places[target] = Int32(row)
                result.values[target] = values[k]
                counts[Int(places[k])] += 1
            }
        }
        return result
    }

    /// The left singular vectors of the largest singular values, (rows, count), and these, (count).
    ///
    /// Reference: Halko, Martinsson and Tropp, “Finding structure with randomness”, 2011, algorithms 4.4 and 5.1.
    func leadingSingularVectors(count: Int, iterations: Int = 12, generator: Generator = .current) -> (
        u: Tensor, s: Tensor
    ) {
        // The values of such matrices fall slowly: a few vectors more, and many passes, are needed to tell the last ones apart.
        let width = min(count + 50, rows, columns)
        let transposed = transposed
        var q = qr(product(Tensor.normal([columns, width], generator: generator))).q  // (rows, width)
        for _ in 0..<iterations {
            q = qr(product(qr(transposed.product(q)).q)).q
        }
        // A ≈ Q (Qᵀ A), and Aᵀ Q = V Σ Wᵀ gives A ≈ (Q W) Σ Vᵀ.
        let small = svd(transposed.product(q), fullMatrices: false)  // (columns, width)
        return (matmul(q, small.vt.T)[0..., 0..<count], small.s[0..<count])
    }
}
