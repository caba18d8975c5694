import ApusGraph

/// The header of a safetensors file: what tensors there are, and where.
struct SafetensorsHeader: Sendable {
    struct Entry: Sendable {
        /// The dtype as the format calls it: `F32`.
        let dtype: String
        let shape: Shape
        /// Where the elements lie, in bytes from the end of the header.
        let range: Range<Int>
    }

    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]

    /// The names in the order of their data.
    var namesInOrder: [String] {
        entries.sorted { ($0.value.range.lowerBound, $0.key) < ($1.value.range.lowerBound, $1.key) }.map(\.key)
    }

    /// Bits per element of every dtype that the format knows.
    static let bitCounts: [String: Int] = [
        "BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "I32": 32, "U32": 32, "I64": 64, "U64": 64,
        "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64,
        "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
        "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
    ]

    /// The dtypes that are read, some of them widened.
    static let elements: [String: StoredElement] = [
        "BOOL": .bool, "U8": .uint8, "I8": .int8, "I16": .int16, "U16": .uint16, "I32": .int32, "U32": .uint32,
        "I64": .int64, "U64": .uint64, "F16": .float16, "BF16": .bfloat16, "F32": .float32, "F64": .float64,
    ]

    static func name(of dtype: DType) -> String {
        switch dtype {
        case .float32: "F32"
        case .bfloat16: "BF16"
        case .float16: "F16"
        case .float64: "F64"
        case .int32: "I32"
        case .int64: "I64"
        case .uint8: "U8"
        case .bool: "BOOL"
        }
    }
}

// MARK: Reading

extension SafetensorsHeader {
    /// The most that a header may take, a limit of the format itself.
    static let maximumByteCount = 100_000_000

    /// Parses the header's text and checks it against the number of bytes that follow it.
    ///
    /// - Throws: `TextScanner.Failure` for what a place in the text is to blame for, `Mismatch` for the rest.
    init(parsing text: UnsafeRawBufferPointer, dataByteCount: Int) throws {
        guard text.first == UInt8(ascii: "{") else {
            throw TextScanner.Failure(offset: 0, problem: "the header does not begin with \"{\"")
        }
        guard String(validating: text, as: UTF8.self) != nil else {
            throw TextScanner.Failure(offset: 0, problem: "the header is not UTF-8")
        }
        var scanner = TextScanner(text)
        try scanner.jsonObject { scanner, key in
            if key == "__metadata__" {
                try scanner.jsonObject { scanner, key in metadata[key] = try scanner.jsonString() }
            } else {
                entries[key] = try Entry(parsing: &scanner)
            }
        }
        try scanner.end()
        for (name, entry) in entries { try entry.check(name) }
        try checkCoverage(of: dataByteCount)
    }

    /// What is wrong with one tensor's entry, or with all of them together where the name is nil.
    struct Mismatch: Error {
        let name: String?
        let problem: String
    }

    /// The tensors must fill the data from its first byte to its last, without holes or overlaps.
    private func checkCoverage(of dataByteCount: Int) throws {
        var end = 0
        for name in namesInOrder {
            let range = entries[name]!.range
            if range.lowerBound != end {
                let kind = range.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole before it"
                throw Mismatch(name: name, problem: "its data at bytes \(range) \(kind), which ends at \(end)")
            }
            end = range.upperBound
        }
        guard end == dataByteCount else {
            throw Mismatch(name: nil, problem: "the tensors take \(end) bytes, but the file holds \(dataByteCount)")
        }
    }
}

extension SafetensorsHeader.Entry {
    fileprivate init(parsing scanner: inout TextScanner) throws {
        let start = scanner.offset
        var dtype: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.jsonObject { scanner, key in
            switch key {
            case "dtype": dtype = try scanner.jsonString()
            case "shape": shape = try Self.integers(&scanner)
            case "data_offsets": offsets = try Self.integers(&scanner)
            default: throw scanner.failure("the unknown key \"\(key)\" in a tensor's entry")
            }
        }
        guard let dtype, let shape, let offsets else {
            let problem = "a tensor's entry without dtype, shape or data_offsets"
            throw TextScanner.Failure(offset: start, problem: problem)
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            let problem = "data_offsets that are not a begin and an end: \(offsets.prefix(4))"
            throw TextScanner.Failure(offset: start, problem: problem)
        }
        self.init(dtype: dtype, shape: Shape(shape), range: offsets[0]..<offsets[1])
    }

    private static func integers(_ scanner: inout TextScanner) throws -> [Int] {
        var values: [Int] = []
        try scanner.jsonArray { values.append(try $0.unsignedInteger()) }
        return values
    }

    /// Shape and dtype must give the size of the data.
    fileprivate func check(_ name: String) throws {
        guard let bitCount = SafetensorsHeader.bitCounts[dtype] else {
            throw SafetensorsHeader.Mismatch(name: name, problem: "its dtype \"\(dtype)\" is unknown to the format")
        }
        guard let byteCount = shape.storedByteCount(bitsPerElement: bitCount) else {
            throw SafetensorsHeader.Mismatch(
                name: name, problem: "its shape, of \(shape.rank) dimensions, is too large to be true")
        }
        guard byteCount == range.count else {
            throw SafetensorsHeader.Mismatch(
                name: name, problem: "\(dtype)\(shape) takes \(byteCount) bytes, but data_offsets give \(range.count)")
        }
    }
}

// MARK: Writing

extension SafetensorsHeader {
    /// The header of tensors that follow one another without gaps, and their names in that order: by alignment, the widest
    /// first, so that all are aligned, and then by name.
    static func laidOut(
        _ types: [String: TensorType], metadata: [String: String]
    ) -> (header: SafetensorsHeader, order: [String]) {
        let order = types.keys.sorted { (rank(types[$1]!.dtype), $0) < (rank(types[$0]!.dtype), $1) }
        var header = SafetensorsHeader(entries: [:], metadata: metadata)
        var end = 0
        for key in order {
            let type = types[key]!
            let range = end..<end + type.byteCount
            header.entries[key] = Entry(dtype: name(of: type.dtype), shape: type.shape, range: range)
            end = range.upperBound
        }
        return (header, order)
    }

    /// The reference implementation's order of dtypes, the last one first in the file.
    private static func rank(_ dtype: DType) -> Int {
        let order: [DType] = [.bool, .uint8, .float16, .bfloat16, .int32, .float32, .float64, .int64]
        return order.firstIndex(of: dtype)!
    }

    /// The JSON text, padded with spaces so that the data after it is aligned to 8 bytes.
    func text(order: [String]) -> String {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\($0.key.jsonQuoted):\($0.value.jsonQuoted)" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        for name in order {
            let entry = entries[name]!
            let shape = entry.shape.map(String.init).joined(separator: ",")
            let offsets = "\(entry.range.lowerBound),\(entry.range.upperBound)"
            members.append(
                "\(name.jsonQuoted):{\"dtype\":\"\(entry.dtype)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}")
        }
        let json = "{\(members.joined(separator: ","))}"
        return json + String(repeating: " ", count: (8 - json.utf8.count % 8) % 8)
    }
}
