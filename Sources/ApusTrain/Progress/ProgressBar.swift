import Foundation

/// Shows how far some work is, on one line that is written over; where nobody is looking, as a plain line every few
/// seconds.
///
/// Time left comes from the rate of the last seconds. The terminal's cursor is hidden while the bar is drawn and comes
/// back with `finish()`, at the latest when the process exits.
public final class ProgressBar {
    /// What is going on, written before the bar.
    public var label: String
    /// What is counted: `images`, `steps`, `bytes`.
    public let unit: String
    /// How many there are in all; nil where that is not known.
    public var total: Int?

    private let screen: Screen
    private let interval: Double
    private var completed = 0
    private var metrics: [(name: String, value: Double)] = []
    private var speed: Speed
    private var statedRate: (value: Double, unit: String)?
    private var lastDrawn = -Double.infinity
    private var isDrawn = false

    /// Where the bar is drawn and what time it is; tests have their own.
    package struct Screen {
        package var isInteractive: Bool
        package var hasColor: Bool
        package var hasUnicode: Bool
        package var width: () -> Int
        package var write: (String) -> Void
        package var now: () -> Double

        package init(
            isInteractive: Bool, hasColor: Bool, hasUnicode: Bool, width: @escaping () -> Int,
            write: @escaping (String) -> Void, now: @escaping () -> Double
        ) {
            self.isInteractive = isInteractive
            self.hasColor = hasColor
            self.hasUnicode = hasUnicode
            self.width = width
            self.write = write
            self.now = now
        }

        init(_ terminal: Terminal) {
            self.init(
                isInteractive: terminal.isInteractive, hasColor: terminal.hasColor, hasUnicode: terminal.hasUnicode,
                width: { terminal.width }, write: { terminal.write($0) }, now: { ProcessInfo.processInfo.systemUptime })
        }
    }

    public convenience init(
        _ label: String, total: Int?, unit: String = "steps", terminal: Terminal = Terminal(.standardError)
    ) {
        self.init(label, total: total, unit: unit, screen: Screen(terminal))
    }

    package init(_ label: String, total: Int?, unit: String, screen: Screen) {
        self.label = label
        self.total = total
        self.unit = unit
        self.screen = screen
        interval = screen.isInteractive ? 0.1 : 5
        speed = Speed(start: screen.now())
        if !screen.isInteractive { lastDrawn = screen.now() }
    }

    /// Says how much was done before, which doesn't count as speed.
    public func start(at completed: Int) {
        self.completed = completed
        speed = Speed(start: screen.now(), completed: completed)
    }

    /// Says how much is done. Cheap: the line is drawn at most ten times a second.
    public func update(completed: Int) {
        self.completed = completed
        let now = screen.now()
        guard now - lastDrawn >= interval else { return }
        draw(now)
    }

    /// Metrics to show from now on, in this order.
    public func show(_ metrics: [(name: String, value: Double)]) { self.metrics = metrics }

    /// A rate to show in place of the bar's own.
    public func show(rate: Double, unit: String) { statedRate = (rate, unit) }

    /// Writes a line that stays, above the bar.
    public func print(_ line: String) {
        if screen.isInteractive {
            screen.write("\r\(line)\(Terminal.eraseRest)\n")
            if isDrawn { draw(screen.now()) }
        } else {
            screen.write(line + "\n")
        }
    }

    /// Takes the bar away and gives the cursor back.
    public func finish() {
        guard isDrawn else { return }
        isDrawn = false
        if screen.isInteractive {
            screen.write("\r\(Terminal.eraseRest)\(Terminal.showCursor)")
            CursorGuard.disarm()
        }
    }

    private func draw(_ now: Double) {
        lastDrawn = now
        speed.advance(to: completed, at: now)
        let line = line
        guard screen.isInteractive else {
            isDrawn = true
            return screen.write(line.plain() + "\n")
        }
        let text = line.rendered(width: screen.width(), color: screen.hasColor, unicode: screen.hasUnicode)
        if !isDrawn { CursorGuard.arm() }
        screen.write((isDrawn ? "" : Terminal.hideCursor) + "\r\(text)\(Terminal.eraseRest)")
        isDrawn = true
    }

    private var line: ProgressLine {
        let rate = statedRate ?? speed.perSecond.map { ($0, unit) }
        let left = total.flatMap { total in speed.perSecond.map { Double(max(0, total - completed)) / $0 } }
        return ProgressLine(
            label: label,
            fraction: total.map { $0 > 0 ? min(1, Double(completed) / Double($0)) : 1 },
            amount: total.map { "\(completed)/\($0)" } ?? "\(Format.count(completed)) \(unit)",
            rate: rate.map { "\(Format.short($0.0)) \($0.1)/s" },
            secondsLeft: left, metrics: metrics)
    }
}

/// A rate that forgets what lies more than a few seconds back.
private struct Speed {
    private var time: Double
    private var completed: Int
    private(set) var perSecond: Double?
    private static let memory = 5.0

    init(start: Double, completed: Int = 0) {
        time = start
        self.completed = completed
    }

    mutating func advance(to completed: Int, at now: Double) {
        let elapsed = now - time
        guard elapsed > 0, completed > self.completed else { return }
        let recent = Double(completed - self.completed) / elapsed
        let weight = exp(-elapsed / Self.memory)
        perSecond = perSecond.map { $0 * weight + recent * (1 - weight) } ?? recent
        time = now
        self.completed = completed
    }
}
