import ApusData

/// Pictures of one size side by side, row under row, as one picture.
public struct PictureGrid: Sendable {
    /// Pictures row by row; a row may be shorter than others.
    public var rows: [[Image]]
    /// Pixels between pictures, before they are enlarged.
    public var gap: Int
    /// How many times each pixel is repeated in both directions.
    public var scale: Int
    /// What is seen between pictures, from 0 to 255.
    public var ground: UInt8

    public init(_ rows: [[Image]], gap: Int = 2, scale: Int = 1, ground: UInt8 = 255) {
        precondition(gap >= 0 && scale >= 1, "PictureGrid: a gap of \(gap) and a scale of \(scale)")
        self.rows = rows
        self.gap = gap
        self.scale = scale
        self.ground = ground
    }

    /// A flat list in rows of `columns`.
    public init(_ pictures: [Image], columns: Int, gap: Int = 2, scale: Int = 1) {
        precondition(columns >= 1, "PictureGrid: \(columns) columns")
        let rows = stride(from: 0, to: pictures.count, by: columns).map {
            Array(pictures[$0..<min($0 + columns, pictures.count)])
        }
        self.init(rows, gap: gap, scale: scale)
    }

    /// Traps where there are no pictures, or pictures of different sizes.
    public var image: Image {
        guard let first = rows.lazy.flatMap(\.self).first else { preconditionFailure("PictureGrid: no pictures") }
        let (height, width) = (first.height + gap, first.width + gap)
        let columns = rows.map(\.count).max()!
        var result = Image(
            width: (columns * width - gap) * scale, height: (rows.count * height - gap) * scale,
            filledWith: [UInt8](repeating: ground, count: first.channels))
        for (row, pictures) in rows.enumerated() {
            for (column, picture) in pictures.enumerated() {
                precondition(
                    picture.height == first.height && picture.width == first.width
                        && picture.channels == first.channels,
                    "PictureGrid: \(picture) beside \(first)")
                result.draw(picture, top: row * height * scale, left: column * width * scale, scale: scale)
            }
        }
        return result
    }
}

extension Image {
    /// Writes a picture over a part of this one, each pixel as a square of `scale`.
    fileprivate mutating func draw(_ other: Image, top: Int, left: Int, scale: Int) {
        for y in 0..<(other.height * scale) {
            for x in 0..<(other.width * scale) {
                for c in 0..<channels { self[top + y, left + x, c] = other[y / scale, x / scale, c] }
            }
        }
    }
}
