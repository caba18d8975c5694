import Foundation

/// Shape, dtype, and the elements as base64 of their little-endian bytes in row-major order. Encoding evaluates the tensor.
extension Tensor: Codable {
    private enum CodingKeys: String, CodingKey { case shape, dtype, data }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let shape = try container.decode(Shape.self, forKey: .shape)
        let name = try container.decode(String.self, forKey: .dtype)
        guard let dtype = DType.allCases.first(where: { $0.description == name }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .dtype, in: container, debugDescription: "\(name) is no dtype; known: \(DType.allCases)")
        }
        let data = try container.decode(Data.self, forKey: .data)
        guard let byteCount = shape.byteCount(of: dtype), data.count == byteCount else {
            throw DecodingError.dataCorruptedError(
                forKey: .data, in: container, debugDescription: "\(data.count) bytes for \(dtype)\(shape)")
        }
        if dtype == .bool, !data.allSatisfy({ $0 <= 1 }) {
            throw DecodingError.dataCorruptedError(
                forKey: .data, in: container, debugDescription: "bytes other than 0 and 1 for bool\(shape)")
        }
        self.init(Node(Buffer(copying: [UInt8](data)), type: TensorType(shape, dtype)))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(shape, forKey: .shape)
        try container.encode(dtype.description, forKey: .dtype)
        let buffer = buffer
        let data = Data(bytes: buffer.pointer, count: node.type.byteCount)
        withExtendedLifetime(buffer) {}
        try container.encode(data, forKey: .data)
    }
}

extension Shape {
    /// The bytes of a dense array, or nil where extents are negative or their product overflows.
    fileprivate func byteCount(of dtype: DType) -> Int? {
        guard allSatisfy({ $0 >= 0 }) else { return nil }
        return reduce(dtype.byteCount as Int?) { product, extent in
            guard let (value, overflow) = product?.multipliedReportingOverflow(by: extent), !overflow else {
                return nil
            }
            return value
        }
    }
}
