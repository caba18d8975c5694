import ApusData
import Foundation

/// A value of R, as far as data sets in packages of R need it.
///
/// Reference: “R Internals”, 1.8 “Serialization Formats”.
package indirect enum RValue: Hashable, Sendable {
    case null
    case logicals([Bool?])
    case integers([Int])
    case doubles([Double])
    /// NA is nil.
    case strings([String?])
    /// A vector of any values, with their names where they have such.
    case list([RValue], names: [String])

    /// The element of a named list.
    package subscript(_ name: String) -> RValue? {
        guard case .list(let values, let names) = self, let index = names.firstIndex(of: name), index < values.count
        else { return nil }
        return values[index]
    }
}

extension RValue {
    /// Reads a value in R's portable binary form (XDR), versions 2 and 3.
    ///
    /// - Parameter input: what messages call the data.
    /// - Throws: `DataError` where the data end early, are damaged, or hold something else than vectors, such as functions.
    package init(serialized data: Data, input: String) throws {
        var reader = RReader(bytes: [UInt8](data), input: input)
        self = try reader.file()
    }
}

/// The kinds of items that are read, by their numbers in the format.
private enum RType {
    static let symbol = 1, pairs = 2, characters = 9, logicals = 10, integers = 13, doubles = 14
    static let strings = 16, list = 19
    static let null = 254, reference = 255
    /// Levels that each character string has, shifted to their place in the flags.
    static let latin1 = 1 << 14
    static let hasAttributes = 1 << 9, hasTag = 1 << 10
}

private struct RReader {
    let bytes: [UInt8]
    let input: String
    private var position = 0
    private var symbols: [String] = []
    private var depth = 0

    init(bytes: [UInt8], input: String) {
        self.bytes = bytes
        self.input = input
    }

    mutating func file() throws -> RValue {
        guard bytes.starts(with: Array("X\n".utf8)) else {
            throw DataError(.unrecognized, input, "is no data of R in its portable binary form")
        }
        position = 2
        let version = try integer()
        guard version == 2 || version == 3 else {
            throw DataError(.unrecognized, input, "R's serialization of version \(version) is not known here")
        }
        _ = (try integer(), try integer())  // the writer's version, and the least that reads it
        if version == 3 { try skip(count(bytesEach: 1)) }  // the encoding's name
        return try item().value
    }

    // MARK: Items

    /// An item and its attributes by name.
    private mutating func item() throws -> (value: RValue, attributes: [String: RValue]) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 100 else { throw damaged("lists are nested over 100 deep") }
        let flags = try integer()
        var value: RValue
        switch flags & 0xFF {
        case RType.null: return (.null, [:])
        case RType.logicals: value = try .logicals(integers().map { $0 == Int(Int32.min) ? nil : $0 != 0 })
        case RType.integers: value = try .integers(integers())
        case RType.doubles: value = try .doubles(doubles())
        case RType.strings: value = try .strings((0..<count(bytesEach: 8)).map { _ in try characters() })
        case RType.list: value = try .list((0..<count(bytesEach: 4)).map { _ in try item().value }, names: [])
        case let type: throw damaged("an item of R's type \(type) is not read here")
        }
        let attributes = flags & RType.hasAttributes == 0 ? [:] : try pairs()
        if case .list(let values, _) = value, case .strings(let names) = attributes["names"] {
            value = .list(values, names: names.map { $0 ?? "" })
        }
        return (value, attributes)
    }

    /// A list of tagged values up to its end: attributes.
    private mutating func pairs() throws -> [String: RValue] {
        var result: [String: RValue] = [:]
        while true {
            let flags = try integer()
            if flags & 0xFF == RType.null { return result }
            guard flags & 0xFF == RType.pairs, flags & RType.hasTag != 0 else {
                throw damaged("attributes have no names")
            }
            if flags & RType.hasAttributes != 0 { _ = try pairs() }
            let tag = try symbol()
            result[tag] = try item().value
        }
    }

    /// A name, which is written out once and referred to by its number from then on.
    private mutating func symbol() throws -> String {
        let flags = try integer()
        switch flags & 0xFF {
        case RType.symbol:
            guard let name = try characters() else { throw damaged("a symbol has no name") }
            symbols.append(name)
            return name
        case RType.reference:
            let number = flags >> 8 == 0 ? try integer() : flags >> 8
            guard symbols.indices.contains(number - 1) else { throw damaged("symbol \(number) was not defined") }
            return symbols[number - 1]
        default: throw damaged("a symbol is expected")
        }
    }

    private mutating func characters() throws -> String? {
        let flags = try integer()
        guard flags & 0xFF == RType.characters else { throw damaged("a string is expected") }
        let length = try integer()
        if length == -1 { return nil }
        guard length >= 0, length <= bytes.count - position else { throw truncated }
        let text = bytes[position..<position + length]
        position += length
        if flags & RType.latin1 == 0, let decoded = String(validating: text, as: UTF8.self) { return decoded }
        return String(String.UnicodeScalarView(text.map { Unicode.Scalar($0) }))
    }

    // MARK: Numbers

    private mutating func integers() throws -> [Int] { try (0..<count(bytesEach: 4)).map { _ in try integer() } }

    private mutating func doubles() throws -> [Double] {
        try (0..<count(bytesEach: 8)).map { _ in
            let (high, low) = (try integer(), try integer())
            return Double(
                bitPattern: UInt64(UInt32(truncatingIfNeeded: high)) << 32 | UInt64(UInt32(truncatingIfNeeded: low)))
        }
    }

    /// A vector's length, which the rest of the data has to have room for.
    private mutating func count(bytesEach size: Int) throws -> Int {
        let count = try integer()
        guard count >= 0, count <= (bytes.count - position) / size else { throw truncated }
        return count
    }

    /// 32 bits, the highest byte first, with their sign.
    private mutating func integer() throws -> Int {
        guard bytes.count - position >= 4 else { throw truncated }
        defer { position += 4 }
        let word = bytes[position..<position + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Int(Int32(bitPattern: word))
    }

    private mutating func skip(_ count: Int) { position += count }

    private var truncated: DataError {
        DataError(.truncated, input, "ends inside of a value", remedy: "Fetch or copy it again")
    }

    private func damaged(_ problem: String) -> DataError {
        DataError(.corrupt, input, problem, remedy: "Fetch or copy it again")
    }
}
