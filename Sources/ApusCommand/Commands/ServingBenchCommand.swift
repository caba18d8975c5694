import ApusGallery
import ArgumentParser
import Foundation
import Synchronization

/// How fast a server answers.
struct ServingBenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-serving", abstract: "Ask a server from several clients at once, and time its answers.",
        shouldDisplay: false)

    @Option(help: "The server's socket.")
    var socket: String
    @Option(help: "A file of requests, one a line, which are asked over and over.")
    var requests: String
    @Option(help: "Clients at once.")
    var clients = 8
    @Option(help: "Requests that a client sends together.")
    var together = 1
    @Option(help: "Seconds to ask for.")
    var seconds = 5.0
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if clients < 1 || together < 1 || !(seconds > 0) {
            throw ValidationError("--clients, --together and --seconds have to be positive.")
        }
    }

    func run() throws {
        let text = try TextInput(requests)
        guard text.isFile, !text.lines.isEmpty else {
            throw InputError(requests, "holds no requests", remedy: "Give a file with one a line")
        }
        let lines = text.lines
        _ = try LineClient(socket)
        let times = Mutex<[Double]>([])
        let errors = Atomic<Int>(0)
        let (socket, together, end) = (socket, together, Date().addingTimeInterval(seconds))
        let group = DispatchGroup()
        for number in 0..<clients {
            group.enter()
            startThread("apus.ask") {
                defer { group.leave() }
                guard let client = try? LineClient(socket) else {
                    errors.add(1, ordering: .relaxed)
                    return
                }
                var (own, place) = ([Double](), number * 97)
                while Date() < end {
                    let asked = (0..<together).map { lines[(place + $0) % lines.count] }
                    let start = DispatchTime.now().uptimeNanoseconds
                    guard let answers = try? client.answers(to: asked) else {
                        errors.add(1, ordering: .relaxed)
                        break
                    }
                    own.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6)
                    errors.add(answers.count { $0.contains("\"error\"") }, ordering: .relaxed)
                    place += together
                }
                times.withLock { $0 += own }
            }
        }
        group.wait()
        let sorted = times.withLock { $0.sorted() }
        func quantile(_ share: Double) -> Double {
            sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        let result = ServingTimes(
            clients: clients, together: together, requestsPerSecond: Double(sorted.count * together) / seconds,
            p50: quantile(0.5), p99: quantile(0.99), errors: errors.load(ordering: .relaxed))
        let output = output.makeOutput()
        output.show(
            String(
                format: "%d clients, %d together: %.0f requests/s, p50 %.2f ms, p99 %.2f ms, %d errors", clients,
                together,
                result.requestsPerSecond, result.p50, result.p99, result.errors))
        output.emit("serving-times", result)
        output.finish("bench-serving")
    }
}

private struct ServingTimes: Codable, Sendable {
    var clients: Int
    var together: Int
    var requestsPerSecond: Double
    /// Milliseconds from sending to the last answer.
    var p50: Double
    var p99: Double
    var errors: Int
}
