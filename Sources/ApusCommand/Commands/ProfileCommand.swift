import Apus
import ApusBenchmarks
import ApusCPU
import ApusGallery
import ArgumentParser
import Foundation

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "Show where the time of training steps goes, kernel by kernel.",
        discussion: """
            NAME is a workload of `apus bench --list` or a system of `apus systems`. Times and runs are those of one step.
            Roofline: the least time that this machine allows for a kernel's arithmetic and memory, as a share of its time.
            """)

    @Argument(help: "A workload or a system.", completion: .list(Workloads.all.map(\.name) + SystemRegistry.names))
    var name: String
    @Option(help: "Steps to record.")
    var steps = 10
    @Option(help: "Steps before, in which plans are made.")
    var warmup = 3
    @Option(help: "Kinds of kernels to list.")
    var rows = 20
    @Option(help: "A file for the trace that Perfetto and chrome://tracing open.", completion: .file())
    var trace: String?
    @Option(help: "The system's model: `apus systems NAME` lists them.")
    var preset: String?
    @Option(help: "The system's data; its default data where none is given.", completion: .directory)
    var data: String?
    @Option(help: "The system's examples a step.")
    var batchSize: Int?
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var output: OutputOptions

    func validate() throws {
        for (option, value) in [("--steps", steps), ("--rows", rows), ("--batch-size", batchSize ?? 1)] where value < 1
        {
            throw ValidationError("\(option) \(value): at least 1 is needed.")
        }
        if warmup < 0 { throw ValidationError("--warmup \(warmup): at least 0 is needed.") }
        let known = Workloads.all.map(\.name) + SystemRegistry.names
        if !known.contains(name) {
            let guess = nearest(to: name, among: known).map { " Did you mean '\($0)'?" } ?? ""
            throw ValidationError("There is no workload and no system '\(name)'.\(guess)")
        }
    }

    func run() throws {
        threads.apply()
        let output = output.makeOutput()
        let profile = try recorded()
        if let trace { try profile.chromeTrace().write(to: URL(fileURLWithPath: trace), options: .atomic) }
        let roofline = Roofline.measured
        output.show(
            "\(name): \(steps) steps on \(threads.count) threads. Peaks: \(Format.short(roofline.float32))FLOP/s in float32, "
                + "\(Format.short(roofline.bfloat16))FLOP/s in bfloat16, \(Format.short(roofline.bytesPerSecond))B/s")
        output.show(profile.table(roofline: roofline, steps: steps, rows: rows))
        output.emit("profile", ProfileEvent(profile, name: name, steps: steps, roofline))
        output.finish("profile")
    }

    private func recorded() throws -> Profile {
        if let workload = Workloads.all.first(where: { $0.name == name }) {
            let runner = try withSeed(0) { try workload.makeRunner(state: [:]) }
            for _ in 0..<warmup { _ = runner.step() }
            return Profile.record { for _ in 0..<steps { _ = runner.step() } }
        }
        return try recorded(SystemRegistry.system(named: name))
    }

    /// Trains in a folder that is thrown away, until there are steps enough.
    private func recorded(_ system: any System) throws -> Profile {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-profile-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var options = TrainOptions(
            folder: folder, settings: try SettingValues(of: system.card, for: .training))
        options.preset = preset
        options.batchSize = batchSize
        options.data = data.map { URL(fileURLWithPath: $0) }
        let watcher = StepWatcher(warmup: warmup, steps: steps)
        _ = try system.train(options, output: SilentOutput(watcher))
        guard let profile = watcher.profile else {
            throw InputError(
                name, "its training ended before \(warmup + steps) steps", remedy: "Ask for fewer with --steps")
        }
        return profile
    }
}

/// Records some of a training's steps, and ends the training then.
private final class StepWatcher: RunObserver {
    private let warmup: Int
    private let steps: Int
    private var recording: Profile.Recording?
    private(set) var profile: Profile?

    init(warmup: Int, steps: Int) {
        self.warmup = warmup
        self.steps = steps
    }

    func receive(_ event: RunEvent) {
        // The first step follows its start, so that a warm-up of no steps begins here.
        if case .started = event, warmup == 0 { recording = Profile.Recording() }
    }

    func advance(to step: Int) {
        if step == warmup { recording = Profile.Recording() }
        if step == warmup + steps {
            profile = recording?.stop()
            // A training stops cleanly when it is asked to as by Ctrl-C.
            kill(getpid(), SIGINT)
        }
    }
}

/// Nobody reads what the training says of itself.
private final class SilentOutput: SystemOutput {
    let observers: [any RunObserver]

    init(_ observer: any RunObserver) { observers = [observer] }

    var seconds: Double { 0 }

    func show(_ text: String) {}
    func stream(_ text: String) {}
    func emit(_ kind: String, _ fields: some Encodable & Sendable) {}

    func fail(_ error: any Error, input: String) {
        FileHandle.standardError.write(Data("apus: \(input): \(error)\n".utf8))
    }

    func progressBar(_ label: String, total: Int?, unit: String) -> ProgressBar {
        ProgressBar(label, total: total, unit: unit)
    }
}

/// A profile for programs; seconds and counts are those of one step.
private struct ProfileEvent: Encodable, Sendable {
    struct Kernel: Encodable, Sendable {
        let name: String
        let plan: Int
        let step: Int
        let runs: Double
        let seconds: Double
        let gflops: Double
        let gigabytesPerSecond: Double
        let roofline: Double
    }

    let name: String
    let steps: Int
    let seconds: Double
    let gflops: Double
    /// What it was compared with: operations and bytes a second.
    let peaks: [String: Double]
    let overheads: [String: Double]
    let kernels: [Kernel]

    init(_ profile: Profile, name: String, steps: Int, _ roofline: Roofline) {
        let count = Double(steps)
        self.name = name
        self.steps = steps
        seconds = profile.seconds / count
        gflops = profile.flops / profile.seconds / 1e9
        self.peaks = ["float32": roofline.float32, "bfloat16": roofline.bfloat16, "bytes": roofline.bytesPerSecond]
        overheads = Dictionary(uniqueKeysWithValues: profile.overheads.map { ($0.name, $0.seconds / count) })
        kernels = profile.kernels.sorted { $0.seconds > $1.seconds }.map { kernel in
            Kernel(
                name: kernel.name, plan: kernel.plan, step: kernel.step, runs: Double(kernel.count) / count,
                seconds: kernel.seconds / count, gflops: kernel.flopsPerSecond / 1e9,
                gigabytesPerSecond: kernel.bytesPerSecond / 1e9, roofline: kernel.rooflineFraction(roofline))
        }
    }
}
