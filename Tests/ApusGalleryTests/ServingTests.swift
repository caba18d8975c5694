import Apus
import ApusGallery
import Foundation
import Synchronization
import Testing

private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

/// Runs `body` so many times at once, on threads of their own.
private func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        startThread("test") {
            body(number)
            group.leave()
        }
    }
    group.wait()
}

@Suite struct LineServerTests {
    @Test func everyLineIsAnsweredInOrder() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("s").path
        let server = try LineServer(path) { lines in lines.map { "<\(String(decoding: $0, as: UTF8.self))>" } }
        let failures = Atomic<Int>(0)
        concurrently(8) { number in
            let lines = (0..<1000).map { "\(number) \($0)" }
            guard let client = try? LineClient(path), let answers = try? client.answers(to: lines),
                answers == lines.map({ "<\($0)>" })
            else {
                failures.add(1, ordering: .relaxed)
                return
            }
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        server.stop()
        #expect(!FileManager.default.fileExists(atPath: path), "the socket's file is removed")
        #expect(throws: InputError.self) { try LineClient(path) }
    }

    @Test func theSocketsPathIsChecked() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func message(_ path: String) -> String {
            do { _ = try LineServer(path) { $0.map { _ in "" } } } catch { return "\(error)" }
            return "no error"
        }
        let path = folder.appendingPathComponent("s").path
        let server = try LineServer(path) { $0.map { _ in "" } }
        #expect(message(path).contains("another server answers here"))
        server.stop()
        try Data("text".utf8).write(to: folder.appendingPathComponent("file"))
        #expect(message(folder.appendingPathComponent("file").path).contains("is no socket"))
        #expect(message(folder.appendingPathComponent("no/such").path).contains("no socket can be made here"))
        #expect(message(folder.path + "/" + String(repeating: "x", count: 120)).contains("Choose a shorter one"))
    }

    @Test func aLineWithoutEndIsRefused() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("s").path
        let server = try LineServer(path) { $0.map { _ in "ok" } }
        let connection = try UnixConnection(to: path)
        _ = connection.write("\n\r\n  \nfirst\n")
        #expect(String(decoding: connection.read(upTo: 100), as: UTF8.self) == "ok\n", "empty lines are no requests")
        _ = connection.write(String(repeating: "x", count: LineServer.lineLimit + 10))
        #expect(String(decoding: connection.read(upTo: 1000), as: UTF8.self).contains("more than 65536 bytes"))
        // Others are served as before.
        #expect(try LineClient(path).answers(to: ["a", "b"]) == ["ok", "ok"])
        server.stop()
    }
}

@Suite struct RequestBatcherTests {
    @Test func allAreAnsweredOnce() {
        let largest = Atomic<Int>(0)
        let batcher = RequestBatcher<Int, Int>("test", limit: 16) {
            { requests in
                largest.max(requests.count, ordering: .relaxed)
                usleep(200)
                return requests.map { $0 * 2 }
            }
        }
        let wrong = Atomic<Int>(0)
        concurrently(12) { number in
            for round in 0..<50 {
                let asked = (0..<round % 4).map { number * 1000 + round + $0 }
                if batcher.answers(to: asked) != asked.map({ $0 * 2 }) { wrong.add(1, ordering: .relaxed) }
            }
        }
        batcher.close()
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect((2...16).contains(largest.load(ordering: .relaxed)), "requests of several threads go together")
        #expect(batcher.answers(to: [1]) == nil)
    }
}

@Suite struct EventJournalTests {
    private func entries(_ range: Range<Int>) -> [EventJournal.Entry] {
        range.map { number in
            let source = number % 3 == 0 ? EventJournal.Source(key: 7, position: number * 10, number: number) : nil
            return EventJournal.Entry(Array("event\t\(number)".utf8)[...], from: source)
        }
    }

