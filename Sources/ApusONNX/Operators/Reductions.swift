import ApusNN

extension OperatorTable {
    /// Sums, products and extremes over axes, along axes, and their positions.
    mutating func addReductions() {
        addReduction("ReduceSum") { $0.sum(axes: $1, keepingAxes: $2) }
        addReduction("ReduceMean") { $0.mean(axes: $1, keepingAxes: $2) }
        addReduction("ReduceMax") { $0.max(axes: $1, keepingAxes: $2) }
        addReduction("ReduceMin") { $0.min(axes: $1, keepingAxes: $2) }
        addReduction("ReduceProd") { $0.product(axes: $1, keepingAxes: $2) }
        addReduction("ReduceL1") { abs($0).sum(axes: $1, keepingAxes: $2) }
        addReduction("ReduceL2") { sqrt(square($0).sum(axes: $1, keepingAxes: $2)) }
        addReduction("ReduceSumSquare") { square($0).sum(axes: $1, keepingAxes: $2) }
        addReduction("ReduceLogSum") { log($0.sum(axes: $1, keepingAxes: $2)) }
        addReduction("ReduceLogSumExp") { $0.logSumExp(axes: $1, keepingAxes: $2) }
        addTensor("ArgMax") { try argReduced($0) { $0.argMax(axis: $1) } }
        addTensor("ArgMin") { try argReduced($0) { $0.argMin(axis: $1) } }
        addTensor("CumSum", cumulativeSum)
        addTensors("TopK", topK)
    }

    /// Axes are an attribute, and from version 18 (ReduceSum: 13) an input; without any, all are reduced.
    private mutating func addReduction(
        _ name: String, _ function: @escaping @Sendable (Tensor, [Int], Bool) -> Tensor
    ) {
        addTensor(name) { call in
            let x = try call.tensor(0)
            let named = try call.integers(ifGiven: 1) ?? call.integerList("axes") ?? []
            if named.isEmpty, try call.flag("noop_with_empty_axes") { return x }
            let axes = named.isEmpty ? Array(0..<x.rank) : try call.axes(named, rank: x.rank)
            let keeping = try call.flag("keepdims", default: true)
            return (axes.isEmpty ? x : function(x, axes, keeping)).cast(to: x.dtype)
        }
    }
}

private func argReduced(_ call: OperatorCall, _ position: (Tensor, Int) -> Tensor) throws -> Tensor {
    let x = try call.tensor(0)
    let axis = try call.axis(default: 0, rank: x.rank)
    var result = position(x, axis)
    if try call.flag("select_last_index") {
        result = Tensor(x.shape[axis] - 1) - position(x.reversed(axes: axis), axis)
    }
    return try call.flag("keepdims", default: true) ? result.expandingDims(axis) : result
}

private func cumulativeSum(_ call: OperatorCall) throws -> Tensor {
    let x = try call.tensor(0)
    let axis = try call.axis(try call.integer(1), rank: x.rank)
    let sums = x.cumulativeSum(axis: axis, reverse: try call.flag("reverse")).cast(to: x.dtype)
    return try call.flag("exclusive") ? sums - x : sums
}

/// The k largest or smallest elements along an axis; equal ones in the order of their places.
private func topK(_ call: OperatorCall) throws -> [Tensor] {
    let x = try call.tensor(0)
    let axis = try call.axis(default: -1, rank: x.rank)
    let count = call.version < 10 ? try call.integer("k", default: 0) : try call.integer(1)
    guard (0...x.shape[axis]).contains(count) else {
        throw call.failure("\(count) of the \(x.shape[axis]) elements of axis \(axis)")
    }
    let order = x.argSort(axis: axis, descending: try call.flag("largest", default: true))
    let indices = order.sliced(axis: axis, 0, count)
    return [x.gathered(elements: indices, axis: axis), indices]
}
