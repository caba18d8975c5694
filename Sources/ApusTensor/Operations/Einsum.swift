// Einstein's summation: letters name axes, equal letters go together, and those missing in the result are summed over.

/// The sum of products that a formula describes (einsum): `einsum("bij,bjk->bik", a, b)` is a batch of matrix products.
///
/// - One letter stands for one axis, a repeated letter for the diagonal, `...` for all axes left over, which broadcast.
/// - Without `->`, the result has the axes of `...` first, then, in alphabetical order, the letters that occur once.
/// - Axes of extent 1 broadcast with others of the same letter.
///
/// Operands are multiplied in pairs, always those whose product grows least, each pair as one matrix product where an axis is summed.
public func einsum(_ formula: String, _ operands: Tensor...) -> Tensor { einsum(formula, operands) }

/// The sum of products that a formula describes (einsum).
public func einsum(_ formula: String, _ operands: [Tensor]) -> Tensor {
    do throws(TensorError) {
        let parsed = try EinsumFormula(formula, ranks: operands.map(\.rank))
        let labelled = try zip(operands, parsed.inputs).map { x, labels throws(TensorError) in
            try LabelledTensor(x, labels).withDiagonals("einsum \(formula)")
        }
        try LabelledTensor.requireEqualExtents(labelled, "einsum \(formula)")
        return LabelledTensor.sumOfProducts(labelled, keeping: parsed.output)
    } catch {
        return Tensor(Node.invalid(error, like: operands.first?.node.type ?? TensorType([], .float32)))
    }
}

/// A formula with numbers for its axes: letters their code points, axes of the ellipsis −1, −2 … from the last.
private struct EinsumFormula {
    let inputs: [[Int]], output: [Int]

    init(_ formula: String, ranks: [Int]) throws(TensorError) {
        let sides = formula.filter { $0 != " " }.components(separatedBy: "->")
        let terms = sides[0].components(separatedBy: ",")
        guard sides.count <= 2, terms.count == ranks.count else {
            throw TensorError("einsum \(formula): \(terms.count) terms for \(ranks.count) operands")
        }
        var (inputs, ellipsisRank) = ([[Int]](), 0)
        for (term, rank) in zip(terms, ranks) {
            let (labels, hidden) = try Self.labels(of: term, rank: rank, in: formula)
            inputs.append(labels)
            ellipsisRank = max(ellipsisRank, hidden)
        }
        let ellipsis = Array((-ellipsisRank..<0))
        self.inputs = inputs
        if sides.count == 2 {
            output = try Self.labels(of: sides[1], rank: nil, ellipsis: ellipsis, in: formula)
            guard Set(output).count == output.count, Set(output).isSubset(of: inputs.joined()) else {
                throw TensorError("einsum \(formula): an axis of the result is repeated or in no operand")
            }
        } else {
            let letters = inputs.joined().filter { $0 >= 0 }
            output = ellipsis + Set(letters).sorted().filter { label in letters.count { $0 == label } == 1 }
        }
    }

    private static func labels(
        of term: String, rank: Int, in formula: String
    ) throws(TensorError) -> (labels: [Int], ellipsisRank: Int) {
        let named = term.count { $0 != "." }
        let hidden = term.contains("...") ? rank - named : 0
        guard hidden >= 0 else { throw TensorError("einsum \(formula): \(term) for an operand of rank \(rank)") }
        let result = try labels(of: term, rank: rank, ellipsis: Array(-hidden..<0), in: formula)
        return (result, hidden)
    }

    private static func labels(
        of term: String, rank: Int?, ellipsis: [Int], in formula: String
    ) throws(TensorError) -> [Int] {
        let parts = term.components(separatedBy: "...")
        guard parts.count <= 2, parts.joined().allSatisfy({ $0.isLetter }) else {
            throw TensorError("einsum \(formula): \(term) is not made of letters and one ...")
        }
        let named = parts.map { part in part.unicodeScalars.map { Int($0.value) } }
        let labels = parts.count == 2 ? named[0] + ellipsis + named[1] : named[0]
        guard rank == nil || labels.count == rank else {
            throw TensorError("einsum \(formula): \(term) for an operand of rank \(rank!)")
        }
        return labels
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        var (parts, rest) = ([String](), self[...])
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}

/// A tensor whose axes have names: equal names of several tensors are the same axis.
struct LabelledTensor {
    let tensor: Tensor
    let labels: [Int]

    init(_ tensor: Tensor, _ labels: [Int]) {
        self.tensor = tensor
        self.labels = labels
    }

    /// Repeated names taken for diagonals.
    func withDiagonals(_ name: String) throws(TensorError) -> LabelledTensor {
        var result = self
        while let (first, second) = result.repeatedAxes {
            guard result.tensor.shape[first] == result.tensor.shape[second] else {
                throw TensorError("\(name): extents of a diagonal of \(tensor.shape) differ")
            }
            var rest = result.labels
            let label = rest.remove(at: second)
            rest.remove(at: first)
            result = LabelledTensor(result.tensor.diagonal(axes: (first, second)), rest + [label])
        }
        return result
    }

    private var repeatedAxes: (Int, Int)? {
        for (second, label) in labels.enumerated() {
            if let first = labels[..<second].firstIndex(of: label) { return (first, second) }
        }
        return nil
    }

