/// One line that says how far some work is: `Epoch 2/5 ━━━━━━╸───── 54% 1.2k images/s 0:12 left loss 0.3121`.
package struct ProgressLine: Sendable {
    package var label: String
    /// From 0 to 1, or nil where the end is not known.
    package var fraction: Double?
    /// How much is done, in words: `120/234`.
    package var amount: String
    package var rate: String?
    package var secondsLeft: Double?
    package var metrics: [(name: String, value: Double)] = []

    package init(
        label: String, fraction: Double?, amount: String, rate: String? = nil, secondsLeft: Double? = nil,
        metrics: [(name: String, value: Double)] = []
    ) {
        self.label = label
        self.fraction = fraction
        self.amount = amount
        self.rate = rate
        self.secondsLeft = secondsLeft
        self.metrics = metrics
    }

    private static let widestBar = 40
    private static let narrowestBar = 8

    /// The line for a terminal of `width` columns; what doesn't fit is left out from the end, the bar shrinks first.
    package func rendered(width: Int, color: Bool, unicode: Bool) -> String {
        let percent = fraction.map { "\(Int(($0 * 100).rounded(.down)))%" } ?? amount
        var parts = [percent, rate, timeLeft].compactMap { $0 } + metricTexts
        // A full last column would make some terminals wrap.
        let room = width - 1 - label.count - 1
        func barWidth() -> Int { room - parts.reduce(0) { $0 + 1 + $1.count } }
        while parts.count > 1, barWidth() < Self.narrowestBar { parts.removeLast() }

        let size = min(Self.widestBar, barWidth())
        var pieces = [Piece(label, .bold)]
        if let fraction, size >= Self.narrowestBar {
            pieces += bar(fraction, size: size, unicode: unicode)
        }
        pieces += parts.enumerated().map {
            Piece($1, $0 == 0 ? .plain : $0 < parts.count - metricTexts.count ? .dim : .plain)
        }
        return fitted(pieces, columns: width - 1, color: color)
    }

    /// The line for a file or a pipe.
    package func plain() -> String {
        let percent = fraction.map { "\(Int(($0 * 100).rounded(.down)))% (\(amount))" } ?? amount
        return ([label, percent] + [rate, timeLeft].compactMap { $0 } + metricTexts).joined(separator: "  ")
    }

    private var timeLeft: String? { secondsLeft.map { "\(Format.clock($0)) left" } }

    private var metricTexts: [String] { metrics.map { "\($0.name) \(Format.number($0.value))" } }

    // MARK: Pieces

    private enum Style: String {
        case plain = ""
        case bold = "1"
        case dim = "2"
        case done = "36"
    }

    private struct Piece {
        var text: String
        var style: Style
        /// Whether it touches the piece before.
        var isJoined: Bool

        init(_ text: String, _ style: Style, isJoined: Bool = false) {
            self.text = text
            self.style = style
            self.isJoined = isJoined
        }
    }

    /// The done part in halves of a column, then the rest.
    private func bar(_ fraction: Double, size: Int, unicode: Bool) -> [Piece] {
        let halves = Int((min(1, max(0, fraction)) * Double(2 * size)).rounded(.down))
        var done = String(repeating: unicode ? "━" : "=", count: halves / 2)
        if halves % 2 == 1 { done += unicode ? "╸" : ">" }
        let rest = String(repeating: unicode ? "─" : ".", count: size - done.count)
        return [Piece(done, .done), Piece(rest, .dim, isJoined: true)]
    }

    private func fitted(_ pieces: [Piece], columns: Int, color: Bool) -> String {
        var line = ""
        var left = max(0, columns)
        for (index, piece) in pieces.enumerated() where left > 0 {
            let gap = index == 0 || piece.isJoined ? "" : " "
            let text = String((gap + piece.text).prefix(left))
            left -= text.count
            line += color && piece.style != .plain ? "\u{1B}[\(piece.style.rawValue)m\(text)\u{1B}[0m" : text
        }
        return line
    }
}
