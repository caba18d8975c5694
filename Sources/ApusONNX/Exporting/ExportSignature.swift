import ApusNN

/// A function's inputs, and which of their axes may have any extent.
///
/// What depends on such an axis is found by calling the function on several extents: a program per name, which differ just there.
struct ExportSignature {
    let inputs: [(name: String, type: TensorType)]
    private let dynamicAxes: [String: [Int: String]]

    init(_ inputs: [(String, TensorType)], _ dynamicAxes: [String: [Int: String]]) {
        self.inputs = inputs.map { (name: $0.0, type: $0.1) }
        self.dynamicAxes = dynamicAxes
    }

    /// The names of extents, in order.
    var symbols: [String] { Set(dynamicAxes.values.flatMap(\.values)).sorted() }

    /// The types of the inputs as they are first, and with one symbol's extents greater by one for each symbol.
    var variants: [[TensorType]] { [types(growing: nil)] + symbols.map(types(growing:)) }

    private func types(growing grown: String?) -> [TensorType] {
        inputs.map { input in
            var shape = input.type.shape
            for (axis, symbol) in dynamicAxes[input.name] ?? [:] where shape.indices.contains(axis) {
                shape[axis] = base(symbol) + (symbol == grown ? 1 : 0)
            }
            return TensorType(shape, input.type.dtype)
        }
    }

    /// A symbol's extent at first. Not 0 or 1, with which operations take shortcuts.
    private func base(_ symbol: String) -> Int {
        let given = inputs.flatMap { input in
            (dynamicAxes[input.name] ?? [:]).compactMap { axis, name in
                name == symbol && input.type.shape.indices.contains(axis) ? input.type.shape[axis] : nil
            }
        }
        return max(2, given.max() ?? 2)
    }

    /// The name of an extent that is `extents[i]` in variant i; nil for one that is fixed or of no single symbol.
    func symbol(of extents: [Int]) -> String? {
        zip(symbols, extents.dropFirst()).first { symbol, grown in
            extents[0] == base(symbol) && grown == extents[0] + 1
                && extents.dropFirst().count { $0 != extents[0] } == 1
        }?.0
    }
}
