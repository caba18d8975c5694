import ApusData
import Foundation

extension Report.Section {
    // MARK: Charts

    /// Charts with their titles, side by side where there is room.
    public static func charts(_ title: String, introduction: String = "", _ charts: [any Chart]) -> Self {
        Self(title, introduction: introduction, body: "<div class=\"charts\">\(charts.map { figure($0) })</div>")
    }

    /// One chart.
    public static func chart(_ title: String, introduction: String = "", _ chart: any Chart) -> Self {
        Self(title, introduction: introduction, body: figure(chart, style: "single"))
    }

    private static func figure(_ chart: any Chart, style: String = "") -> Markup {
        let summary: Markup = chart.summary.isEmpty ? "" : "<span>\(chart.summary)</span>"
        return "<figure class=\"\(style)\"><figcaption>\(chart.title)\(summary)</figcaption>\(chart.svg)</figure>"
    }

    // MARK: Tables and facts

    /// A table. Columns whose cells are all numbers are aligned to the right.
    public static func table(_ title: String, introduction: String = "", _ table: Report.Table) -> Self {
        Self(title, introduction: introduction, body: table.markup)
    }

    /// Names and what they stand for: settings, versions, provenance.
    public static func facts(_ title: String, introduction: String = "", _ facts: [(name: String, value: String)])
        -> Self
    {
        Self(title, introduction: introduction, body: Report.facts(facts))
    }

    /// Text as it is, in a type of one width.
    public static func listing(_ title: String, introduction: String = "", _ text: String) -> Self {
        Self(title, introduction: introduction, body: "<pre>\(text)</pre>")
    }

    // MARK: Pictures

    /// Groups of pictures, each with its title, such as the surest right predictions and the surest wrong ones.
    ///
    /// - Parameter isWide: whether two or three fill a row, rather than many small ones.
    public static func pictures(
        _ title: String, introduction: String = "", _ groups: [(title: String, pictures: [Report.Picture])],
        isWide: Bool = false
    ) -> Self {
        let body = groups.map { group -> Markup in
            let items = group.pictures.map(\.markup)
            let head: Markup = group.title.isEmpty ? "" : "<h3>\(group.title)</h3>"
            return "\(head)<ul class=\"pictures\(isWide ? " wide" : "")\">\(items)</ul>"
        }
        return Self(title, introduction: introduction, body: "\(body)")
    }

    /// Large pictures one under the other, such as grids of samples; their pixels stay sharp.
    public static func panels(_ title: String, introduction: String = "", _ pictures: [Report.Picture]) -> Self {
        let panels = pictures.map { picture -> Markup in
            let head: Markup = picture.title.isEmpty ? "" : "<h3>\(picture.title)</h3>"
            let note: Markup = picture.detail.isEmpty ? "" : "<p class=\"intro\">\(picture.detail)</p>"
            return """
                \(head)\(note)<img class="panel" alt="\(picture.alternative)" \
                src="data:image/png;base64,\(picture.png.base64EncodedString())"/>
                """
        }
        return Self(title, introduction: introduction, body: "\(panels)")
    }
}

