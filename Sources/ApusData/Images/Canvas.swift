import Foundation

/// A picture in RGB that is drawn on: filled shapes with smooth edges.
///
/// Coordinates are in pixels from the top left; a pixel's middle lies at a half. What lies outside of the picture is left out.
public struct Canvas {
    /// What is drawn so far.
    public private(set) var image: Image

    /// Red, green, blue.
    public typealias Color = SIMD3<UInt8>
    /// A place in pixels: x to the right, y down.
    public typealias Point = SIMD2<Double>

    /// How many lines of samples a pixel has, each way.
    private static let samples = 4

    public init(width: Int, height: Int, ground: Color) {
        image = Image(width: width, height: height, filledWith: [ground.x, ground.y, ground.z])
    }

    /// On top of a picture.
    public init(_ image: Image) { self.image = image.rgb() }

    /// Fills a polygon; where it crosses itself, the even-odd rule holds.
    public mutating func fill(_ polygon: [Point], _ color: Color) {
        guard polygon.count > 2 else { return }
        let (low, high) = (polygon.map(\.y).min()!, polygon.map(\.y).max()!)
        let rows = max(0, Int(low.rounded(.down)))..<max(0, min(image.height, Int(high.rounded(.up))))
        let edges = Array(zip(polygon, polygon.dropFirst() + polygon.prefix(1)))
        for y in rows {
            // The share of each pixel that is covered, from the crossings of some lines through this row.
            var coverage = [Double](repeating: 0, count: image.width)
            for line in 0..<Self.samples {
                let height = Double(y) + (Double(line) + 0.5) / Double(Self.samples)
                var crossings = edges.compactMap { Self.crossing($0, $1, height) }
                crossings.sort()
                for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                    Self.cover(&coverage, from: crossings[pair], to: crossings[pair + 1])
                }
            }
            for (x, share) in coverage.enumerated() where share > 0 {
                blend(color, x, y, share: min(1, share / Double(Self.samples)))
            }
        }
    }

    /// Where an edge crosses a horizontal line; its lower end belongs to it, its upper one does not.
    private static func crossing(_ a: Point, _ b: Point, _ height: Double) -> Double? {
        guard (a.y <= height) != (b.y <= height) else { return nil }
        return a.x + (height - a.y) / (b.y - a.y) * (b.x - a.x)
    }

    private static func cover(_ coverage: inout [Double], from left: Double, to right: Double) {
        let (left, right) = (max(0, left), min(Double(coverage.count), right))
        guard left < right else { return }
        for x in Int(left)..<min(coverage.count, Int(right.rounded(.up))) {
            coverage[x] += min(right, Double(x + 1)) - max(left, Double(x))
        }
    }

    private mutating func blend(_ color: Color, _ x: Int, _ y: Int, share: Double) {
        for channel in 0..<3 {
            let mixed = Double(image[y, x, channel]) * (1 - share) + Double(color[channel]) * share
            image[y, x, channel] = UInt8(mixed.rounded())
        }
    }
}

// MARK: Shapes

extension Canvas {
    /// Fills an upright rectangle.
    public mutating func fillRectangle(x: Double, y: Double, width: Double, height: Double, _ color: Color) {
        fill([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], color)
    }

    /// Fills a circle.
    public mutating func fillCircle(_ centre: Point, radius: Double, _ color: Color) {
        let corners = max(12, Int(radius * 3))
        let points = (0..<corners).map { corner -> Point in
            let angle = 2 * Double.pi * Double(corner) / Double(corners)
            return centre + radius * Point(cos(angle), sin(angle))
        }
        fill(points, color)
    }

    /// Draws a line of some width from one point to the next.
    public mutating func stroke(_ points: [Point], width: Double, _ color: Color) {
        for (a, b) in zip(points, points.dropFirst()) {
            let along = b - a
            let length = (along.x * along.x + along.y * along.y).squareRoot()
            guard length > 0 else { continue }
            let aside = width / 2 / length * Point(-along.y, along.x)
            fill([a + aside, b + aside, b - aside, a - aside], color)
        }
    }
}
