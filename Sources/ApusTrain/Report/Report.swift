import ApusIO
import Foundation

/// A page about a run: one HTML file that needs no other, light or dark as the reader's system is, and fit to print.
///
/// ```swift
/// var report = Report(title: "Image classification", subtitle: "ResNet on Fashion-MNIST")
/// report.headline = [.init("Accuracy", "92.4 %", note: "baseline 84.1 %", verdict: .good)]
/// report.sections = [.charts("Learning curves", charts), .confusionMatrix(matrix, classes: names), .machine(.current())]
/// try report.write(to: url)
/// ```
public struct Report: Sendable {
    /// The page's title.
    public var title: String
    /// A line under the title; nothing by default.
    public var subtitle: String
    /// The few figures that matter, in large type.
    public var headline: [Figure] = []
    /// The page's parts, from top to bottom.
    public var sections: [Section] = []

    public init(title: String, subtitle: String = "") {
        self.title = title
        self.subtitle = subtitle
    }

    /// Whether something is as one wishes; it gives the colour.
    public enum Verdict: String, Hashable, Sendable {
        case good, bad
    }

    /// A number that matters, in large type.
    public struct Figure: Hashable, Sendable {
        /// What the number measures.
        public var name: String
        /// The number as people read it, with its unit.
        public var value: String
        /// What to compare it with; nothing by default.
        public var note: String
        /// Whether the number is good; nil by default, for no judgement.
        public var verdict: Verdict?

        public init(_ name: String, _ value: String, note: String = "", verdict: Verdict? = nil) {
            self.name = name
            self.value = value
            self.note = note
            self.verdict = verdict
        }
    }

    /// A titled part of the page.
    public struct Section: Hashable, Sendable {
        /// The part's heading.
        public var title: String
        /// A sentence or two on what is to be seen.
        public var introduction: String
        /// What the part shows, under its heading and introduction.
        public var body: Markup

        public init(_ title: String, introduction: String = "", body: Markup) {
            self.title = title
            self.introduction = introduction
            self.body = body
        }
    }

    /// The whole page, well-formed XML as well as HTML.
    public var html: String {
        let anchors = sections.indices.map { "section-\($0 + 1)" }
        let links = zip(anchors, sections).map { "<a href=\"\("#" + $0)\">\($1.title)</a>" as Markup }
        let parts = zip(anchors, sections).map { anchor, section -> Markup in
            let introduction: Markup =
                section.introduction.isEmpty ? "" : "<p class=\"intro\">\(section.introduction)</p>"
            return """
                <section id="\(anchor)" aria-labelledby="\(anchor)-title">\
                <h2 id="\(anchor)-title">\(section.title)</h2>\(introduction)\(section.body)</section>

                """
        }
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/><title>\(title)</title>
            <style>
            \(Markup(raw: Theme.css + Theme.chartCSS + Self.css))</style></head>
            <body><header><p class="eyebrow">\(Self.mark)Apus</p><h1>\(title)</h1>\(subtitleMarkup)\(headlineMarkup)
            <nav aria-label="Sections">\(links)</nav></header>
            <main>
            \(parts)</main></body></html>

            """
        return page.description
    }

    /// Writes the page, whole or not at all.
    ///
    /// - Throws: `FileError` if it cannot be written.
    public func write(to url: URL) throws { try AtomicFile.write(html, to: url) }

    private var subtitleMarkup: Markup { subtitle.isEmpty ? "" : "<p class=\"subtitle\">\(subtitle)</p>" }

    private var headlineMarkup: Markup {
        let figures = headline.map { figure -> Markup in
            let note: Markup =
                figure.note.isEmpty
                ? "" : "<span class=\"note \(figure.verdict?.rawValue ?? "")\">\(figure.note)</span>"
            return "<div class=\"figure\"><dt>\(figure.name)</dt><dd>\(figure.value)\(note)</dd></div>"
        }
        return figures.isEmpty ? "" : "<dl class=\"headline\">\(figures)</dl>"
    }

    /// A swift in flight.
    private static let mark: Markup = """
        <svg viewBox="0 0 32 20" width="26" height="16" aria-hidden="true"><path fill="currentColor" \
        d="M1 3c6 1 10.500 3 13 6.500C15 7 17 5.500 19 5.500c1.300 0 2.300.4 3 1L25 7l-2.700 1.200C24.500 8 28 6 31 1c-.5 \
        6.500-4.500 10.500-9.500 11.500-1 2.500-3.500 4.500-7.500 6.500 1-2 1.500-3.500 1.200-5.500C10.500 12.500 5 9.500 1 3z"/></svg>
        """
}
