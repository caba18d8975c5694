import Foundation

/// Prints as NumPy does, with the dtype behind unless it is float32. Printing evaluates the tensor.
extension Tensor: CustomStringConvertible {
    public var description: String {
        let text = ArrayPrinter(self).text
        return dtype == .float32 ? text : "\(text) \(dtype)"
    }
}

/// Dtype, shape and operation, without evaluating anything: `float32[8, 10] matmul, pending`.
extension Tensor: CustomDebugStringConvertible {
    public var debugDescription: String {
        "\(node.type) \(node.operation.name), \(node.isEvaluated ? "evaluated" : "pending")"
    }
}

/// Lays out elements as NumPy's `array2string` does: aligned columns, lines of 75 characters, a summary of what is over 1000 elements.
private struct ArrayPrinter {
    private static let lineWidth = 75
    private static let threshold = 1000
    private static let edgeCount = 3

    private let shape: Shape
    /// For each axis, the positions that are printed; nil stands for `...`.
    private let positions: [[Int?]]
    private let words: [Int: String]

    init(_ x: Tensor) {
        shape = x.shape
        let isSummary = x.elementCount > Self.threshold
        let edge = Self.edgeCount
        let positions = x.shape.map { extent -> [Int?] in
            guard isSummary, extent > 2 * edge else { return Array(0..<extent) }
            return Array(0..<edge) + [nil] + Array((extent - edge)..<extent)
        }
        let places = zip(x.shape.strides, positions).reduce([0]) { places, axis in
            places.flatMap { place in axis.1.compactMap { $0.map { place + $0 * axis.0 } } }
        }
        self.positions = positions
        words = Dictionary(uniqueKeysWithValues: zip(places, x.words(at: places)))
    }

    var text: String {
        if shape.isEmpty { return words[0]! }
        if shape.elementCount == 0 { return "[]" }
        return lines(axis: 0, place: 0, indent: " ", width: Self.lineWidth)
    }

    private func lines(axis: Int, place: Int, indent: String, width: Int) -> String {
        let stride = shape.strides[axis]
        if axis == shape.rank - 1 {
            return row(positions[axis].map { $0.map { words[place + $0]! } ?? "..." }, indent: indent, width: width - 1)
        }
        let parts = positions[axis].map { position -> String in
            guard let position else { return "..." }
            return lines(axis: axis + 1, place: place + position * stride, indent: indent + " ", width: width - 1)
        }
        let separator = String(repeating: "\n", count: shape.rank - 1 - axis) + indent
        return "[" + parts.joined(separator: separator) + "]"
    }

    /// Words on as many lines as their lengths ask for.
    private func row(_ words: [String], indent: String, width: Int) -> String {
        var done = ""
        var line = indent
        for (index, word) in words.enumerated() {
            if line.count + word.count > width, line.count > indent.count {
                while line.last == " " { line.removeLast() }
                done += line + "\n"
                line = indent
            }
            line += index == words.count - 1 ? word : word + " "
        }
        return "[" + (done + line).dropFirst(indent.count) + "]"
    }
}

extension Tensor {
    /// Some elements as words of one width.
    fileprivate func words(at places: [Int]) -> [String] {
        switch dtype {
        case .bool:
            let values: [Bool] = elements()
            return aligned(places.map { "\(values[$0])" })
        case .int32, .int64, .uint8:
            let values: [Int] = elements()
            return aligned(places.map { "\(values[$0])" })
        case .float32:
            let values: [Float] = elements()
            return floatWords(places.map { Decimal(Double(values[$0]), shortest: values[$0].description) })
        case .float16, .bfloat16:
            let values: [Float] = elements()
            return floatWords(places.map { Decimal(Double(values[$0]), shortest: shortest(values[$0], in: dtype)) })
        case .float64:
            let values: [Double] = elements()
            return floatWords(places.map { Decimal(values[$0], shortest: values[$0].description) })
        }
    }

    private func floatWords(_ decimals: [Decimal]) -> [String] {
        // A number by itself is not cut.
        if rank == 0 { return decimals.map(\.shortest) }
        let finite = decimals.filter(\.isFinite)
        let sizes = finite.map { Swift.abs($0.value) }.filter { $0 > 0 }
        let (least, greatest) = (sizes.min() ?? 1, sizes.max() ?? 1)
        let isScientific = greatest >= dtype.greatestPositional || least < 1e-4 || greatest / least > 1000
        let digits = finite.map { isScientific ? $0.scientificDigits : $0.fractionDigits }.max() ?? 0
        let words = decimals.map { decimal in
            if !decimal.isFinite { return decimal.shortest }
            return isScientific ? decimal.scientific(digits) : decimal.positional(width: digits)
        }
        return aligned(isScientific ? withEqualExponents(words) : words)
    }

