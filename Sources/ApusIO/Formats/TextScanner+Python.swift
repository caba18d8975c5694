/// The few Python literals that NumPy writes in a header.
extension TextScanner {
    /// A dictionary with string keys. `member` reads the value of the key that it is given.
    mutating func pythonDictionary(_ member: (inout TextScanner, String) throws -> Void) throws {
        try expect("{")
        skipSpaces()
        var seen: Set<String> = []
        while !skip("}") {
            let start = offset
            let key = try pythonString()
            guard seen.insert(key).inserted else {
                throw Failure(offset: start, problem: "the key '\(key)' appears twice")
            }
            try expect(":")
            try member(&self, key)
            try separator(before: "}")
        }
    }

    /// A tuple. One element needs its comma: `(3,)`.
    mutating func pythonTuple(_ element: (inout TextScanner) throws -> Void) throws {
        try expect("(")
        skipSpaces()
        var count = 0
        var endsInComma = false
        while !skip(")") {
            try element(&self)
            count += 1
            endsInComma = try separator(before: ")")
        }
        if count == 1 && !endsInComma { throw failure("a number in parentheses where a tuple is expected") }
    }

    /// A string in single or double quotes, of plain ASCII without escapes.
    mutating func pythonString() throws -> String {
        skipSpaces()
        let quote: Character = peek == UInt8(ascii: "\"") ? "\"" : "'"
        guard skip(quote) else { throw unexpected("a string") }
        var result = ""
        while !skip(quote) {
            guard let byte = peek, (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\\") else {
                throw unexpected("plain text in quotes")
            }
            result.unicodeScalars.append(UnicodeScalar(byte))
            _ = next()
        }
        return result
    }

    mutating func pythonBool() throws -> Bool {
        skipSpaces()
        if skip(word: "True") { return true }
        if skip(word: "False") { return false }
        throw unexpected("True or False")
    }

    /// A comma, which may be missing before the closing bracket.
    @discardableResult
    private mutating func separator(before bracket: Character) throws -> Bool {
        skipSpaces()
        let isComma = skip(",")
        skipSpaces()
        guard isComma || peek == bracket.asciiValue else { throw unexpected("\",\" or \"\(bracket)\"") }
        return isComma
    }
}