    private func read(_ folder: URL, from start: Int, length: Int = 10) throws -> (EventJournal, [Int: String]) {
        var found: [Int: String] = [:]
        let journal = try EventJournal(folder, from: start, segmentLength: length) { number, entry in
            found[number] = String(decoding: entry.line, as: UTF8.self)
            #expect((entry.source?.position ?? number * 10) == number * 10)
        }
        return (journal, found)
    }

    @Test func whatWasAcceptedComesBack() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let (journal, found) = try read(folder, from: 0)
            #expect(found.isEmpty)
            for start in stride(from: 0, to: 35, by: 5) {
                #expect(try journal.append(entries(start..<start + 5)) == start)
            }
        }
        let (journal, found) = try read(folder, from: 12)
        #expect(found.count == 23 && found.allSatisfy { $1 == "event\t\($0)" })
        journal.forget(before: 25)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["journal-000000000000020.log", "journal-000000000000030.log"])
        #expect(try journal.append(entries(35..<36)) == 35)
        #expect(try read(folder, from: 25).1.count == 11)
    }

    @Test func aTornEventIsCutOff() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try read(folder, from: 0).0.append(entries(0..<3))
        let url = folder.appendingPathComponent("journal-000000000000000.log")
        let whole = try Data(contentsOf: url)
        for cut in [1, 5] {
            try whole.prefix(whole.count - cut).write(to: url)
            let (journal, found) = try read(folder, from: 0)
            #expect(found.count == 2)
            #expect(try journal.append(entries(2..<3)) == 2)
            #expect(try Data(contentsOf: url) == whole)
        }
    }

    @Test func gapsAreNamed() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for start in stride(from: 0, to: 30, by: 10) {
            _ = try read(folder, from: 0).0.append(entries(start..<start + 10))
        }
        func message(_ start: Int) -> String {
            do { _ = try read(folder, from: start) } catch { return "\(error)" }
            return "no error"
        }
        #expect(message(31).contains("before the checkpoint's 31"))
        try FileManager.default.removeItem(at: folder.appendingPathComponent("journal-000000000000010.log"))
        #expect(message(0).contains("event 10 is missing"))
        try FileManager.default.removeItem(at: folder.appendingPathComponent("journal-000000000000000.log"))
        #expect(message(5).contains("events 5 to 19 are missing"))
        try Data("nonsense\n".utf8).write(to: folder.appendingPathComponent("journal-000000000000020.log"))
        #expect(message(20).contains("line 1 is no event"))
    }
}

/// A server process, and clients in this one.
private final class Service {
    let place: Workplace
    let run: Workplace.Run
    var path: String { place.url("s").path }

    init(_ place: Workplace, _ arguments: String...) throws {
        self.place = place
        run = try place.start(
            [
                "serve", "ad-click", "--model", "run", "--socket", "s", "--json", "--set", "publish-every=32", "--set",
                "window=100",
            ]
                + arguments)
        let end = Date().addingTimeInterval(20)
        while !(try run.output).contains("\"event\":\"serving\""), run.process.isRunning, Date() < end { usleep(5000) }
    }

    func end(with signal: Int32 = SIGINT) -> [[String: Any]] {
        kill(run.process.processIdentifier, signal)
        run.process.waitUntilExit()
        return Workplace.events(in: (try? run.output) ?? "")
    }

    static func object(_ line: String) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]) ?? [:]
    }
}

@Suite struct AdClickServingTests {
    private func checkpoint(_ place: Workplace) throws -> [String: Tensor] {
        try SafetensorsFile(contentsOf: place.url("run/service/checkpoint.safetensors")).tensors()
    }

