import ApusCPU
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The computer that a run ran on.
public struct Machine: Codable, Hashable, Sendable {
    /// The processor's model name, or `unknown`.
    public var processor: String
    /// Logical processors that this process may use.
    public var cores: Int
    /// Physical memory in bytes.
    public var memoryBytes: Int
    /// The Linux distribution and its version.
    public var operatingSystem: String
    /// The Linux kernel's release.
    public var kernel: String
    /// The vector extensions that matter here: `AVX2, AVX-512, AMX`.
    public var extensions: [String]
    /// Threads that the engine uses.
    public var threads: Int

    /// The computer this runs on, and the threads that the engine uses here.
    public static func current() -> Machine {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let processor = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let flags = Set((field("flags", in: processor) ?? "").split(separator: " ").map(String.init))
        let known = [
            ("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_bf16", "AVX-512 BF16"), ("amx_bf16", "AMX BF16"),
        ]
        return Machine(
            processor: field("model name", in: processor) ?? "unknown", cores: cores,
            memoryBytes: Int(ProcessInfo.processInfo.physicalMemory), operatingSystem: distribution,
            kernel: kernelRelease,
            extensions: known.filter { flags.contains($0.0) }.map(\.1), threads: CPUBackend.shared.threadCount)
    }

    var facts: [(name: String, value: String)] {
        [
            (name: "Processor", value: processor),
            (name: "Cores", value: "\(cores), of which \(min(threads, cores)) used"),
            (
                name: "Vector extensions",
                value: extensions.isEmpty ? "none beyond SSE" : extensions.joined(separator: ", ")
            ),
            (name: "Memory", value: Format.bytes(memoryBytes)),
            (name: "System", value: "\(operatingSystem), Linux \(kernel)"),
        ]
    }

    /// The first `name : value` of /proc/cpuinfo.
    private static func field(_ name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { return parts[1].trimmingCharacters(in: .whitespaces) }
        }
        return nil
    }

    private static var distribution: String {
        let text = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
        return line.map { $0.dropFirst(12).trimmingCharacters(in: ["\""]) } ?? "Linux"
    }

    private static var kernelRelease: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown" }
        return withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
