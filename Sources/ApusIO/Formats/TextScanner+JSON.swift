/// JSON as RFC 8259 has it, with duplicate keys refused.
extension TextScanner {
    /// An object. `member` reads the value of the key that it is given.
    mutating func jsonObject(_ member: (inout TextScanner, String) throws -> Void) throws {
        try expect("{")
        skipSpaces()
        if skip("}") { return }
        var seen: Set<String> = []
        repeat {
            skipSpaces()
            let start = offset
            let key = try jsonString()
            guard seen.insert(key).inserted else {
                throw Failure(offset: start, problem: "the key \"\(key)\" appears twice")
            }
            try expect(":")
            try member(&self, key)
            skipSpaces()
        } while skip(",")
        try expect("}")
    }

    /// An array. `element` reads one element.
    mutating func jsonArray(_ element: (inout TextScanner) throws -> Void) throws {
        try expect("[")
        skipSpaces()
        if skip("]") { return }
        repeat {
            try element(&self)
            skipSpaces()
        } while skip(",")
        try expect("]")
    }

    /// A string. The text is known to be UTF-8.
    mutating func jsonString() throws -> String {
        try expect("\"")
        var bytes: [UInt8] = []
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"): bytes += String(try jsonEscape()).utf8
            case 0..<0x20: throw failure("a control character in a string")
            default: bytes.append(byte)
            }
        }
        throw failure("a string without an end")
    }

    /// What follows a backslash.
    private mutating func jsonEscape() throws -> Character {
        switch next() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try jsonCodePoint())
        default: throw failure("an unknown escape in a string")
        }
    }

    /// The four digits of `\uXXXX`, or two such escapes that form a surrogate pair.
    private mutating func jsonCodePoint() throws -> UnicodeScalar {
        let first = try fourHexDigits()
        if let scalar = UnicodeScalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), skip("\\"), skip("u") else { throw failure("half a surrogate pair") }
        let second = try fourHexDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = UnicodeScalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw failure("half a surrogate pair") }
        return scalar
    }

    private mutating func fourHexDigits() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next(), let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw failure("\\u needs four hexadecimal digits")
            }
            value = value << 4 + UInt32(digit)
        }
        return value
    }
}

extension String {
    /// The string as JSON writes it, in quotes.
    var jsonQuoted: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
