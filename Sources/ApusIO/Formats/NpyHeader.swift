import ApusGraph

/// The header of an npy file: the elements' type and order, and the shape.
struct NpyHeader: Sendable {
    var element: StoredElement
    var byteOrder: ByteOrder = .littleEndian
    /// Column-major: the first index runs fastest.
    var isFortranOrder = false
    var shape: Shape
}

// MARK: Reading

extension NpyHeader {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// A limit against files that claim more than any header needs.
    private static let maximumByteCount = 1 << 20

    /// A dtype that NumPy has and Apus cannot read.
    struct UnreadableType: Error {
        let description: String
    }

    /// Parses the header at the start of a file.
    ///
    /// - Returns: the header and where the elements begin.
    /// - Throws: `TextScanner.Failure` with its offset counted from the start of the file, or `UnreadableType`.
    static func parse(_ file: UnsafeRawBufferPointer) throws -> (NpyHeader, dataStart: Int) {
        guard file.starts(with: magic) else {
            throw TextScanner.Failure(offset: 0, problem: "the file does not begin as an npy file does")
        }
        guard file.count >= 8, (1...3).contains(file[6]) else {
            throw TextScanner.Failure(offset: 6, problem: "a version that is none of 1.0, 2.0 and 3.0")
        }
        let lengthSize = file[6] == 1 ? 2 : 4
        let start = 8 + lengthSize
        guard file.count >= start else {
            throw TextScanner.Failure(offset: 8, problem: "the file ends within its header")
        }
        let length = (0..<lengthSize).reduce(0) { $0 | Int(file[8 + $1]) << (8 * $1) }
        guard length <= maximumByteCount else {
            throw TextScanner.Failure(offset: 8, problem: "a header of \(length) bytes, where 1 MiB is the limit")
        }
        guard length <= file.count - start else {
            throw TextScanner.Failure(
                offset: 8, problem: "a header of \(length) bytes in a file of \(file.count)")
        }
        do {
            let text = UnsafeRawBufferPointer(rebasing: file[start..<start + length])
            return (try NpyHeader(parsing: text), start + length)
        } catch let failure as TextScanner.Failure {
            throw TextScanner.Failure(offset: start + failure.offset, problem: failure.problem)
        }
    }

    /// The header's text: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
    private init(parsing text: UnsafeRawBufferPointer) throws {
        var scanner = TextScanner(text)
        var type: (StoredElement, ByteOrder)?
        var isFortranOrder: Bool?
        var extents: [Int]?
        try scanner.pythonDictionary { scanner, key in
            switch key {
            case "descr": type = try Self.type(&scanner)
            case "fortran_order": isFortranOrder = try scanner.pythonBool()
            case "shape":
                var list: [Int] = []
                try scanner.pythonTuple { list.append(try $0.unsignedInteger()) }
                extents = list
            default: throw scanner.failure("the unknown key '\(key)'")
            }
        }
        try scanner.end()
        guard let type, let isFortranOrder, let extents else {
            throw TextScanner.Failure(offset: 0, problem: "a header without descr, fortran_order or shape")
        }
        (element, byteOrder) = type
        self.isFortranOrder = isFortranOrder
        shape = Shape(extents)
    }

    /// NumPy's code of a dtype: byte order, kind, bytes per element.
    private static func type(_ scanner: inout TextScanner) throws -> (StoredElement, ByteOrder) {
        scanner.skipSpaces()
        guard scanner.peek != UInt8(ascii: "[") else { throw UnreadableType(description: "a record with named fields") }
        let code = try scanner.pythonString()
        guard let mark = code.first, let element = elements[String(code.dropFirst())] else {
            let isObject = code.dropFirst().hasPrefix("O")
            throw UnreadableType(description: isObject ? "Python objects (pickled)" : "the dtype '\(code)'")
        }
        switch mark {
        case "<", "=": return (element, .littleEndian)
        case ">": return (element, .bigEndian)
        case "|" where element.byteCount == 1: return (element, .littleEndian)
        default: throw UnreadableType(description: "the dtype '\(code)'")
        }
    }

    private static let elements: [String: StoredElement] = [
        "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
        "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
    ]
}

// MARK: Writing

extension NpyHeader {
    /// NumPy's code of a dtype, or nil for bfloat16, which NumPy has not.
    static func code(of dtype: DType) -> String? {
        switch dtype {
        case .float32: "<f4"
        case .float64: "<f8"
        case .float16: "<f2"
        case .int32: "<i4"
        case .int64: "<i8"
        case .uint8: "|u1"
        case .bool: "|b1"
        case .bfloat16: nil
        }
    }

    /// All that comes before the elements, byte for byte as NumPy writes it.
    static func bytes(code: String, shape: Shape) -> [UInt8] {
        let extents = shape.map(String.init)
        let tuple = extents.count == 1 ? "(\(extents[0]),)" : "(\(extents.joined(separator: ", ")))"
        var text = "{'descr': '\(code)', 'fortran_order': False, 'shape': \(tuple), }"
        // NumPy leaves room for the first extent to grow to 21 digits, so that arrays can be appended to in place.
        if let first = extents.first { text += String(repeating: " ", count: 21 - first.count) }

        let prefix = magic.count + 2 + 2
        let padding = 64 - (prefix + text.utf8.count + 1) % 64
        text += String(repeating: " ", count: padding % 64) + "\n"
        let length = text.utf8.count
        precondition(length <= Int(UInt16.max), "a shape of \(shape.rank) dimensions does not fit an npy header")
        return magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    }
}