    private func expectEqual(_ a: [String: Tensor], _ b: [String: Tensor]) {
        #expect(Set(a.keys) == Set(b.keys))
        for (name, value) in a { #expect((value .== b[name]!).all().item(as: Bool.self), "\(name)") }
    }

    private func copy(of place: Workplace) throws -> Workplace {
        let copy = try Workplace()
        try FileManager.default.copyItem(at: place.url("run"), to: copy.url("run"))
        return copy
    }

    /// Clients ask and send events at once while versions change all the time: each line is answered once, with its own id, and no client
    /// sees an older version after a newer one.
    @Test func swapsLoseNoRequest() throws {
        let place = try TrainedClicks(lines: 800).place
        let service = try Service(place)
        let path = service.path
        let problems = Mutex<[String]>([])
        let versions = Mutex<Set<Int>>([])
        concurrently(6) { number in
            guard let client = try? LineClient(path) else {
                problems.withLock { $0.append("no connection") }
                return
            }
            var last = -1
            for round in 0..<12 {
                let first = round * 10 + number * 1000
                let lines = TrainedClicks.lines(first..<first + 10)
                let requests = lines.enumerated().map { place, line -> String in
                    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
                    let label = place % 2 == 0 ? "\"click\": \(fields[0]), " : ""
                    let name = "\(number)-\(round)-\(place)"
                    return "{\"id\": \"\(name)\", \(label)\"C1\": \"\(fields[14])\", \"C2\": \"\(fields[15])\"}"
                }
                guard let answers = try? client.answers(to: requests) else {
                    problems.withLock { $0.append("no answer") }
                    return
                }
                for (place, answer) in answers.map(Service.object).enumerated() {
                    var isRight = answer["id"] as? String == "\(number)-\(round)-\(place)"
                    if place % 2 == 0 {
                        isRight = isRight && answer["accepted"] is Int
                    } else {
                        let version = answer["version"] as? Int ?? -1
                        isRight = isRight && answer["probability"] is Double && version >= last
                        last = version
                        versions.withLock { _ = $0.insert(version) }
                    }
                    if !isRight { problems.withLock { $0.append("\(answer)") } }
                }
            }
        }
        #expect(problems.withLock { $0 } == [])
        #expect(versions.withLock(\.count) > 2, "there were versions")
        let served = try #require(service.end().first { $0["event"] as? String == "served" })
        #expect(served["trained"] as! Int + (served["pending"] as! Int) == 6 * 12 * 5)
        #expect(service.run.process.terminationStatus == 0)
    }

    /// Events over the socket and from a file, the process killed in between: what was acknowledged is learned from, in the end to the
    /// same bits as without.
    @Test func nothingAcknowledgedIsLost() throws {
        let place = try TrainedClicks(lines: 800).place
        let (other, file) = (try copy(of: place), try copy(of: place))
        let lines = TrainedClicks.lines(0..<600)

        let whole = try Service(place, "--set", "checkpoint-every=200")
        #expect(try LineClient(whole.path).answers(to: lines).count == 600)
        let served = try #require(whole.end().first { $0["event"] as? String == "served" })
        #expect(served["trained"] as? Int == 592 && served["pending"] as? Int == 8)

        var sent = 0
        for count in [250, 130, 220] {
            let service = try Service(other, "--set", "checkpoint-every=200")
            let serving = try #require(
                Workplace.events(in: service.run.output).first { $0["event"] as? String == "serving" })
            let known = (serving["version"] as? Int ?? -1) + (serving["pending"] as? Int ?? 0)
            #expect(known == sent, "everything acknowledged is there again")
            let answers = try LineClient(service.path).answers(to: Array(lines[sent..<sent + count]))
            #expect(answers.map { Service.object($0)["accepted"] as? Int } == (sent..<sent + count).map { $0 })
            sent += count
            _ = service.end(with: sent < 600 ? SIGKILL : SIGTERM)
            #expect(
                FileManager.default.fileExists(atPath: service.path) == (sent < 600), "a killed server's socket stays")
        }
        expectEqual(try checkpoint(place), try checkpoint(other))
        let progress = try [place, other].map {
            try String(contentsOf: $0.url("run/service/progress.jsonl"), encoding: .utf8)
        }
        #expect(progress[0] == progress[1])

