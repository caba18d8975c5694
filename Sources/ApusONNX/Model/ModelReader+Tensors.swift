import ApusIO
import ApusNN
import Foundation

extension ModelReader {
    /// A tensor's elements, once it is certain that there are as many as its shape says.
    func constant(_ proto: TensorProto, at location: String) throws -> ONNXConstant {
        let type = try elementType(proto.dataType, location)
        let shape = try shape(proto.dims, location)
        if type == .string { return try strings(proto, shape, location) }
        guard let stored = type.stored, let dtype = type.dtype else {
            throw failure(.unsupported, location, "elements of type \(type)", "export the model with real numbers")
        }
        guard let byteCount = shape.storedByteCount(bitsPerElement: stored.byteCount * 8) else {
            throw failure(
                .damaged, location, "a shape of \(shape.rank) dimensions that is too large to be true", Self.damaged)
        }
        let value: Tensor
        if proto.dataLocation == .external {
            let (bytes, range) = try externalBytes(proto, byteCount: byteCount, location)
            value = try elements(bytes, range, stored, shape, location)
        } else if !proto.rawData.isEmpty {
            try require(proto.rawData.count, "bytes", toBe: byteCount, for: shape, location)
            let bytes = FileBytes(copying: proto.rawData, name: file)
            value = try elements(bytes, 0..<byteCount, stored, shape, location)
        } else {
            value = try typedElements(proto, type, shape, location).cast(to: dtype)
        }
        return ONNXConstant(value: .tensor(value), elementType: type)
    }

    private func shape(_ dims: [Int64], _ location: String) throws -> Shape {
        guard dims.allSatisfy({ $0 >= 0 }) else {
            throw failure(.damaged, location, "the shape \(dims) has a negative extent", Self.damaged)
        }
        return Shape(dims.map(Int.init))
    }

    private func require(
        _ found: Int, _ unit: String, toBe expected: Int, for shape: Shape, _ location: String
    ) throws {
        guard found == expected else {
            throw failure(
                .damaged, location, "the shape \(shape) takes \(expected) \(unit), and there are \(found)", Self.damaged
            )
        }
    }

    private func elements(
        _ bytes: FileBytes, _ range: Range<Int>, _ stored: StoredElement, _ shape: Shape, _ location: String
    ) throws -> Tensor {
        do throws(ElementError) {
            return try bytes.elements(at: range, of: stored, shape: shape)
        } catch {
            throw failure(.damaged, location, error.problem, error.remedy)
        }
    }

    // MARK: Elements as numbers

    private func typedElements(
        _ proto: TensorProto, _ type: ONNXElementType, _ shape: Shape, _ location: String
    ) throws -> Tensor {
        func counted(_ count: Int) throws {
            guard shape.storedByteCount(bitsPerElement: 8) != nil else {
                throw failure(.damaged, location, "a shape that is too large to be true", Self.damaged)
            }
            try require(count, "elements", toBe: shape.elementCount, for: shape, location)
        }
        switch type {
        case .float32:
            try counted(proto.floatData.count)
            return Tensor(proto.floatData, shape: shape)
        case .float64:
            try counted(proto.doubleData.count)
            return Tensor(proto.doubleData, shape: shape, dtype: .float64)
        case .int64:
            try counted(proto.int64Data.count)
            return Tensor(proto.int64Data.map(Int.init), shape: shape)
        case .uint32, .uint64:
            try counted(proto.uint64Data.count)
            let values = try proto.uint64Data.map { try inRange(Int(exactly: $0), of: type, location) }
            return Tensor(values, shape: shape)
        case .float16, .bfloat16:
            try counted(proto.int32Data.count)
            let bits = try proto.int32Data.map { UInt16(try inRange(Int($0), of: .uint16, location)) }
            return Tensor(Node(Buffer(copying: bits), type: TensorType(shape, type == .float16 ? .float16 : .bfloat16)))
        case .bool:
            try counted(proto.int32Data.count)
            return Tensor(proto.int32Data.map { $0 != 0 }, shape: shape)
        case .int8, .uint8, .int16, .uint16, .int32:
            try counted(proto.int32Data.count)
            return Tensor(try proto.int32Data.map { try inRange(Int($0), of: type, location) }, shape: shape)
        case .string, .complex64, .complex128:
            throw failure(.unsupported, location, "elements of type \(type)", "export the model with real numbers")
        }
    }

    private func inRange(_ value: Int?, of type: ONNXElementType, _ location: String) throws -> Int {
        guard let value, type.integerRange?.contains(value) == true else {
            throw failure(.damaged, location, "an element that \(type) can't hold", Self.damaged)
        }
        return value
    }

    private func strings(_ proto: TensorProto, _ shape: Shape, _ location: String) throws -> ONNXConstant {
        guard shape.storedByteCount(bitsPerElement: 8) != nil else {
            throw failure(.damaged, location, "a shape that is too large to be true", Self.damaged)
        }
        try require(proto.stringData.count, "strings", toBe: shape.elementCount, for: shape, location)
        let elements = proto.stringData.map { String(decoding: $0, as: UTF8.self) }
        return ONNXConstant(value: .strings(StringTensor(elements, shape: shape)), elementType: .string)
    }

    // MARK: Elements in another file

    /// The part of another file that a tensor's elements are in.
    private func externalBytes(
        _ proto: TensorProto, byteCount: Int, _ location: String
    ) throws -> (bytes: FileBytes, range: Range<Int>) {
        var entries: [String: String] = [:]
        for entry in proto.externalData { entries[entry.key] = entry.value }
        guard let path = entries["location"], !path.isEmpty else {
            throw failure(.externalData, location, "elements in another file that isn't named", Self.damaged)
        }
        let bytes: FileBytes
        do {
            bytes = try FileBytes(mapping: try externalFile(path, location))
        } catch let error as FileError {
            throw failure(.externalData, location, "its file \(error.path): \(error.cause)", error.remedy)
        }
        func number(_ key: String, default value: Int) throws -> Int {
            guard let text = entries[key] else { return value }
            guard let number = Int(text), number >= 0 else {
                throw failure(.externalData, location, "the \(key) \"\(text)\" in \(path)", Self.damaged)
            }
            return number
        }
        let offset = try number("offset", default: 0)
        let length = try number("length", default: byteCount)
        guard length == byteCount, offset <= bytes.count, byteCount <= bytes.count - offset else {
            throw failure(
                .externalData, location,
                "\(byteCount) bytes are needed, and \(path) of \(bytes.count) bytes gives \(length) from byte \(offset)",
                "copy the whole of \(path) beside the model")
        }
        return (bytes, offset..<(offset + byteCount))
    }

    /// A file in the model's folder or below it; links that lead out of it are not followed.
    private func externalFile(_ path: String, _ location: String) throws -> URL {
        guard let folder else {
            throw failure(
                .externalData, location, "elements in the file \(path), and the model has no folder",
                "read the model from its file")
        }
        let root = folder.resolvingSymlinksInPath().standardizedFileURL.path
        let target = folder.appendingPathComponent(path).standardizedFileURL.resolvingSymlinksInPath()
        guard !path.hasPrefix("/"), !path.utf8.contains(0), target.path.hasPrefix(root == "/" ? root : root + "/")
        else {
            throw failure(
                .externalData, location, "its file \(path) lies outside of the model's folder",
                "trust no such model; put the file beside the model and name it without a folder")
        }
        return target
    }
}