    /// `1.5e+00` beside `1.0e+100` is `1.5e+000`.
    private func withEqualExponents(_ words: [String]) -> [String] {
        let parts = words.map { $0.split(separator: "e") }
        let width = parts.map { $0.count == 2 ? $0[1].count : 0 }.max() ?? 0
        return parts.map { part in
            guard part.count == 2, let sign = part[1].first else { return String(part[0]) }
            let zeros = String(repeating: "0", count: width - part[1].count)
            return "\(part[0])e\(sign)\(zeros)\(part[1].dropFirst())"
        }
    }

    private func aligned(_ words: [String]) -> [String] {
        let width = words.map(\.count).max() ?? 0
        return words.map { String(repeating: " ", count: width - $0.count) + $0 }
    }
}

extension DType {
    /// What is from here on is written with an exponent: 10 to the decimal digits that the dtype holds for certain, at most 10⁸.
    fileprivate var greatestPositional: Double {
        switch self {
        case .bfloat16: 1e2
        case .float16: 1e3
        case .float32: 1e6
        default: 1e8
        }
    }
}

/// The fewest digits that tell a 16-bit float from its neighbours. (Swift writes all digits of whole numbers.)
private func shortest(_ value: Float, in dtype: DType) -> String {
    guard value.isFinite else { return value.description }
    func isSame(_ other: Float) -> Bool {
        dtype == .float16 ? Float16(other) == Float16(value) : BFloat16.bits(other) == BFloat16.bits(value)
    }
    let candidates = (0..<6).lazy.compactMap { Float(String(format: "%.\($0)e", Double(value))) }
    return (candidates.first(where: isSame) ?? value).description
}

/// A float as decimal digits: the fewest that tell it from its neighbours, at most 8 of them behind the point.
private struct Decimal {
    private static let precision = 8

    let value: Double
    /// All of the shortest digits, as Swift writes them.
    let shortest: String
    /// The significant digits without trailing zeros, the first of which is worth `10^exponent`.
    private var digits: [Character]
    private var exponent: Int

    init(_ value: Double, shortest: String) {
        self.value = value
        self.shortest = value.isFinite ? shortest : value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
        (digits, exponent) = value.isFinite ? Self.parsed(shortest) : ([], 0)
    }

    var isFinite: Bool { value.isFinite }

    private static func parsed(_ text: String) -> ([Character], Int) {
        let parts = text.drop { $0 == "-" }.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        let all = Array(mantissa[0] + fraction)
        let leading = all.prefix { $0 == "0" }.count
        if leading == all.count { return (["0"], 0) }
        let exponent = (parts.count > 1 ? Int(parts[1])! : 0) + mantissa[0].count - 1 - leading
        var digits = Array(all.dropFirst(leading))
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return (digits, exponent)
    }

    private var sign: String { value.sign == .minus ? "-" : "" }

    // MARK: 123.45

    /// How many digits behind the point are worth writing.
    var fractionDigits: Int { positional.split(separator: ".", omittingEmptySubsequences: false)[1].count }

    private var positional: String {
        let needed = digits.count - 1 - exponent
        let text: String
        if needed > Self.precision {
            text = String(format: "%.\(Self.precision)f", value)
        } else {
            let zeros = String(repeating: "0", count: Swift.max(0, -exponent))
            let padded = zeros + String(digits) + String(repeating: "0", count: Swift.max(0, -needed))
            let whole = padded.prefix(Swift.max(exponent, 0) + 1)
            return "\(sign)\(whole).\(padded.dropFirst(whole.count).withoutTrailingZeros)"
        }
        return String(text.withoutTrailingZeros)
    }

    /// With blanks behind it as if it had `width` digits behind the point.
    func positional(width: Int) -> String {
        let text = positional
        return text + String(repeating: " ", count: width - fractionDigits)
    }

    // MARK: 1.2345e+02

    var scientificDigits: Int { Swift.min(digits.count - 1, Self.precision) }

    /// More digits than the number needs are those of its exact value.
    func scientific(_ width: Int) -> String {
        let text = String(format: "%.\(width)e", value)
        return width > 0 ? text : text.replacingOccurrences(of: "e", with: ".e")
    }
}

extension StringProtocol {
    /// `1.500` as `1.5`, `2.000` as `2.`; `500` (digits behind a point) as `5`.
    fileprivate var withoutTrailingZeros: String {
        var text = String(self)
        while text.last == "0" { text.removeLast() }
        return text
    }
}
