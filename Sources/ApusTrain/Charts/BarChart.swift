/// Horizontal bars with a name each, one or more to a category: a score by class, a model beside its baseline.
public struct BarChart: Chart {
    /// Bars of one colour, one to a category.
    public struct Series: Hashable, Sendable {
        /// What the legend calls it.
        public var name: String
        /// One for each category; what is not finite has no bar.
        public var values: [Double]

        public init(_ name: String, _ values: [Double]) {
            self.name = name
            self.values = values
        }
    }

    /// What the chart shows, in a few words.
    public var title: String
    /// What there is to see, in a sentence.
    public var summary: String
    /// The axis of the values, which always shows 0.
    public var axis: Axis
    /// Names of the rows, from top to bottom.
    public var categories: [String]
    /// The bars of each row, from top to bottom; a legend names them where there are several.
    public var series: [Series]
    /// In pixels; 520 by default.
    public var width: Double

    public init(
        _ title: String, summary: String = "", axis: Axis = Axis(range: 0...0), categories: [String], series: [Series],
        width: Double = 520
    ) {
        precondition(
            series.allSatisfy { $0.values.count == categories.count },
            "BarChart: \(series.map(\.values.count)) values for \(categories.count) categories")
        self.title = title
        self.summary = summary
        self.axis = axis
        self.categories = categories
        self.series = series
        self.width = width
    }

    private static let thickness = 14.0
    private var hasLegend: Bool { series.count > 1 }
    private var rowHeight: Double { Double(series.count) * (Self.thickness + 2) + 10 }
    private var top: Double { hasLegend ? 30 : 4 }

    /// In pixels, as much as the rows need.
    public var height: Double { top + Double(categories.count) * rowHeight + 4 }

    /// The rows, and a legend over them where there are several series.
    public var drawing: Markup {
        let values = series.flatMap(\.values)
        let fitted = FittedAxis(axis, values: values + [0], tickCount: 5)
        let left = min(width * 0.35, (categories.map { textWidth($0) }.max() ?? 0) + 12)
        let right = width - (values.map { textWidth(valueText($0)) }.max() ?? 0) - 10
        let rows = categories.enumerated().map { index, category -> Markup in
            let start = top + Double(index) * rowHeight + 5
            let middle = start + (rowHeight - 10) / 2 + 4
            let bars = series.enumerated().map { number, series in
                bar(
                    series.values[index], name: series.name, color: number % Theme.seriesCount,
                    y: start + Double(number) * (Self.thickness + 2), left: left, right: right, fitted)
            }
            let name = ApusTrain.fitted(category, width: left - 12)
            return "<text class=\"tick end\" x=\"\(left - 8)\" y=\"\(middle)\">\(name)</text>\(bars)"
        }
        return "\(rows)\(hasLegend ? legend(left: left) : "")"
    }

    private func bar(
        _ value: Double, name: String, color: Int, y: Double, left: Double, right: Double, _ fitted: FittedAxis
    ) -> Markup {
        guard let end = fitted.position(value), let zero = fitted.position(0) else { return "" }
        let (start, stop) = (left + min(zero, end) * (right - left), left + max(zero, end) * (right - left))
        return """
            <rect class="column fill-\(color)" x="\(start)" y="\(y)" width="\(max(1, stop - start))" \
            height="\(Self.thickness)" rx="2"><title>\(name) \(valueText(value))</title></rect>\
            <text class="value" x="\(stop + 6)" y="\(y + Self.thickness - 3)">\(valueText(value))</text>
            """
    }

    private func valueText(_ value: Double) -> String {
        axis.style == .percent ? Format.percent(value) : Format.number(value)
    }

    private func legend(left: Double) -> Markup {
        var place = left
        let entries = series.enumerated().map { number, series -> Markup in
            defer { place += 18 + textWidth(series.name) + 18 }
            return """
                <rect class="fill-\(number % Theme.seriesCount)" x="\(place)" y="5" width="11" height="11" rx="2"/>\
                <text class="tick" x="\(place + 18)" y="15">\(series.name)</text>
                """
        }
        return "\(entries)"
    }
}
