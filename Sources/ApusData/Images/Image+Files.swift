import Foundation

extension Image {
    /// Reads a JPEG or PNG file, told apart by their first bytes.
    ///
    /// - Throws: `DataError` that names the file: missing, empty, truncated, neither JPEG nor PNG, corrupt, or too
    ///   large.
    public init(contentsOf url: URL) throws {
        let data = try readFile(url)
        do {
            try self.init(decoding: data)
        } catch let error as DataError {
            throw error.about(url.path)
        }
    }

    /// Decodes JPEG or PNG, told apart by their first bytes.
    ///
    /// - Throws: `DataError`: empty, truncated, neither JPEG nor PNG, corrupt, or too large.
    public init(decoding data: Data) throws {
        if data.isEmpty { throw DataError(.empty, Self.unnamed, "there are no bytes") }
        if data.starts(with: [0xFF, 0xD8]) {
            self = try JPEG.decode(data)
        } else if data.starts(with: PNG.signature) {
            self = try PNG.decode(data)
        } else {
            throw DataError(
                .unrecognized, Self.unnamed, "neither JPEG nor PNG",
                remedy: "Convert the picture to one of the two")
        }
    }

    /// What errors call a picture that came without a file.
    static let unnamed = "image"

    /// Writes a PNG or JPEG file, by the path's extension (`png`, `jpg`, `jpeg`).
    public func write(to url: URL) throws {
        switch url.pathExtension.lowercased() {
        case "png": try writeFile(pngData(), to: url)
        case "jpg", "jpeg": try writeFile(jpegData(), to: url)
        default:
            throw DataError(
                .unwritable, url.path, "the extension “\(url.pathExtension)” names no known picture format",
                remedy: "Use .png, .jpg or .jpeg")
        }
    }

    /// This picture as PNG: lossless.
    public func pngData() throws -> Data { try PNG.encode(self) }

    /// This picture as baseline JPEG; alpha is dropped.
    ///
    /// - Parameter quality: 1 (smallest) to 100 (best). Chroma is halved in both directions below 90.
    public func jpegData(quality: Int = 90) throws -> Data { try JPEG.encode(self, quality: quality) }

    /// Throws where a header promises more than `maximumPixelCount`.
    static func checkSize(width: Int, height: Int) throws {
        guard width > 0, height > 0 else {
            throw DataError(.corrupt, unnamed, "the header says \(width)×\(height) pixels")
        }
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, count <= maximumPixelCount else {
            throw DataError(
                .tooLarge, unnamed, "\(width)×\(height) pixels, over the limit of \(maximumPixelCount)",
                remedy: "Scale the picture down first")
        }
    }
}
