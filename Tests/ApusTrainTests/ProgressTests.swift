import Testing

import ApusTrain

/// A screen that remembers what was written to it, and a clock that is set by hand.
private final class Recorder {
    var text = ""
    var time = 0.0
    var width = 80

    func screen(interactive: Bool = true, color: Bool = false) -> ProgressBar.Screen {
        ProgressBar.Screen(
            isInteractive: interactive, hasColor: color, hasUnicode: true, width: { self.width },
            write: { self.text += $0 }, now: { self.time })
    }

    /// What a terminal would show of the last line: without escapes, after the last return.
    var lastLine: String {
        let visible = text.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "")
        return String(visible.split(separator: "\r", omittingEmptySubsequences: false).last ?? "")
    }
}

@Suite struct ProgressTests {
    private let line = ProgressLine(
        label: "Epoch 2/5", fraction: 0.5, amount: "50/100", rate: "1.20k images/s", secondsLeft: 12,
        metrics: [(name: "loss", value: 0.3121), (name: "accuracy", value: 0.9)])

    @Test(arguments: 1...160)
    func neverWiderThanTheTerminal(width: Int) {
        for color in [false, true] {
            let text = line.rendered(width: width, color: color, unicode: true)
            let visible = text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
            #expect(visible.count < max(width, 1))
        }
    }

    @Test func showsEverythingWhereThereIsRoom() {
        let text = line.rendered(width: 120, color: false, unicode: true)
        #expect(text.contains("Epoch 2/5 ━━━━") && text.contains("────"))
        #expect(text.hasSuffix("50% 1.20k images/s 0:12 left loss 0.3121 accuracy 0.9000"))
        let ascii = line.rendered(width: 120, color: false, unicode: false)
        #expect(ascii.allSatisfy(\.isASCII) && ascii.contains("====") && ascii.contains("...."))
    }

    @Test func narrowTerminalsLoseTheMetricsFirst() {
        let text = line.rendered(width: 50, color: false, unicode: true)
        #expect(text.contains("50%") && !text.contains("accuracy"))
    }

    @Test func colorIsWrittenOnlyWhereWanted() {
        #expect(line.rendered(width: 100, color: true, unicode: true).contains("\u{1B}[36m"))
        #expect(!line.rendered(width: 100, color: false, unicode: true).contains("\u{1B}"))
    }

    @Test func terminalFollowsTheEnvironment() {
        let unicode = ["TERM": "xterm", "LANG": "en_GB.UTF-8"]
        #expect(Terminal(.standardError, isTerminal: true, environment: unicode).hasColor)
        #expect(Terminal(.standardError, isTerminal: true, environment: unicode).hasUnicode)
        let plain = unicode.merging(["NO_COLOR": "1", "LC_ALL": "C"]) { $1 }
        #expect(!Terminal(.standardError, isTerminal: true, environment: plain).hasColor)
        #expect(!Terminal(.standardError, isTerminal: true, environment: plain).hasUnicode)
        #expect(!Terminal(.standardError, isTerminal: true, environment: ["TERM": "dumb"]).isInteractive)
        #expect(!Terminal(.standardError, isTerminal: false, environment: unicode).isInteractive)
    }

    @Test func barHidesAndRestoresTheCursorOnce() {
        let recorder = Recorder()
        let bar = ProgressBar("Fetch", total: 10, unit: "files", screen: recorder.screen())
        for count in 1...10 {
            recorder.time += 1
            bar.update(completed: count)
        }
        bar.finish()
        bar.finish()
        #expect(recorder.text.components(of: Terminal.hideCursor) == 1)
        #expect(recorder.text.components(of: Terminal.showCursor) == 1)
        #expect(recorder.text.hasSuffix(Terminal.showCursor))
        #expect(recorder.lastLine.isEmpty)
    }

    @Test func barIsDrawnAtMostTenTimesASecond() {
        let recorder = Recorder()
        let bar = ProgressBar("Work", total: 10_000, unit: "steps", screen: recorder.screen())
        for count in 1...10_000 {
            recorder.time += 0.0001
            bar.update(completed: count)
        }
        #expect(recorder.text.components(of: "\r") <= 11)
    }

    @Test func timeLeftFollowsTheRate() {
        let recorder = Recorder()
        let bar = ProgressBar("Work", total: 100, unit: "steps", screen: recorder.screen())
        bar.start(at: 40)
        for count in 41...60 {
            recorder.time += 0.5
            bar.update(completed: count)
        }
        #expect(recorder.lastLine.contains("60% 2 steps/s 0:20 left"))
    }

    @Test func pipesGetAPlainLineEveryFewSeconds() {
        let recorder = Recorder()
        let bar = ProgressBar("Work", total: 100, unit: "steps", screen: recorder.screen(interactive: false))
        for count in 1...100 {
            recorder.time += 0.2
            bar.update(completed: count)
        }
        bar.finish()
        let lines = recorder.text.split(separator: "\n")
        #expect((3...4).contains(lines.count))
        #expect(!recorder.text.contains("\u{1B}") && !recorder.text.contains("\r"))
        #expect(lines[0].hasPrefix("Work  25% (25/100)  5 steps/s"))
    }

    @Test func displayTellsOfEpochs() {
        let recorder = Recorder()
        let display = ProgressDisplay(unit: "images", screen: recorder.screen())
        display.receive(.started(.init(system: "s", seed: 1, epochs: 2, steps: 20, parameters: 5, fromStep: 10)))
        recorder.time = 1
        display.receive(.step(.init(step: 11, epoch: 1, metrics: ["loss": 0.5, "a": 1], rate: 1234, seconds: 1)))
        #expect(recorder.lastLine.contains("Epoch 2/2") && recorder.lastLine.contains("1.23k images/s"))
        #expect(recorder.lastLine.contains("loss 0.5000 a 1"))
        display.receive(.epoch(.init(epoch: 1, step: 20, metrics: ["accuracy": 0.25], seconds: 3)))
        display.receive(.finished(.init(system: "s", metrics: [:], baseline: [:], seconds: 3, run: nil)))
        #expect(recorder.text.contains("Going on after step 10") && recorder.text.contains("accuracy 0.2500"))
        #expect(recorder.text.hasSuffix(Terminal.showCursor))
    }

    @Test func numbersReadWell() {
        #expect(Format.number(12345) == "12,345" && Format.number(-3) == "-3" && Format.number(0.000012) == "1.20e-05")
        #expect(
            Format.number(.nan) == "NaN" && Format.number(-.infinity) == "−∞" && Format.number(1e300) == "1.000e+300")
        #expect(Format.count(1_234_567) == "1,234,567" && Format.count(-1000) == "-1,000" && Format.count(0) == "0")
        #expect(Format.clock(59.6) == "1:00" && Format.clock(3725) == "1:02:05" && Format.clock(.infinity) == "–:––")
        #expect(Format.duration(0.0123) == "12.3 ms" && Format.duration(750) == "12 min 30 s")
        #expect(Format.bytes(1536) == "1.5 KiB" && Format.bytes(12) == "12 B")
        #expect(Format.percent(0.91284) == "91.28 %")
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
