import Foundation

/// Points, lines and columns over two numeric axes: learning curves, ROC curves, scatter plots, histograms.
public struct Plot: Chart {
    /// What the chart shows, in a few words.
    public var title: String
    /// What there is to see, in a sentence.
    public var summary: String
    /// The horizontal axis.
    public var x: Axis
    /// The vertical axis.
    public var y: Axis
    /// What is drawn: columns lie behind lines, lines behind points.
    public var series: [Series]
    /// Dashed lines to compare with; none by default.
    public var rules: [Rule]
    /// In pixels; 520 by default.
    public var width: Double
    /// In pixels; 280 by default.
    public var height: Double

    /// A place in the axes' units.
    public struct Point: Hashable, Sendable {
        /// Along the horizontal axis.
        public var x: Double
        /// Along the vertical axis.
        public var y: Double

        public init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// How a series is drawn.
    public enum Style: Hashable, Sendable {
        case line
        /// A line without emphasis, such as what another one smooths.
        case faintLine
        case points
        /// From 0 up to each point, as wide as the points are apart.
        case columns
        /// The area between the first half of the points and the second, which come in the same order: an interval around a line.
        case band
    }

    /// Points that belong together, in one colour.
    public struct Series: Hashable, Sendable {
        /// What the legend calls it.
        public var name: String
        /// In the order in which a line joins them.
        public var points: [Point]
        /// A line by default.
        public var style: Style
        /// Which of the theme's colours; by default the next.
        public var color: Int?
        /// What is written beside each point where there is room, such as a word; nothing by default.
        public var labels: [String]

        /// Points that are not finite leave a gap.
        public init(
            _ name: String, _ points: [Point], style: Style = .line, color: Int? = nil, labels: [String] = []
        ) {
            precondition(
                labels.isEmpty || labels.count == points.count,
                "Plot.Series: \(labels.count) labels for \(points.count) points")
            self.name = name
            self.points = points
            self.style = style
            self.color = color
            self.labels = labels
        }

        /// Values at 1, 2, 3 ….
        public init(_ name: String, values: [Double], style: Style = .line, color: Int? = nil) {
            let points = values.enumerated().map { Point(Double($0 + 1), $1) }
            self.init(name, points, style: style, color: color)
        }
    }

    /// A dashed line across the plot to compare with, such as a baseline.
    public struct Rule: Hashable, Sendable {
        /// What is written at the line.
        public var label: String
        /// Where the line crosses the vertical axis, in that axis's units.
        public var y: Double

        public init(_ label: String, y: Double) {
            self.label = label
            self.y = y
        }
    }

    public init(
        _ title: String, summary: String = "", x: Axis = Axis(), y: Axis = Axis(), series: [Series], rules: [Rule] = [],
        width: Double = 520, height: Double = 280
    ) {
        self.title = title
        self.summary = summary
        self.x = x
        self.y = y
        self.series = series
        self.rules = rules
        self.width = width
        self.height = height
    }

    /// The axes, series and rules in SVG.
    public var drawing: Markup { PlotDrawing(self).markup }
}

extension Plot.Series {
    /// The points' exponential moving average, forwards and backwards so that it doesn't lag, which keeps noise from hiding
    /// the course.
    ///
    /// - Parameter window: about how many points are averaged.
    public func smoothed(window: Double) -> Plot.Series {
        var result = self
        result.labels = []
        let finite = points.filter(\.y.isFinite)
        let keep = 1 - 2 / (max(1, window) + 1)
        let forwards = Self.decayingSums(finite.map(\.y), keep: keep)
        let backwards = Self.decayingSums(finite.reversed().map(\.y), keep: keep).reversed()
        result.points = zip(finite, zip(forwards, backwards)).map { point, sums in
            // Both sums hold the point itself.
            let sum = sums.0.sum + sums.1.sum - point.y
            return Plot.Point(point.x, sum / (sums.0.weight + sums.1.weight - 1))
        }
        return result
    }

    /// `Σ keepⁿ⁻ⁱ vᵢ` up to each value, and the sum of the weights.
    private static func decayingSums(_ values: [Double], keep: Double) -> [(sum: Double, weight: Double)] {
        var total = (sum: 0.0, weight: 0.0)
        return values.map { value in
            total = (total.sum * keep + value, total.weight * keep + 1)
            return total
        }
    }

    /// At most four points for each of `columns` places along x, which draw the same line: first, least, greatest, last.
    package func thinned(columns: Int) -> Plot.Series {
        guard style != .points, style != .band, labels.isEmpty, points.count > 4 * columns, let first = points.first,
            let last = points.last,
            last.x > first.x
        else { return self }
        var result = self
        let groups = Dictionary(grouping: points.indices) { index in
            Int((points[index].x - first.x) / (last.x - first.x) * Double(columns))
        }
        let kept = groups.values.flatMap { group -> [Int] in
            let finite = group.filter { points[$0].y.isFinite }
            let extremes = [finite.min { points[$0].y < points[$1].y }, finite.max { points[$0].y < points[$1].y }]
            return [group.first, group.last].compactMap { $0 } + extremes.compactMap { $0 }
        }
        result.points = Set(kept).sorted().map { points[$0] }
        return result
    }
}
