import ApusONNX
import ApusTestSupport
import Foundation
import SwiftProtobuf
import Testing

extension Data {
    /// A little damage: bits flipped, an end cut off, a byte overwritten with one that lengths and counts dislike, a piece put
    /// elsewhere or taken out.
    fileprivate func mutated(_ generator: inout some RandomNumberGenerator) -> Data {
        var data = self
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !data.isEmpty {
            let place = Int.random(in: 0..<data.count, using: &generator)
            let end = Swift.min(data.count, place + Int.random(in: 1...40, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: data[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: data = Data(data.prefix(place))
            case 2: data[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator)!
            case 3:
                data.insert(contentsOf: Data(data[place..<end]), at: Int.random(in: 0...data.count, using: &generator))
            default: data.removeSubrange(place..<end)
            }
        }
        return data
    }
}

/// Models with every kind of message in them.
private func seeds() throws -> [Data] {
    let convolution = graph(
        [
            node("Conv", ["x", "w", "b"], ["c"], [attribute("pads", [1, 1, 1, 1]), attribute("auto_pad", "NOTSET")]),
            node("LeakyRelu", ["c"], ["r"], [attribute("alpha", Float(0.1))]),
            node("Reshape", ["r", "shape"], ["y"]),
        ],
        inputs: [value("x", .float32, [-1, 1, 4, 4])], outputs: ["y"],
        initializers: [
            floats("w", [2, 1, 3, 3], (0..<18).map(Float.init)), floats("b", [2], [1, 2]), integers("shape", [0, -1]),
        ])
    let branch = { (type: String) in graph([node(type, ["x"], ["r"])], inputs: [], outputs: ["r"]) }
    let branches = [attribute("then_branch", branch("Neg")), attribute("else_branch", branch("Abs"))]
    let conditional = graph(
        [node("If", ["c"], ["y"], branches)], inputs: [value("x"), value("c", .bool, [])], outputs: ["y"])
    return try [convolution, conditional].map { try model($0).serializedData() as Data }
}

@Suite struct FuzzTests {
    /// In a process of its own: a crash is this test's failure, and no other test's memory is counted. `APUS_LONG_TESTS=N` reads N times
    /// as many: `scripts/fuzz-onnx`.
    @Test func damagedModelsGiveErrorsAndTakeNoMemory() async {
        await #expect(processExitsWith: .success) {
            let effort = ProcessInfo.processInfo.environment["APUS_LONG_TESTS"].flatMap(Int.init) ?? 1
            let rounds = 2_000 * effort
            var generator = Generator(seed: 5)
            let originals = try seeds()
            var refused = 0
            for round in 0..<rounds {
                let data = originals[round % originals.count].mutated(&generator)
                do {
                    _ = try ONNXModule(ONNXModel(data))
                } catch is ONNXError {
                    refused += 1
                } catch {
                    Issue.record("round \(round): \(error) is no ONNXError")
                }
            }
            #expect(refused > rounds / 4, "mutations hardly ever damage anything")
            #expect(MemoryStatistics.current.peak < 1 << 20)
        }
    }
}
