import CTurboJPEG
import Foundation

/// JPEG through libjpeg-turbo's TurboJPEG interface.
enum JPEG {
    static func decode(_ data: Data) throws -> Image {
        guard let decompressor = tjInitDecompress() else { throw failure(nil, .toolFailed) }
        defer { tjDestroy(decompressor) }

        var width: Int32 = 0
        var height: Int32 = 0
        var subsampling: Int32 = 0
        var colorspace: Int32 = 0
        let length = UInt(data.count)
        let header = data.withUnsafeBytes { bytes in
            tjDecompressHeader3(
                decompressor, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), length,
                &width, &height, &subsampling, &colorspace)
        }
        guard header == 0 else { throw failure(decompressor, .corrupt) }
        try Image.checkSize(width: Int(width), height: Int(height))

        let layout = Layout(colorspace: colorspace)
        var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * layout.channels)
        let status = data.withUnsafeBytes { bytes in
            pixels.withUnsafeMutableBufferPointer { pixels in
                tjDecompress2(
                    decompressor, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), length,
                    pixels.baseAddress, width, 0, height, layout.format, TJFLAG_LIMITSCANS)
            }
        }
        if status != 0, !isHarmless(decompressor) { throw failure(decompressor, .corrupt) }

        if layout.isCMYK { pixels = rgb(fromInvertedCMYK: pixels) }
        let image = Image(
            width: Int(width), height: Int(height), channels: layout.isCMYK ? 3 : layout.channels, pixels: pixels)
        return image.oriented(EXIF.orientation(inJPEG: data))
    }

    static func encode(_ image: Image, quality: Int) throws -> Data {
        precondition((1...100).contains(quality), "jpegData: quality \(quality) is outside of 1…100")
        guard let compressor = tjInitCompress() else { throw failure(nil, .toolFailed) }
        defer { tjDestroy(compressor) }

        let isGray = image.channels == 1
        let format = isGray ? TJPF_GRAY : image.channels == 4 ? TJPF_RGBA : TJPF_RGB
        let subsampling = isGray ? TJSAMP_GRAY : quality < 90 ? TJSAMP_420 : TJSAMP_444
        var output: UnsafeMutablePointer<UInt8>?
        var length: UInt = 0
        defer { tjFree(output) }
        let status = image.pixels.withUnsafeBufferPointer { pixels in
            tjCompress2(
                compressor, pixels.baseAddress, Int32(image.width), 0, Int32(image.height), Int32(format.rawValue),
                &output, &length, Int32(subsampling.rawValue), Int32(quality), 0)
        }
        guard status == 0, let output else { throw failure(compressor, .toolFailed) }
        return Data(bytes: output, count: Int(length))
    }

    /// How pixels come out of the decoder.
    private struct Layout {
        let format: Int32
        let channels: Int
        let isCMYK: Bool

        init(colorspace: Int32) {
            switch UInt32(bitPattern: colorspace) {
            case TJCS_GRAY.rawValue: (format, channels, isCMYK) = (Int32(TJPF_GRAY.rawValue), 1, false)
            case TJCS_CMYK.rawValue, TJCS_YCCK.rawValue:
                (format, channels, isCMYK) = (Int32(TJPF_CMYK.rawValue), 4, true)
            default: (format, channels, isCMYK) = (Int32(TJPF_RGB.rawValue), 3, false)
            }
        }
    }

    /// Four-colour files are stored inverted, by Adobe's convention, so that ink `C` of a pixel is `255 − c`:
    /// `R = (255 − C)(255 − K) / 255 = c · k / 255`.
    private static func rgb(fromInvertedCMYK pixels: [UInt8]) -> [UInt8] {
        var result = [UInt8]()
        result.reserveCapacity(pixels.count / 4 * 3)
        for i in stride(from: 0, to: pixels.count, by: 4) {
            let black = Int(pixels[i + 3])
            for c in 0..<3 { result.append(UInt8((Int(pixels[i + c]) * black + 127) / 255)) }
        }
        return result
    }

    /// Stray bytes between segments harm no pixel; every other warning means lost data.
    private static func isHarmless(_ handle: tjhandle) -> Bool {
        tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue) && message(handle).contains("extraneous bytes")
    }

    private static func message(_ handle: tjhandle?) -> String { String(cString: tjGetErrorStr2(handle)) }

    private static func failure(_ handle: tjhandle?, _ kind: DataError.Kind) -> DataError {
        let message = message(handle)
        if message.lowercased().contains("premature end") {
            return DataError(
                .truncated, Image.unnamed, "the JPEG ends too early (\(message))", remedy: "Fetch or copy it again")
        }
        return DataError(kind, Image.unnamed, "the JPEG can't be used (\(message))")
    }
}
