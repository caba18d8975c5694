import ApusTensor
import Foundation

/// Named tensors and a little about them, in one safetensors file.
///
/// Saving over an older checkpoint replaces it in one step, so a crash at any moment leaves a whole one. The notes are JSON
/// in the file's own metadata: every reader of safetensors reads the tensors.
///
/// ```swift
/// struct Progress: Codable { var epoch: Int; var bestAccuracy: Double }
///
/// try Checkpoint(tensors: state, metadata: Progress(epoch: 3, bestAccuracy: 0.91)).save(to: url)
/// let progress = try Checkpoint<Progress>(contentsOf: url).metadata
/// ```
public struct Checkpoint<Metadata: Codable> {
    /// Tensors by name.
    public var tensors: [String: Tensor]
    /// The notes, kept as JSON in the file.
    public var metadata: Metadata

    public init(tensors: [String: Tensor], metadata: Metadata) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// Loads a checkpoint. The tensors stay in the mapped file until they are used.
    ///
    /// - Throws: `FileError` if the file cannot be read, `FormatError` if it is damaged, no checkpoint, or one with other
    ///   notes than `Metadata`.
    public init(contentsOf url: URL) throws {
        let file = try SafetensorsFile(contentsOf: url)
        guard let json = file.metadata[metadataKey] else {
            throw FormatError(
                file: url.path, location: "metadata", problem: "the file has tensors, but no checkpoint's notes",
                remedy: "give a checkpoint's file, or read the tensors alone with SafetensorsFile")
        }
        do {
            metadata = try decoder.decode(Metadata.self, from: Data(json.utf8))
        } catch {
            throw FormatError(
                file: url.path, location: "metadata", problem: "the notes are not \(Metadata.self): \(reason(error))",
                remedy: "use the version that wrote the checkpoint, or train anew")
        }
        tensors = try file.tensors()
    }

    /// Saves the checkpoint, whole or not at all.
    ///
    /// - Throws: `FileError` if the file cannot be written, `EncodingError` if the notes cannot be encoded.
    public func save(to url: URL) throws {
        let json = String(decoding: try encoder.encode(metadata), as: UTF8.self)
        try SafetensorsFile.write(tensors, metadata: [metadataKey: json], to: url)
    }
}

extension Checkpoint: Sendable where Metadata: Sendable {}

private let metadataKey = "checkpoint"

private var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // The best loss so far begins at infinity.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
}

private var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
}

private func reason(_ error: any Error) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        "at \"\(context.codingPath.map(\.stringValue).joined(separator: "."))\": \(context.debugDescription)"
    default: "\(error)"
    }
}
