import Foundation
import Testing

import ApusTrain

private struct Settings: Codable, Equatable {
    var learningRate = 0.1
    var epochs = 3
    var model = Model()

    struct Model: Codable, Equatable {
        var depth = 18
        var name: String? = nil
    }
}

@Suite struct RunFolderTests {
    @Test func keepsItsConfiguration() throws {
        try withTemporaryFolder { base in
            let url = base.appendingPathComponent("a/b/run")
            let folder = try RunFolder.create(at: url, system: "digits", configuration: Settings())
            #expect(try RunFolder.open(url).configuration(Settings.self) == Settings())
            #expect(try RunFolder.open(url).system() == "digits")
            #expect(try RunFolder.open(url, system: "digits", configuration: Settings()) == folder)
            let text = try String(contentsOf: folder.configURL, encoding: .utf8)
            #expect(text.contains("  \"system\" : \"digits\"") && text.hasSuffix("}\n"))
        }
    }

    @Test func aRunInPlaceIsNotOverwritten() throws {
        try withTemporaryFolder { url in
            _ = try RunFolder.create(at: url, system: "digits", configuration: Settings())
            var other = Settings()
            other.learningRate = 0.01
            other.model.depth = 34
            other.model.name = "x"
            let same = message { _ = try RunFolder.create(at: url, system: "digits", configuration: Settings()) }
            #expect(same?.contains("there is a run of this configuration already; go on with --resume") == true)
            let different = try #require(
                message { _ = try RunFolder.create(at: url, system: "digits", configuration: other) })
            #expect(different.contains("configuration.learningRate: 0.1 there, 0.01 here"))
            #expect(different.contains("configuration.model.depth: 18 there, 34 here"))
            #expect(different.contains("configuration.model.name: not set there, x here"))
            #expect(try RunFolder.open(url).configuration(Settings.self) == Settings())
        }
    }

    @Test func resumingNeedsTheSameSettings() throws {
        try withTemporaryFolder { url in
            _ = try RunFolder.create(at: url, system: "digits", configuration: Settings())
            var longer = Settings()
            longer.epochs = 9
            #expect(throws: RunError.self) { try RunFolder.open(url, system: "digits", configuration: longer) }
            #expect(throws: Never.self) {
                try RunFolder.open(url, system: "digits", configuration: longer, ignoring: ["epochs"])
            }
            let other = message { _ = try RunFolder.open(url, system: "letters", configuration: Settings()) }
            #expect(other?.contains("system: digits there, letters here") == true)
        }
    }

    @Test func badFoldersAreNamed() throws {
        try withTemporaryFolder { url in
            let missing = message { _ = try RunFolder.open(url.appendingPathComponent("none")) }
            #expect(missing?.contains("none: there is no run here") == true)

            let file = url.appendingPathComponent("file")
            try Data().write(to: file)
            let blocked = message {
                _ = try RunFolder.create(at: file.appendingPathComponent("run"), system: "s", configuration: 1)
            }
            #expect(blocked?.contains("file/run: the run's folder cannot be made") == true)

            let damaged = url.appendingPathComponent("damaged")
            _ = try RunFolder.create(at: damaged, system: "s", configuration: Settings())
            try Data("{\"system\":".utf8).write(to: damaged.appendingPathComponent("config.json"))
            #expect(message { _ = try RunFolder.open(damaged) }?.contains("config.json: is damaged; restore") == true)

            let old = url.appendingPathComponent("old")
            let folder = try RunFolder.create(at: old, system: "s", configuration: ["epochs": "three"])
            #expect(message { _ = try folder.configuration(Settings.self) }?.contains("is of another version") == true)
        }
    }

    @Test func unwritableFolderShowsAtOnce() throws {
        // /proc takes no folders, not even from root.
        let refused = message {
            _ = try RunFolder.create(at: URL(fileURLWithPath: "/proc/run"), system: "s", configuration: 1)
        }
        #expect(refused?.contains("/proc/run: the run's folder cannot be made") == true)
        #expect(refused?.contains("choose an --out that can be written") == true)
    }
}

@Suite struct MetricsLogTests {
    private func step(_ number: Int) -> RunEvent {
        .step(.init(step: number, epoch: 0, metrics: ["loss": 1 / Double(number)], rate: nil, seconds: 0))
    }

    @Test func eachLineIsOnTheDiskAtOnce() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("metrics.jsonl")
            let log = try MetricsLog(url)
            for number in 1...3 {
                log.receive(step(number))
                #expect(try MetricsLog.read(url).count == number)
            }
            log.receive(.warning("not about the course of training"))
            #expect(try MetricsLog.read(url) == [step(1), step(2), step(3)])
        }
    }

    @Test func aTornLineIsSkippedAndCutOff() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("metrics.jsonl")
            let whole = try (1...4).map { try JSONLine.encode(step($0)) + "\n" }.joined()
            for torn in [1, 2, 10, 40] {
                try whole.dropLast(torn).write(to: url, atomically: true, encoding: .utf8)
                let kept = torn == 1 ? 4 : 3
                #expect(try MetricsLog.read(url).count == kept)
                let log = try MetricsLog(url, continuingAfter: 4)
                log.receive(step(5))
                #expect(try MetricsLog.read(url) == (1...kept).map(step) + [step(5)])
            }
        }
    }

    @Test func stepsToBeMadeAgainAreDropped() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("metrics.jsonl")
            do {
                let log = try MetricsLog(url)
                for number in 1...6 { log.receive(step(number)) }
            }
            _ = try MetricsLog(url, continuingAfter: 4)
            #expect(try MetricsLog.read(url) == (1...4).map(step))
            _ = try MetricsLog(url)
            #expect(try MetricsLog.read(url).isEmpty)
        }
    }

    @Test func aFullDiskIsAWarning() throws {
        var warnings: [String] = []
        let log = try MetricsLog(appendingTo: "/dev/full") { warnings.append($0) }
        log.receive(step(1))
        log.receive(step(2))
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("/dev/full: the log cannot be written (No space left on device)"))
    }
}
