import ApusIO
import Foundation

/// A drawing of data in SVG.
///
/// Colours are CSS variables, so that a chart in a report follows its light or dark theme; a chart in a file of its own
/// carries them along.
public protocol Chart: Sendable {
    /// What the chart shows, in a few words. Screen readers read it with `summary`.
    var title: String { get }
    /// What there is to see, in a sentence.
    var summary: String { get }
    var width: Double { get }
    var height: Double { get }
    /// The drawing, in a space of `width` by `height`.
    var drawing: Markup { get }
}

extension Chart {
    /// The chart as an element of a page.
    public var svg: Markup {
        """
        <svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
        height="\(height)" role="img" aria-label="\(summary.isEmpty ? title : "\(title): \(summary)")">\(drawing)</svg>
        """
    }

    /// The chart as an SVG file's text.
    public var document: String {
        let svg: Markup = """
            <svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
            height="\(height)" role="img" aria-label="\(title)"><title>\(title)</title>\
            <style>\(Markup(raw: Theme.css + Theme.chartCSS))</style>\
            <rect class="surface" width="\(width)" height="\(height)"/>\(drawing)</svg>
            """
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\(svg)\n"
    }

    /// Writes an SVG file.
    ///
    /// - Throws: `FileError` if it cannot be written.
    public func write(to url: URL) throws { try AtomicFile.write(document, to: url) }
}

/// How wide text is in a chart's font, near enough for laying it out.
func textWidth(_ text: String, size: Double = 12) -> Double {
    text.reduce(0) { width, character in
        let narrow = "iljtfr.,:;!|' ()[]".contains(character)
        let wide = "mwMWOQ%@—━".contains(character)
        let isIdeograph =
            character.unicodeScalars.first.map { $0.value >= 0x1100 && $0.properties.isIdeographic } ?? false
        return width + size * (isIdeograph ? 1 : narrow ? 0.33 : wide ? 0.88 : 0.58)
    }
}

/// `text` cut to `width`, with an ellipsis where something is missing.
func fitted(_ text: String, width: Double, size: Double = 12) -> String {
    if textWidth(text, size: size) <= width { return text }
    var shorter = text
    while !shorter.isEmpty, textWidth(shorter + "…", size: size) > width { shorter.removeLast() }
    return shorter + "…"
}
