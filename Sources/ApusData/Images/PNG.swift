import CPNG
import Foundation

/// PNG through libpng's simplified interface, which turns every kind (palette, 1 to 16 bits, interlaced) into 8-bit
/// channels.
enum PNG {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func decode(_ data: Data) throws -> Image {
        try data.withUnsafeBytes { bytes in
            var header = png_image()
            header.version = png_uint_32(PNG_IMAGE_VERSION)
            defer { png_image_free(&header) }
            guard png_image_begin_read_from_memory(&header, bytes.baseAddress, bytes.count) != 0 else {
                throw failure(header)
            }
            let (width, height) = (Int(header.width), Int(header.height))
            try Image.checkSize(width: width, height: height)

            let format = Format(closestTo: header.format)
            // 16-bit files without a gamma are pictures as any other, not linear light.
            header.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
            header.format = format.code
            var pixels = [UInt8](repeating: 0, count: width * height * format.storedChannels)
            let read = pixels.withUnsafeMutableBufferPointer {
                png_image_finish_read(&header, nil, $0.baseAddress, 0, nil)
            }
            guard read != 0 else { throw failure(header) }
            if format == .grayWithAlpha { pixels = rgba(fromGrayWithAlpha: pixels) }
            return Image(width: width, height: height, channels: format.channels, pixels: pixels)
        }
    }

    static func encode(_ image: Image) throws -> Data {
        var header = png_image()
        header.version = png_uint_32(PNG_IMAGE_VERSION)
        header.width = png_uint_32(image.width)
        header.height = png_uint_32(image.height)
        header.format = Format(channels: image.channels).code
        defer { png_image_free(&header) }

        // Incompressible rows cost a filter byte each and 5 bytes a deflate block; the rest is chunks' framing.
        let raw = image.pixels.count + image.height
        var output = [UInt8](repeating: 0, count: raw + raw / 512 + 4096)
        var length = png_alloc_size_t(output.count)
        let written = image.pixels.withUnsafeBufferPointer { pixels in
            output.withUnsafeMutableBytes { output in
                png_image_write_to_memory(&header, output.baseAddress, &length, 0, pixels.baseAddress, 0, nil)
            }
        }
        guard written != 0 else { throw failure(header) }
        return Data(output.prefix(Int(length)))
    }

    private enum Format {
        case gray, grayWithAlpha, rgb, rgba

        init(closestTo code: png_uint_32) {
            let isColor = code & UInt32(PNG_FORMAT_FLAG_COLOR) != 0
            let hasAlpha = code & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0
            self = isColor ? (hasAlpha ? .rgba : .rgb) : (hasAlpha ? .grayWithAlpha : .gray)
        }

        init(channels: Int) { self = channels == 1 ? .gray : channels == 3 ? .rgb : .rgba }

        var code: png_uint_32 {
            let alpha = UInt32(PNG_FORMAT_FLAG_ALPHA)
            let color = UInt32(PNG_FORMAT_FLAG_COLOR)
            switch self {
            case .gray: return 0
            case .grayWithAlpha: return alpha
            case .rgb: return color
            case .rgba: return color | alpha
            }
        }

        var storedChannels: Int {
            switch self {
            case .gray: 1
            case .grayWithAlpha: 2
            case .rgb: 3
            case .rgba: 4
            }
        }

        /// An `Image` has no two-channel form, so gray with alpha becomes colour with alpha.
        var channels: Int { self == .grayWithAlpha ? 4 : storedChannels }
    }

    private static func rgba(fromGrayWithAlpha pixels: [UInt8]) -> [UInt8] {
        var result = [UInt8]()
        result.reserveCapacity(pixels.count * 2)
        for i in stride(from: 0, to: pixels.count, by: 2) {
            let gray = pixels[i]
            result.append(contentsOf: [gray, gray, gray, pixels[i + 1]])
        }
        return result
    }

    private static func failure(_ header: png_image) -> DataError {
        let message = withUnsafeBytes(of: header.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let text = message.lowercased()
        if text.contains("read beyond end") || text.contains("not enough") || text.contains("truncated") {
            return DataError(
                .truncated, Image.unnamed, "the PNG ends too early (\(message))", remedy: "Fetch or copy it again")
        }
        return DataError(.corrupt, Image.unnamed, "the PNG can't be used (\(message))")
    }
}
