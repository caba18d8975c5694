import ApusData
import ApusTensor
import Foundation

/// word2vec's file formats: a line with the number of words and of dimensions, then each word and its numbers, as text or as float32 in
/// binary. gensim, fastText's `.vec` and spaCy read and write them too.
extension WordVectors {
    /// How the numbers are written.
    public enum FileFormat: String, CaseIterable, Sendable {
        case text, binary
    }

    /// Writes the vectors in word2vec's format.
    ///
    /// - Throws: `DataError` where the file can't be written, or a word has a space or is empty, which the format can't hold.
    public func write(to url: URL, format: FileFormat = .text) throws {
        if let word = words.first(where: { $0.isEmpty || $0.utf8.contains(where: Self.isSpace) }) {
            throw DataError(
                .unwritable, url.path, "the word “\(word)” is empty or has a space, which the format can't hold")
        }
        var data = Data("\(count) \(dimension)\n".utf8)
        let values = matrix.elements(as: Float.self)
        for (number, word) in words.enumerated() {
            let row = values[number * dimension..<(number + 1) * dimension]
            data.append(contentsOf: word.utf8)
            switch format {
            case .text:
                for value in row { data.append(contentsOf: " \(value)".utf8) }
            case .binary:
                data.append(0x20)
                for value in row { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
            }
            data.append(0x0A)
        }
        try writeFile(data, to: url)
    }

    /// Reads word2vec's format, text or binary, plain or gzipped.
    ///
    /// - Throws: `DataError` naming the file and the word where it is damaged: too short, words twice, NaN or infinite numbers.
    public init(contentsOf url: URL) throws {
        try self.init(word2vec: ungzipped(readFile(url)), input: url.path)
    }

    package init(word2vec data: Data, input: String) throws {
        var reader = Word2VecReader(bytes: [UInt8](data), input: input)
        self = try reader.vectors()
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }
}

private struct Word2VecReader {
    let bytes: [UInt8]
    let input: String
    private var position = 0

    init(bytes: [UInt8], input: String) {
        self.bytes = bytes
        self.input = input
    }

    mutating func vectors() throws -> WordVectors {
        let header = line().split(separator: " ")
        guard header.count == 2, let count = Int(header[0]), let dimension = Int(header[1]), count > 0, dimension > 0
        else {
            throw DataError(
                .unrecognized, input, "is no file of word vectors: it doesn't begin with two numbers",
                remedy: "Give one in word2vec's format, text or binary")
        }
        // A number takes two bytes in text and four in binary, a word one more with its space.
        guard count <= bytes.count / 2, dimension <= bytes.count / 2, count * dimension <= bytes.count / 2 else {
            throw truncated(0, of: count)
        }
        let isBinary = !looksLikeText(dimension)
        var words: [String] = []
        var values: [Float] = []
        values.reserveCapacity(count * dimension)
        var seen: Set<String> = []
        for number in 0..<count {
            let word = try word(number, of: count)
            if isBinary {
                try appendBinary(dimension, word, to: &values)
            } else {
                try appendText(dimension, word, to: &values)
            }
            guard seen.insert(word).inserted else { throw damaged("“\(word)” is there twice") }
            if let bad = values[(number * dimension)...].first(where: { !$0.isFinite }) {
                throw damaged("the vector of “\(word)” holds \(bad)")
            }
            words.append(word)
        }
        return WordVectors(words: words, matrix: Tensor(values, shape: [count, dimension]))
    }

    /// The rest of the line, as text.
    private mutating func line() -> String {
        let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
        defer { position = min(end + 1, bytes.count) }
        return String(decoding: bytes[position..<end], as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }

    /// Whether the first line after the header is a word and so many numbers.
    private func looksLikeText(_ dimension: Int) -> Bool {
        var copy = self
        let cells = copy.line().split(separator: " ")
        return cells.count == dimension + 1 && cells.dropFirst().allSatisfy { Float($0) != nil }
    }

    private mutating func word(_ number: Int, of count: Int) throws -> String {
        while position < bytes.count, WordVectors.isSpace(bytes[position]) { position += 1 }
        let start = position
        while position < bytes.count, bytes[position] != 0x20, bytes[position] != 0x0A { position += 1 }
        guard position > start, position < bytes.count, bytes[position] == 0x20 else {
            throw truncated(number, of: count)
        }
        guard let word = String(validating: bytes[start..<position], as: UTF8.self) else {
            throw damaged("word \(number + 1) is no text in UTF-8")
        }
        position += 1
        return word
    }

    private mutating func appendBinary(_ dimension: Int, _ word: String, to values: inout [Float]) throws {
        guard bytes.count - position >= 4 * dimension else { throw damaged("ends in the vector of “\(word)”") }
        for index in 0..<dimension {
            let place = position + 4 * index
            let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
            values.append(Float(bitPattern: bits))
        }
        position += 4 * dimension
    }

    private mutating func appendText(_ dimension: Int, _ word: String, to values: inout [Float]) throws {
        let cells = line().split(separator: " ")
        let numbers = cells.compactMap { Float($0) }
        guard cells.count == dimension, numbers.count == dimension else {
            throw damaged("the vector of “\(word)” isn't \(dimension) numbers")
        }
        values += numbers
    }

    private func truncated(_ number: Int, of count: Int) -> DataError {
        DataError(
            .truncated, input, "ends after \(number) of \(count) words", remedy: "Fetch or copy it again")
    }

    private func damaged(_ problem: String) -> DataError {
        DataError(.corrupt, input, problem, remedy: "Fetch or copy it again, or write it anew")
    }
}
