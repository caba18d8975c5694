import ApusIO
import ApusTensor
import Foundation
import Testing

/// Vigna's SplitMix64.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension Data {
    /// A little damage: bits flipped, an end cut off, a number overwritten, a piece put elsewhere, digits changed.
    func mutated(_ generator: inout SplitMix64) -> Data {
        var data = self
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !data.isEmpty {
            let place = Int.random(in: 0..<data.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: data[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: data = Data(data.prefix(place))
            case 2:
                let extremes: [UInt64] = [
                    0, 1, 0x7F, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, .max >> 1, .max, 10_000_000_000,
                ]
                let number = extremes.randomElement(using: &generator)!
                let width = [1, 2, 4, 8].randomElement(using: &generator)!
                let start =
                    Bool.random(using: &generator)
                    ? place : Int.random(in: 0..<Swift.min(32, data.count), using: &generator)
                for byte in 0..<width where start + byte < data.count {
                    data[start + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))
                }
            case 3:
                let end = Swift.min(data.count, place + Int.random(in: 1...40, using: &generator))
                let piece = data[place..<end]
                data.insert(contentsOf: piece, at: Int.random(in: 0...data.count, using: &generator))
            case 4:
                data.removeSubrange(place..<Swift.min(data.count, place + Int.random(in: 1...40, using: &generator)))
            default:
                let digits = data.indices.filter { (0x30...0x39).contains(data[$0]) }
                guard let digit = digits.randomElement(using: &generator) else { continue }
                let replacement = ["9", "-1", "99999999999999999999", "0", "4294967296", "{", "\""]
                data.replaceSubrange(digit...digit, with: Data(replacement.randomElement(using: &generator)!.utf8))
            }
        }
        return data
    }
}

/// Reads 2,000 damaged files: each must give a value or a `FormatError`, and none takes memory that it does not warrant.
private func fuzz(_ fixtures: [String], seed: UInt64, _ read: (Data) throws -> Void) throws {
    var generator = SplitMix64(state: seed)
    let originals = try fixtures.map { try Data(contentsOf: fixture($0)) }
    var refused = 0
    for round in 0..<2_000 {
        let data = originals[round % originals.count].mutated(&generator)
        do {
            try read(data)
        } catch is FormatError {
            refused += 1
        } catch {
            Issue.record("round \(round): \(error) is no FormatError")
        }
    }
    #expect(refused > 500, "mutations hardly ever damage anything")
    #expect(MemoryStatistics.current.peak < 1 << 20)
}

/// Reads every byte of a tensor, so that one beyond the file would be noticed.
private func touch(_ tensor: Tensor) {
    guard tensor.node.isEvaluated else { return }
    #expect(bits(tensor).count == tensor.node.type.byteCount)
}

/// Each in a process of its own: a crash is that test's failure, and no other test's memory is counted.
@Suite struct Fuzzing {
    @Test func safetensors() async {
        await #expect(processExitsWith: .success) {
            try fuzz(["native.safetensors", "widened.safetensors", "unreadable.safetensors"], seed: 1) { data in
                try SafetensorsFile(data).tensors().values.forEach(touch)
            }
        }
    }

    @Test func npy() async {
        await #expect(processExitsWith: .success) {
            let names = ["f4-little-C.npy", "i2-big-F.npy", "b1-little-C.npy", "u8-little-F.npy", "version-3.npy"]
            try fuzz(names, seed: 2) { touch(try Npy.read($0)) }
        }
    }

    @Test func npz() async {
        await #expect(processExitsWith: .success) {
            try fuzz(["stored.npz", "deflated.npz"], seed: 3) { try NpzFile($0).tensors().values.forEach(touch) }
        }
    }

    @Test func gzip() async {
        await #expect(processExitsWith: .success) {
            try fuzz(["text.gz", "members.gz"], seed: 4) { _ = try gunzip($0, limit: 1 << 20) }
        }
    }
}
