import Foundation

/// The one thing that pixels need from a camera's metadata: which way is up.
///
/// Reference: CIPA DC-008 (Exif 2.32), 4.6.4 A, tag 274.
enum EXIF {
    /// Where the first row and column of the stored pixels belong in the picture as it is meant to be seen.
    enum Orientation: UInt16 {
        case upright = 1, mirrored, upsideDown, mirroredUpsideDown
        case transposed, clockwise, transversed, counterclockwise
    }

    /// The orientation that a JPEG's metadata gives; `upright` where it is absent or broken.
    static func orientation(inJPEG data: Data) -> Orientation {
        guard let tiff = tiffBlock(inJPEG: data) else { return .upright }
        return orientation(inTIFF: tiff) ?? .upright
    }

    /// The contents of the APP1 segment that begins with "Exif\0\0".
    private static func tiffBlock(inJPEG data: Data) -> [UInt8]? {
        let bytes = [UInt8](data.prefix(1 << 17))  // metadata comes first
        var position = 2
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if marker == 0xDA || marker == 0xD9 { return nil }  // pixels begin: no metadata
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            let end = position + 2 + length
            guard length >= 2, end <= bytes.count else { return nil }
            let body = bytes[(position + 4)..<end]
            if marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) { return Array(body.dropFirst(6)) }
            position = end
        }
        return nil
    }

    private static func orientation(inTIFF bytes: [UInt8]) -> Orientation? {
        guard bytes.count >= 8 else { return nil }
        let isLittleEndian = bytes[0] == UInt8(ascii: "I")
        func read(_ offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset + count <= bytes.count else { return nil }
            let field = bytes[offset..<(offset + count)]
            let bigEndianFirst = isLittleEndian ? Array(field.reversed()) : Array(field)
            return bigEndianFirst.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = read(4, 4), let entryCount = read(directory, 2) else { return nil }
        for entry in 0..<entryCount {
            let offset = directory + 2 + 12 * entry
            guard let tag = read(offset, 2) else { return nil }
            if tag == 0x0112 { return read(offset + 8, 2).flatMap { Orientation(rawValue: UInt16($0)) } }
        }
        return nil
    }
}

extension Image {
    /// The picture turned the way its metadata says it should be seen.
    func oriented(_ orientation: EXIF.Orientation) -> Image {
        // Each case: does the result swap axes, and from which stored (y, x) does its pixel come.
        let (h, w) = (height, width)
        switch orientation {
        case .upright: return self
        case .mirrored: return rearranged(swapsAxes: false) { ($0, w - 1 - $1) }
        case .upsideDown: return rearranged(swapsAxes: false) { (h - 1 - $0, w - 1 - $1) }
        case .mirroredUpsideDown: return rearranged(swapsAxes: false) { (h - 1 - $0, $1) }
        case .transposed: return rearranged(swapsAxes: true) { ($1, $0) }
        case .clockwise: return rearranged(swapsAxes: true) { (h - 1 - $1, $0) }
        case .transversed: return rearranged(swapsAxes: true) { (h - 1 - $1, w - 1 - $0) }
        case .counterclockwise: return rearranged(swapsAxes: true) { ($1, w - 1 - $0) }
        }
    }

    private func rearranged(swapsAxes: Bool, _ source: (_ y: Int, _ x: Int) -> (y: Int, x: Int)) -> Image {
        let (newHeight, newWidth) = swapsAxes ? (width, height) : (height, width)
        var result = [UInt8]()
        result.reserveCapacity(pixels.count)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                let from = source(y, x)
                let start = (from.y * width + from.x) * channels
                result.append(contentsOf: pixels[start..<(start + channels)])
            }
        }
        return Image(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }
}
