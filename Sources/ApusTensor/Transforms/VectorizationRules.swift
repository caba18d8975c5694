import ApusGraph

// Every operation for many elements at once: the elements' axis comes first, the operation's own axes are one further on.

extension Vectorization {
    /// The result `(count, …)` of an operation one of whose operands differs from element to element; nil where it takes a loop.
    func result(of operation: Operation, on operands: [Value]) -> Tensor? {
        func same(_ operation: Operation) -> Tensor {
            Tensor(Node.make(operation, operands.map { repeated($0).node }))
        }
        func shape(_ shape: Shape) -> Shape { Shape([count] + shape.dimensions) }
        func areSame(_ places: Int...) -> Bool { places.allSatisfy { !operands[$0].isEach } }

        switch operation {
        case .constant, .placeholder, .iota, .random, .invalid:
            return nil

        case .unary, .binary, .compare, .select, .cast, .variable, .stopGradient, .barrier, .attention,
            .attentionGradient, .factorization, .triangularSolve, .fourier:
            return same(operation)

        case .reduce(let reduction, let axes): return same(.reduce(reduction, axes: axes.map { $0 + 1 }))
        case .argReduce(let reduction, let axis): return same(.argReduce(reduction, axis: axis + 1))
        case .scan(let scan, let axis, let reverse): return same(.scan(scan, axis: axis + 1, reverse: reverse))
        case .sort(let axis, let descending): return same(.sort(axis: axis + 1, descending: descending))
        case .argSort(let axis, let descending): return same(.argSort(axis: axis + 1, descending: descending))
        case .softmax(let axis): return same(.softmax(axis: axis + 1))
        case .logSoftmax(let axis): return same(.logSoftmax(axis: axis + 1))

        case .reshape(let to): return same(.reshape(shape(to)))
        case .transpose(let permutation): return same(.transpose([0] + permutation.map { $0 + 1 }))
        case .broadcast(let to):
            let x = operands[0].tensor
            let ones = [Int](repeating: 1, count: to.rank - (x.rank - 1))
            return x.reshaped(Shape([count] + ones + x.shape.dropFirst())).broadcast(to: shape(to))
        case .slice(let ranges): return same(.slice([SliceRange(start: 0, count: count)] + ranges))
        case .pad(let low, let high):
            guard areSame(1) else { return nil }
            return Tensor(.pad(low: [0] + low, high: [0] + high), operands[0].tensor, operands[1].tensor)
        case .reverse(let axes): return same(.reverse(axes: axes.map { $0 + 1 }))
        case .concatenate(let axis): return same(.concatenate(axis: axis + 1))

        case .gather(let axis):
            if areSame(1) { return Tensor(.gather(axis: axis + 1), operands[0].tensor, operands[1].tensor) }
            // (x[..<axis], count, indices…, x[axis+1...]) → (count, …)
            return areSame(0)
                ? Tensor(operation, operands[0].tensor, operands[1].tensor).movingAxes([axis], to: [0]) : nil
        case .scatter(let mode, let axis):
            guard areSame(1) else { return nil }
            return Tensor(
                .scatter(mode, axis: axis + 1), repeated(operands[0]), operands[1].tensor, repeated(operands[2]))
        case .gatherElements(let axis): return same(.gatherElements(axis: axis + 1))
        case .scatterElements(let mode, let axis): return same(.scatterElements(mode, axis: axis + 1))
        case .dynamicSlice(let sizes):
            guard areSame(1) else { return nil }
            return Tensor(.dynamicSlice(sizes: shape(sizes)), operands[0].tensor, starts(operands[1].tensor))
        case .dynamicUpdate:
            guard areSame(2) else { return nil }
            return Tensor(.dynamicUpdate, repeated(operands[0]), repeated(operands[1]), starts(operands[2].tensor))

        case .matmul:
            return product(operands[0], operands[1])
        case .convolution, .convolutionInputGradient:
            return areSame(1) ? merged(operation, operands) : nil
        case .pool, .poolGradient:
            return merged(operation, operands.map { .each(repeated($0)) })

        case .convolutionWeightGradient, .recurrence, .recurrenceGradient, .loop, .customGradient:
            return nil
        }
    }

    /// From all elements.
    private func starts(_ starts: Tensor) -> Tensor { concatenate([Tensor([0]), starts], axis: 0) }

    /// One matrix for all elements is multiplied by all rows at once.
    private func product(_ a: Value, _ b: Value) -> Tensor {
        let (x, weight) = (a.tensor, b.tensor)
        guard a.isEach, !b.isEach, weight.rank == 2 else {
            return Tensor(.matmul, repeated(a), repeated(b))
        }
        let (rows, columns) = (x.shape[1], weight.shape[1])
        return Tensor(.matmul, x.reshaped(count * rows, x.shape[2]), weight).reshaped(count, rows, columns)
    }

    /// The elements as more of the batch, (count, N, …) → (count · N, …), for what treats each image of a batch alike.
    private func merged(_ operation: Operation, _ operands: [Value]) -> Tensor {
        let batch = operands[0].tensor.shape[1]
        func withoutElements(_ value: Value) -> Tensor {
            guard value.isEach else { return value.tensor }
            return value.tensor.reshaped(Shape([count * batch] + value.tensor.shape.dropFirst(2)))
        }
        let result = Tensor(Node.make(operation, operands.map { withoutElements($0).node }))
        return result.reshaped(Shape([count, batch] + result.shape.dropFirst()))
    }
}