    /// Axes of one name must be equally long, or 1.
    static func requireEqualExtents(_ tensors: [LabelledTensor], _ name: String) throws(TensorError) {
        var extents: [Int: Int] = [:]
        for x in tensors {
            for (label, extent) in zip(x.labels, x.tensor.shape) where extent != 1 {
                guard extents.updateValue(extent, forKey: label) ?? extent == extent else {
                    throw TensorError("\(name): extents of one axis differ in \(tensors.map(\.tensor.shape))")
                }
            }
        }
    }

    /// `Σ Π tensors` over all axes but those kept, which are the result's.
    static func sumOfProducts(_ tensors: [LabelledTensor], keeping kept: [Int]) -> Tensor {
        let dtype = tensors.dropFirst().reduce(tensors[0].tensor.dtype) { $0.promoted(with: $1.tensor.dtype) }
        // An axis of extent 1 that is longer elsewhere is a broadcast: without it, it is one.
        let longest = tensors.reduce(into: [Int: Int]()) { longest, x in
            for (label, extent) in zip(x.labels, x.tensor.shape) { longest[label] = max(longest[label] ?? 1, extent) }
        }
        var rest = tensors.map { x -> LabelledTensor in
            let repeats = x.labels.indices.filter { x.tensor.shape[$0] == 1 && longest[x.labels[$0]] != 1 }
            let labels = x.labels.indices.filter { !repeats.contains($0) }.map { x.labels[$0] }
            return LabelledTensor(x.tensor.cast(to: dtype).reshaped(x.tensor.shape.removing(axes: repeats)), labels)
        }
        while rest.count > 1 {
            let (i, j) = cheapestPair(rest, keeping: kept)
            let needed = Set(kept).union(rest.indices.filter { $0 != i && $0 != j }.flatMap { rest[$0].labels })
            let product = rest[i].summed(keeping: needed.union(rest[j].labels))
                .product(rest[j].summed(keeping: needed.union(rest[i].labels)), keeping: needed)
            rest.remove(at: j)
            rest[i] = product
        }
        return rest[0].summed(keeping: Set(kept)).tensor(of: kept)
    }

    /// The pair whose product is the smallest beside its operands.
    private static func cheapestPair(_ tensors: [LabelledTensor], keeping kept: [Int]) -> (Int, Int) {
        var (best, least) = ((0, 1), Double.infinity)
        for j in tensors.indices {
            for i in 0..<j {
                let others = tensors.indices.filter { $0 != i && $0 != j }.flatMap { tensors[$0].labels }
                let extents = Dictionary(
                    zip(
                        tensors[i].labels + tensors[j].labels, Array(tensors[i].tensor.shape) + tensors[j].tensor.shape),
                    uniquingKeysWith: max)
                let size = Set(kept + others).intersection(extents.keys).reduce(1.0) { $0 * Double(extents[$1]!) }
                let growth =
                    size - Double(tensors[i].tensor.elementCount) - Double(tensors[j].tensor.elementCount)
                if growth < least { (best, least) = ((i, j), growth) }
            }
        }
        return best
    }

    /// Without the axes that nobody needs.
    private func summed(keeping needed: Set<Int>) -> LabelledTensor {
        let axes = labels.indices.filter { !needed.contains(labels[$0]) }
        if axes.isEmpty { return self }
        return LabelledTensor(
            tensor.sum(axes: axes).cast(to: tensor.dtype), labels.filter { needed.contains($0) })
    }

    /// The product of two tensors, summed over the axes of both that nobody needs any more.
    private func product(_ other: LabelledTensor, keeping needed: Set<Int>) -> LabelledTensor {
        let shared = labels.filter { other.labels.contains($0) }
        let batch = shared.filter { needed.contains($0) }
        let contracted = shared.filter { !needed.contains($0) }
        let left = labels.filter { !shared.contains($0) }
        let right = other.labels.filter { !shared.contains($0) }
        guard !contracted.isEmpty, tensor.dtype.isFloatingPoint else {
            let labels = batch + left + right + contracted
            let product = aligned(to: labels) * other.aligned(to: labels)
            return LabelledTensor(product, labels).summed(keeping: needed)
        }
        // (batch…, left…, k…) × (batch…, k…, right…) → (batch…, left…, right…)
        let a = tensor(of: batch + left + contracted).grouped(batch.count, left.count)
        let b = other.tensor(of: batch + contracted + right).grouped(batch.count, contracted.count)
        let extents = batch.map(extent) + left.map(extent) + right.map(other.extent)
        return LabelledTensor(matmul(a, b).reshaped(Shape(extents)), batch + left + right)
    }

    private func extent(_ label: Int) -> Int { tensor.shape[labels.firstIndex(of: label)!] }

    /// The tensor with its axes in this order.
    private func tensor(of labels: [Int]) -> Tensor {
        let permutation = labels.map { label in self.labels.firstIndex(of: label)! }
        return permutation == Array(permutation.indices) ? tensor : tensor.transposed(permutation)
    }

    /// The tensor with its axes in this order and axes of extent 1 for those it does not have.
    private func aligned(to labels: [Int]) -> Tensor {
        let own = labels.filter(self.labels.contains)
        return tensor(of: own).reshaped(Shape(labels.map { self.labels.contains($0) ? extent($0) : 1 }))
    }
}

extension Tensor {
    /// The first axes as one, the next as one, and the rest as one: `(batch, rows, columns)`.
    fileprivate func grouped(_ batch: Int, _ rows: Int) -> Tensor {
        func product(_ axes: Range<Int>) -> Int { axes.reduce(1) { $0 * shape[$1] } }
        return reshaped([product(0..<batch), product(batch..<(batch + rows)), product((batch + rows)..<rank)])
    }
}
