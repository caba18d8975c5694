import ApusTensor

/// Why elements cannot be read; the caller knows the file and the place.
package struct ElementError: Error {
    package let problem: String
    package let remedy: String
}

extension FileBytes {
    /// The elements that lie at `range`, whose size fits `shape`. They are used in place where they are stored as the
    /// dtype wants them and aligned, and copied, swapped and widened elsewhere.
    ///
    /// - Throws: `ElementError` for a bool that is neither 0 nor 1 and for a uint64 beyond int64.
    package func elements(
        at range: Range<Int>, of element: StoredElement, shape: Shape, order: ByteOrder = .littleEndian
    ) throws(ElementError) -> Tensor {
        let source = self[range]
        let type = TensorType(shape, element.dtype)
        if element == .bool, source.contains(where: { $0 > 1 }) {
            throw ElementError(
                problem: "a bool that is neither 0 nor 1", remedy: "fetch the file again, or export it as uint8")
        }
        if element.isNative, order == .littleEndian || element.byteCount == 1 {
            return Tensor(Node(native(source, alignment: element.byteCount), type: type))
        }
        let buffer = Buffer(byteCount: type.byteCount)
        try convert(source, from: element, order, into: buffer)
        return Tensor(Node(buffer, type: type))
    }

    private func native(_ source: UnsafeRawBufferPointer, alignment: Int) -> Buffer {
        guard let start = source.baseAddress, !source.isEmpty else { return Buffer(byteCount: 0) }
        if Int(bitPattern: start) % alignment == 0 {
            return Buffer(borrowing: start, byteCount: source.count, owner: owner)
        }
        let buffer = Buffer(byteCount: source.count)
        buffer.pointer.copyMemory(from: start, byteCount: source.count)
        return buffer
    }
}

private func convert(
    _ source: UnsafeRawBufferPointer, from element: StoredElement, _ order: ByteOrder, into buffer: Buffer
) throws(ElementError) {
    switch element {
    case .int8: widen(source, Int8.self, order, buffer.elements(as: Int32.self))
    case .int16: widen(source, Int16.self, order, buffer.elements(as: Int32.self))
    case .uint16: widen(source, UInt16.self, order, buffer.elements(as: Int32.self))
    case .uint32: widen(source, UInt32.self, order, buffer.elements(as: Int64.self))
    case .uint64:
        let result = buffer.elements(as: UInt64.self)
        widen(source, UInt64.self, order, result)
        guard result.allSatisfy({ $0 <= UInt64(Int64.max) }) else {
            throw ElementError(problem: "a uint64 that int64 cannot hold", remedy: "export it as int64 or float64")
        }
    case .float16, .bfloat16: widen(source, UInt16.self, order, buffer.elements(as: UInt16.self))
    case .float32, .int32: widen(source, UInt32.self, order, buffer.elements(as: UInt32.self))
    case .float64, .int64: widen(source, UInt64.self, order, buffer.elements(as: UInt64.self))
    case .uint8, .bool: widen(source, UInt8.self, order, buffer.elements(as: UInt8.self))
    }
}

private func widen<Stored: FixedWidthInteger, Element: FixedWidthInteger>(
    _ source: UnsafeRawBufferPointer, _ type: Stored.Type, _ order: ByteOrder,
    _ result: UnsafeMutableBufferPointer<Element>
) {
    let size = MemoryLayout<Stored>.size
    for index in 0..<source.count / size {
        let stored = source.loadUnaligned(fromByteOffset: index * size, as: Stored.self)
        result[index] = Element(order == .bigEndian ? stored.byteSwapped : stored)
    }
}
