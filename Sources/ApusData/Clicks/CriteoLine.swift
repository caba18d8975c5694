/// A line of Criteo's click logs: whether an ad was clicked, 13 counts and 26 categories, with tabs between them and nothing where a
/// value is missing.
///
/// `1	5		3 … 68fd1e64	80e26c9b …`. A line without the label asks for a prediction.
/// References: the Criteo display advertising challenge, 2014; the Criteo terabyte click logs.
public struct CriteoLine: Sendable {
    /// Whether the ad was clicked; nil where the line doesn't say.
    public var isClick: Bool?
    /// I1 to I13, nil where missing.
    public var integers: [Int?]
    /// C1 to C26: up to 16 hexadecimal digits, empty where missing.
    public var categories: [ArraySlice<UInt8>]

    /// I1 … I13
    public static let integerNames = (1...13).map { "I\($0)" }
    /// C1 … C26
    public static let categoryNames = (1...26).map { "C\($0)" }

    /// - Parameter bytes: the line without its break.
    /// - Throws: `DataError` that says which field is wrong.
    public init(_ bytes: ArraySlice<UInt8>) throws {
        var fields = [ArraySlice<UInt8>]()
        fields.reserveCapacity(40)
        var start = bytes.startIndex
        for place in bytes.indices where bytes[place] == 0x09 {
            fields.append(bytes[start..<place])
            start = place + 1
        }
        fields.append(bytes[start...])
        guard fields.count == 40 || fields.count == 39 else {
            throw Self.problem("\(fields.count) fields between tabs, and 40 are expected, or 39 without the label")
        }
        if fields.count == 40 { isClick = try Self.label(fields.removeFirst()) }
        integers = try zip(fields, Self.integerNames).map { try Self.integer($0, $1) }
        categories = Array(fields.dropFirst(13))
        for (field, name) in zip(categories, Self.categoryNames) where !Self.isHexadecimal(field) {
            throw Self.problem("\(name) is “\(Self.shown(field))”, and up to 16 hexadecimal digits are expected")
        }
    }

    private static func label(_ field: ArraySlice<UInt8>) throws -> Bool {
        guard field.count == 1, let digit = field.first, digit == 0x30 || digit == 0x31 else {
            throw problem("the label is “\(shown(field))”, and 0 or 1 is expected")
        }
        return digit == 0x31
    }

    private static func integer(_ field: ArraySlice<UInt8>, _ name: String) throws -> Int? {
        if field.isEmpty { return nil }
        guard let value = Int(String(decoding: field, as: UTF8.self)), abs(value) < 1 << 53 else {
            throw problem("\(name) is “\(shown(field))”, and a whole number is expected")
        }
        return value
    }

    private static func isHexadecimal(_ field: ArraySlice<UInt8>) -> Bool {
        field.count <= 16
            && field.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || (0x41...0x46).contains($0)
            }
    }

    private static func shown(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix(24), as: UTF8.self)
    }

    private static func problem(_ text: String) -> DataError {
        DataError(.corrupt, "Criteo line", text, remedy: "Correct the line, or leave it out")
    }
}
