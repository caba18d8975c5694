import Apus
import Foundation

/// One prediction from the shell: `apus predict` against a Python process that does the same with PyTorch.
///
/// A LeNet-5 is trained for an epoch on noise, then the two classify one picture in turns, each time in a new process.
package struct ColdStart {
    /// Seconds of whole processes, and what is installed for them.
    package struct Result: Encodable, Sendable {
        package var workload = "cold-start"
        package let apusMs: Double
        package let torchMs: Double?
        package let ratio: Double?
        /// The executable and all libraries that it loads but the system's C library, in 10⁶ bytes.
        package let apusInstallMb: Double
        /// PyTorch's package.
        package let torchInstallMb: Double?
        /// PyTorch's package and what it needs.
        package let torchWithNeedsInstallMb: Double?

        private enum CodingKeys: String, CodingKey {
            case workload, ratio
            case apusMs = "apus_ms"
            case torchMs = "torch_ms"
            case apusInstallMb = "apus_install_mb"
            case torchInstallMb = "torch_install_mb"
            case torchWithNeedsInstallMb = "torch_with_needs_install_mb"
        }
    }

    private let options: Benchmark.Options
    private let folder: URL
    private static let executable = "/proc/self/exe"

    package init(_ options: Benchmark.Options) throws {
        self.options = options
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-cold-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    package func measure(progress: (String) -> Void) throws -> Result {
        defer { try? FileManager.default.removeItem(at: folder) }
        progress("cold-start: a LeNet is trained")
        try writeData()
        try run([
            Self.executable, "train", "image-classification", "--preset", "lenet", "--epochs", "1", "--data",
            path("data"), "--out", path("run"),
        ])
        let ours = [Self.executable, "predict", "image-classification", "--model", path("run"), path("picture.png")]
        let theirs = options.python.map { [$0, script("cold_start.py"), path("run"), path("picture.png")] }
        try checkAnswers(ours, theirs)
        var (apus, torch) = ([Double](), [Double]())
        for round in 0..<max(options.rounds, 10) {
            progress("cold-start: round \(round + 1)")
            apus.append(try run(ours).seconds)
            if let theirs { torch.append(try run(theirs).seconds) }
        }
        let sizes = try options.python.map { try installSizes(of: $0) }
        let ratio = Statistics(zip(torch, apus).map { $0 / $1 })?.median
        return Result(
            apusMs: rounded(Statistics(apus)!.median * 1e3),
            torchMs: Statistics(torch).map { rounded($0.median * 1e3) },
            ratio: ratio.map(rounded), apusInstallMb: rounded(try ownInstallSize() / 1e6),
            torchInstallMb: sizes.map { rounded($0.torch / 1e6) },
            torchWithNeedsInstallMb: sizes.map { rounded($0.all / 1e6) })
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func script(_ name: String) -> String { options.scripts.appendingPathComponent(name).path }

    // MARK: What is classified

    /// Pictures in MNIST's format, of noise, and one of them as a file.
    private func writeData() throws {
        let (side, classes) = (28, 10)
        let data = folder.appendingPathComponent("data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        let generator = Generator(seed: 0)
        for (prefix, count) in [("train", 512), ("t10k", 64)] {
            let pixels = (0..<(count * side * side)).map { _ in UInt8(truncatingIfNeeded: generator.next() % 64) }
            let labels = (0..<count).map { UInt8($0 % classes) }
            try idx([count, side, side], pixels).write(to: data.appendingPathComponent("\(prefix)-images-idx3-ubyte"))
            try idx([count], labels).write(to: data.appendingPathComponent("\(prefix)-labels-idx1-ubyte"))
        }
        let pixels = (0..<(side * side)).map { _ in UInt8(truncatingIfNeeded: generator.next() % 64) }
        try Image(width: side, height: side, channels: 1, pixels: pixels)
            .write(to: folder.appendingPathComponent("picture.png"))
    }

    private func idx(_ shape: [Int], _ bytes: [UInt8]) -> Data {
        let extents = shape.flatMap { extent in withUnsafeBytes(of: UInt32(extent).bigEndian) { [UInt8]($0) } }
        return Data([0, 0, 8, UInt8(shape.count)] + extents + bytes)
    }

    /// The likeliest class has to be the same.
    private func checkAnswers(_ ours: [String], _ theirs: [String]?) throws {
        guard let theirs else { return }
        let answer = try run(ours + ["--json"]).output.split(separator: "\n").lazy
            .compactMap { try? JSONLine.decode(Prediction.self, $0) }.first
        let other = try run(theirs).output.split(separator: " ").first.map(String.init)
        guard let name = answer?.classes.first?.name, name == other else {
            throw BenchmarkError(
                "apus predict says \(answer?.classes.first?.name ?? "nothing"), PyTorch \(other ?? "nothing")")
        }
    }

    private struct Prediction: Decodable {
        struct Candidate: Decodable { let name: String }
        let classes: [Candidate]
    }

    // MARK: Processes

    /// What a process wrote, and seconds until it ended.
    private typealias Run = (output: String, seconds: Double)

    @discardableResult
    private func run(_ command: [String]) throws -> Run {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        // As from a shell: this process's own settings are not a user's.
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "GOMP_SPINCOUNT" }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        let clock = ContinuousClock()
        let start = clock.now
        try process.run()
        // Pipes end with the process; `waitUntilExit` looks only now and then.
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let seconds = (clock.now - start) / .seconds(1)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchmarkError(
                "\(command.dropFirst().first ?? command[0]) failed: \(words.split(separator: "\n").last ?? "")")
        }
        return (text, seconds)
    }

    // MARK: Sizes

    private func installSizes(of python: String) throws -> (torch: Double, all: Double) {
        struct Sizes: Decodable { let torch, all: Double }
        let sizes = try JSONLine.decode(Sizes.self, try run([python, script("install_size.py")]).output)
        return (sizes.torch, sizes.all)
    }

    /// The executable and the files that are mapped into this process, but for what every Linux has.
    private func ownInstallSize() throws -> Double {
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        let system = ["ld-linux", "libc.so", "libm.so", "libpthread", "libdl", "librt"]
        let files = Set(
            maps.split(separator: "\n").compactMap { line -> String? in
                guard let start = line.firstIndex(of: "/") else { return nil }
                let file = String(line[start...])
                let isLibrary = file.contains(".so") || file.hasSuffix("/apus")
                return isLibrary && !system.contains { file.contains($0) } ? file : nil
            })
        return try files.reduce(0) { sum, file in
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            return sum + Double(attributes[.size] as? Int ?? 0)
        }
    }
}

extension ColdStart.Result {
    package var text: String {
        func megabytes(_ value: Double?) -> String { value.map { "\(Int($0.rounded())) MB" } ?? "–" }
        var lines = ["Cold start of a prediction  apus \(BenchmarkFormat.time(apusMs / 1e3))"]
        if let torchMs, let ratio {
            lines[0] += ", PyTorch \(BenchmarkFormat.time(torchMs / 1e3)), ratio \(BenchmarkFormat.digits(ratio))"
        }
        lines.append("Installed                   apus and its libraries \(megabytes(apusInstallMb))")
        if torchInstallMb != nil {
            lines[1] += ", torch \(megabytes(torchInstallMb)), with what it needs \(megabytes(torchWithNeedsInstallMb))"
        }
        return lines.joined(separator: "\n")
    }
}
