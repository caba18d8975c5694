import ApusBenchmarks
import ApusTrain
import Foundation
import Testing

@Suite struct ContestantTests {
    private func makePeer() throws -> Contestant {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("fake_peer.py")
        return try Contestant(
            .torch, command: ["/usr/bin/env", "python3", script.path], environment: [:],
            folder: FileManager.default.temporaryDirectory)
    }

    private func ask(_ peer: Contestant, _ request: String) throws -> Reply {
        try peer.ask(JSONLine.decode(Request.self, request))
    }

    @Test func answersAreRead() throws {
        let peer = try makePeer()
        #expect(peer.version == "fake 1.0")
        let first = try ask(peer, #"{"action": "prepare", "workload": "mlp"}"#)
        #expect(
            try first
                == JSONLine.decode(Reply.self, #"{"losses": [2.5, 2, 1.5], "first_step": 0.25, "peak_bytes": 2000}"#))
        let run = try ask(peer, #"{"action": "run", "steps": 4}"#)
        #expect(try run == JSONLine.decode(Reply.self, #"{"seconds": 2, "faults": 3, "peak_bytes": 1000}"#))
        let refusal = try ask(peer, #"{"action": "prepare", "workload": "refuses"}"#)
        #expect(try refusal == JSONLine.decode(Reply.self, #"{"unsupported": "not this"}"#))
    }

    @Test(arguments: [("fails", "on purpose"), ("babbles", "3 2 1"), ("dies", "last words")])
    func failuresAreTold(_ workload: String, _ hint: String) throws {
        let peer = try makePeer()
        let error = #expect(throws: BenchmarkError.self) {
            try ask(peer, #"{"action": "prepare", "workload": "\#(workload)"}"#)
        }
        #expect(error?.description.contains(hint) == true)
    }

    @Test func aMissingPythonIsNamed() {
        let error = #expect(throws: BenchmarkError.self) {
            try Contestant(
                .jax, command: ["/nowhere/python"], environment: [:], folder: FileManager.default.temporaryDirectory)
        }
        #expect(error?.description.contains("/nowhere/python") == true)
    }
}