extension Report {
    static func facts(_ facts: [(name: String, value: String)]) -> Markup {
        "<dl class=\"facts\">\(facts.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>" as Markup })</dl>"
    }

    /// Rows under a head, and a last line that sums them up.
    public struct Table: Hashable, Sendable {
        /// The columns' names.
        public var head: [String]
        /// Cells by row; each row has as many as the head.
        public var rows: [[String]]
        /// The last line, such as totals; empty for none.
        public var foot: [String]

        public init(head: [String], rows: [[String]], foot: [String] = []) {
            precondition(
                rows.allSatisfy { $0.count == head.count } && (foot.isEmpty || foot.count == head.count),
                "Report.Table: rows of \(Set(rows.map(\.count)).sorted()) cells under a head of \(head.count)")
            self.head = head
            self.rows = rows
            self.foot = foot
        }

        package var markup: Markup {
            let isNumeric = head.indices.map { column in column > 0 && rows.allSatisfy { Self.isNumber($0[column]) } }
            func cells(_ texts: [String], _ tag: Markup, firstTag: Markup, scope: Markup) -> Markup {
                let cells = texts.enumerated().map { column, text -> Markup in
                    let name = column == 0 ? firstTag : tag
                    let style: Markup = isNumeric[column] ? " class=\"number\"" : ""
                    return "<\(name)\(style)\(column == 0 ? scope : "")>\(text)</\(name)>"
                }
                return "<tr>\(cells)</tr>"
            }
            let body = rows.map { cells($0, "td", firstTag: "th", scope: " scope=\"row\"") }
            let last = cells(foot, "td", firstTag: "th", scope: " scope=\"row\"")
            return """
                <div class="scroll"><table><thead>\(cells(head, "th", firstTag: "th", scope: ""))</thead>\
                <tbody>\(body)</tbody>\(foot.isEmpty ? "" : "<tfoot>\(last)</tfoot>" as Markup)</table></div>
                """
        }

        /// Whether a cell reads as a number, units included: `92.4 %`, `1,234`, `−0.3`, `12.3k`, `–` for none.
        private static func isNumber(_ text: String) -> Bool {
            guard let first = text.first else { return true }
            return text == "–" || text == "NaN" || first.isNumber || ("-−+∞".contains(first) && text.count > 1)
        }
    }

    /// A picture with what is said of it.
    public struct Picture: Hashable, Sendable {
        /// The picture as a PNG file.
        public var png: Data
        /// What the picture shows, for those who cannot see it.
        public var alternative: String
        /// What is written under the picture; nothing by default.
        public var title: String
        /// A second line under the title; nothing by default.
        public var detail: String
        /// Whether what the picture shows went well; nil by default, for no judgement.
        public var verdict: Verdict?
        /// Shares of 1 drawn as small bars, such as the likeliest classes.
        public var shares: [Share]

        /// A named share of 1.
        public struct Share: Hashable, Sendable {
            /// What it is a share for, such as a class.
            public var name: String
            /// From 0 to 1.
            public var value: Double

            public init(_ name: String, _ value: Double) {
                self.name = name
                self.value = value
            }
        }

        public init(
            png: Data, alternative: String, title: String = "", detail: String = "", verdict: Verdict? = nil,
            shares: [Share] = []
        ) {
            self.png = png
            self.alternative = alternative
            self.title = title
            self.detail = detail
            self.verdict = verdict
            self.shares = shares
        }

        public init(
            _ image: Image, alternative: String, title: String = "", detail: String = "", verdict: Verdict? = nil,
            shares: [Share] = []
        ) throws {
            self.init(
                png: try image.pngData(), alternative: alternative, title: title, detail: detail, verdict: verdict,
                shares: shares)
        }

        /// Small pictures are enlarged with hard pixels rather than blurred.
        private var isSmall: Bool {
            // A PNG's width lies in bytes 16 to 19, the most significant first.
            png.count >= 20 && png.dropFirst(16).prefix(4).reduce(0) { $0 << 8 | Int($1) } <= 96
        }

        package var markup: Markup {
            let bars = shares.map { share -> Markup in
                let width = max(0, min(1, share.value)) * 100
                return """
                    <dt><i style="width:\(width)%"></i>\(share.name)</dt><dd>\(String(format: "%.0f %%", width))</dd>
                    """
            }
            let heading: Markup = title.isEmpty ? "" : "<p class=\"title \(verdict?.rawValue ?? "")\">\(title)</p>"
            let note: Markup = detail.isEmpty ? "" : "<p class=\"detail\">\(detail)</p>"
            return """
                <li><img class="\(isSmall ? "small" : "")" alt="\(alternative)" \
                src="data:image/png;base64,\(png.base64EncodedString())"/>\(heading)\(note)\
                \(bars.isEmpty ? "" : "<dl class=\"shares\">\(bars)</dl>" as Markup)</li>
                """
        }
    }
}