        // The same events from a file, killed on the way.
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file.url("events.tsv"))
        let slow = try Service(file, "--events", "events.tsv", "--rate", "400", "--set", "checkpoint-every=64")
        usleep(600_000)
        _ = slow.end(with: SIGKILL)
        let rest = try file.apus(
            "serve", "ad-click", "--model", "run", "--socket", "s", "--events", "events.tsv", "--once", "--json",
            "--set", "checkpoint-every=64", "--set", "window=100")
        #expect(rest.status == 0, "\(rest.errors)")
        let last = try #require(rest.events("served").first)
        #expect(last["trained"] as? Int == 592 && last["pending"] as? Int == 8)
        expectEqual(try checkpoint(place), try checkpoint(file))
    }

    @Test func badRequestsStopNothing() throws {
        let place = try TrainedClicks(lines: 800).place
        let service = try Service(place)
        let client = try LineClient(service.path)
        let bad = [
            "nonsense", "{", "[1]", "{\"id\": 4, \"I1\": \"x\"}", "{\"id\": 5, \"I99\": 1}", "{\"click\": 2}",
            "1\t2\t3",
            "{\"id\": [1]}", "\u{0}\u{1}",
        ]
        let answers = try client.answers(to: bad).map(Service.object)
        #expect(answers.allSatisfy { $0["error"] is String })
        #expect(answers[3]["id"] as? Int == 4 && answers[4]["id"] as? Int == 5)
        // Random bytes without line breaks in them.
        let generator = Generator(seed: 2)
        for _ in 0..<200 {
            let bytes = (0..<40).map { _ in UInt8(truncatingIfNeeded: generator.next() % 94 + 33) }
            #expect(try client.answers(to: [String(decoding: bytes, as: UTF8.self)])[0].contains("error"))
        }
        let good = Service.object(try client.answers(to: ["{\"I1\": 3, \"C1\": \"68fd1e64\"}"])[0])
        #expect(good["probability"] is Double && good["version"] as? Int == 0 && good["id"] == nil)

        // The same probability as the run's own model gives, asked through the command.
        let lines = TrainedClicks.lines(0..<30)
        try Data(lines.joined(separator: "\n").utf8).write(to: place.url("some.tsv"))
        let own = try place.apus("predict", "ad-click", "--model", "run", "some.tsv", "--json")
        let asked = try place.apus("predict", "ad-click", "--model", "run", "some.tsv", "--json", "--set", "socket=s")
        func probabilities(_ result: Workplace.Result) -> [Double] {
            result.events("prediction").compactMap { $0["probability"] as? Double }
        }
        #expect(probabilities(own).count == 30)
        for (a, b) in zip(probabilities(own), probabilities(asked)) { #expect(abs(a - b) < 1e-6) }

        let second = try place.apus("serve", "ad-click", "--model", "run", "--socket", "t")
        #expect(second.status == 1 && second.errors.contains("another server serves this run's model"))
        _ = service.end()
    }

    @Test func wrongUseIsNamed() throws {
        let place = try TrainedClicks(lines: 800).place
        let serve = ["serve", "ad-click", "--model", "run"]
        #expect(try place.apus(serve + ["--socket", "s", "--once"]).status == 64)
        #expect(try place.apus(serve + ["--socket", "s", "--rate", "0", "--events", "-"]).status == 64)
        let missing = try place.apus(serve + ["--socket", "s", "--events", "none.tsv"])
        #expect(missing.status == 1 && missing.errors.contains("no such file"))
        let folder = try place.apus(serve + ["--socket", "no/such/s"])
        #expect(folder.status == 1 && folder.errors.contains("no socket can be made here"))
        let other = try place.apus("serve", "image-classification", "--model", "run", "--socket", "s")
        #expect(other.status == 1 && other.errors.contains("can't be put into service"))
        // Events without outcomes and broken ones are left out.
        let lines = TrainedClicks.lines(0..<50)
        try Data((lines + ["nonsense", "{\"C1\": \"a\"}"]).joined(separator: "\n").utf8).write(
            to: place.url("events.tsv"))
        let result = try place.apus(serve + ["--socket", "s", "--events", "events.tsv", "--once", "--json"])
        #expect(result.status == 0 && result.errors.contains("line 51") && result.errors.contains("has no click"))
        #expect(result.events("served").first?["trained"] as? Int == 48)
    }
}
