/// Reads a header's text token by token, as its caller's grammar asks. The grammar, not the text, decides how deep
/// things nest, so that no text can exhaust the stack.
struct TextScanner {
    /// What is wrong with the text, and at which byte.
    struct Failure: Error {
        let offset: Int
        let problem: String
    }

    let text: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    var peek: UInt8? { offset < text.count ? text[offset] : nil }

    func failure(_ problem: String) -> Failure { Failure(offset: offset, problem: problem) }

    mutating func next() -> UInt8? {
        guard let byte = peek else { return nil }
        offset += 1
        return byte
    }

    /// Takes `byte` if it comes next.
    mutating func skip(_ byte: Character) -> Bool {
        guard peek == byte.asciiValue else { return false }
        offset += 1
        return true
    }

    mutating func skipSpaces() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    mutating func expect(_ byte: Character) throws(Failure) {
        skipSpaces()
        guard skip(byte) else { throw unexpected("\"\(byte)\"") }
    }

    /// Takes `word` if it comes next.
    mutating func skip(word: String) -> Bool {
        guard text[offset...].starts(with: word.utf8) else { return false }
        offset += word.utf8.count
        return true
    }

    /// The failure of finding something else where `expected` should be.
    func unexpected(_ expected: String) -> Failure {
        guard let byte = peek else { return failure("\(expected) expected, but the text ends") }
        let found = (0x20..<0x7F).contains(byte) ? "\"\(Character(UnicodeScalar(byte)))\"" : "byte \(byte)"
        return failure("\(expected) expected, not \(found)")
    }

    /// A whole number from 0 to `Int.max`, without sign, fraction or leading zeros.
    mutating func unsignedInteger() throws(Failure) -> Int {
        skipSpaces()
        let start = offset
        var value = 0
        while let digit = peek, (0x30...0x39).contains(digit) {
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedToo) = tens.addingReportingOverflow(Int(digit - 0x30))
            if overflowed || overflowedToo { throw failure("a number beyond 64 bits") }
            value = sum
            offset += 1
        }
        guard offset > start else { throw unexpected("a whole number from 0 up") }
        guard text[start] != 0x30 || offset == start + 1 else { throw failure("a number with a leading zero") }
        return value
    }

    /// Nothing but white space may follow.
    mutating func end() throws(Failure) {
        skipSpaces()
        guard peek == nil else { throw unexpected("the end of the header") }
    }
}
