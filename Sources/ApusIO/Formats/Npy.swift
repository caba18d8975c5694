import ApusTensor
import Foundation

/// Arrays in NumPy's npy files, versions 1.0 to 3.0.
///
/// `f2 f4 f8 i4 i8 u1 b1` are read as they are, `i1 i2 u2` become int32, `u4` becomes int64, and `u8` too if its values
/// fit. Big-endian elements are swapped and Fortran-ordered arrays transposed to row-major order; all others are used
/// where they lie in the mapped file.
///
/// Reference: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
public enum Npy {
    static let remedy = "the file is damaged or no npy file; write it again with numpy.save"

    /// The array in a file.
    ///
    /// - Throws: `FileError` if the file cannot be read, `FormatError` if it is damaged or of a type that Apus has not.
    public static func read(contentsOf url: URL) throws -> Tensor {
        try decode(FileBytes(mapping: url))
    }

    /// The array in data in memory, which messages call `name`.
    ///
    /// - Throws: `FormatError` if the data is damaged or of a type that Apus has not.
    public static func read(_ data: Data, name: String = "npy data") throws -> Tensor {
        try decode(FileBytes(copying: data, name: name))
    }

    /// Writes a tensor to a file, whole or not at all, byte for byte as NumPy does.
    ///
    /// - Throws: `FileError` if the file cannot be written, `FormatError` for bfloat16, which NumPy has not.
    public static func write(_ tensor: Tensor, to url: URL) throws {
        let type = tensor.node.type
        let header = try header(of: type, file: url.path)
        try AtomicFile.write(to: url, byteCount: header.count + type.byteCount) { file in
            try file.write(header)
            try file.write(tensor)
        }
    }

    static func decode(_ file: FileBytes) throws -> Tensor {
        let (header, dataStart) = try parseHeader(file)
        let available = file.count - dataStart
        guard let byteCount = header.shape.storedByteCount(bitsPerElement: header.element.byteCount * 8) else {
            throw FormatError(
                file: file.name, location: "header",
                problem: "the shape, of \(header.shape.rank) dimensions, is too large to be true", remedy: remedy)
        }
        guard byteCount == available else {
            throw FormatError(
                file: file.name, location: "data",
                problem: "the shape \(header.shape) takes \(byteCount) bytes, but \(available) follow the header",
                remedy: remedy)
        }
        do throws(ElementError) {
            // Column-major elements are the row-major ones of the transpose.
            let shape = header.isFortranOrder ? Shape(header.shape.reversed()) : header.shape
            let tensor = try file.elements(
                at: dataStart..<file.count, of: header.element, shape: shape, order: header.byteOrder)
            return header.isFortranOrder && shape.rank > 1 ? tensor.transposed() : tensor
        } catch {
            throw FormatError(file: file.name, location: "data", problem: error.problem, remedy: error.remedy)
        }
    }

    private static func parseHeader(_ file: FileBytes) throws -> (NpyHeader, dataStart: Int) {
        do {
            return try NpyHeader.parse(file.bytes)
        } catch let failure as TextScanner.Failure {
            throw FormatError(
                file: file.name, location: "header, byte \(failure.offset)", problem: failure.problem, remedy: remedy)
        } catch let type as NpyHeader.UnreadableType {
            throw FormatError(
                file: file.name, location: "header", problem: "\(type.description) cannot be read",
                remedy: "convert the array with astype to a number type that Apus has, such as float32")
        }
    }

    /// All that comes before the elements of an array. `file` is for the message.
    static func header(of type: TensorType, file: String) throws -> [UInt8] {
        guard let code = NpyHeader.code(of: type.dtype) else {
            throw FormatError(
                file: file, problem: "NumPy has no \(type.dtype)",
                remedy: "cast the tensor to float32, or use safetensors")
        }
        return NpyHeader.bytes(code: code, shape: type.shape)
    }
}
