import Foundation
import Testing

import ApusTrain

@Suite struct EventTests {
    static let events: [RunEvent] = [
        .started(.init(system: "s", seed: .max, epochs: nil, steps: 12, parameters: 7, run: "runs/a")),
        .step(.init(step: 3, epoch: 0, metrics: ["loss": 0.1], rate: nil, seconds: 0.25)),
        .evaluation(.init(step: 3, epoch: 0, metrics: ["accuracy": 0.5], isBest: true)),
        .epoch(.init(epoch: 0, step: 3, metrics: ["loss": -.infinity], seconds: 1)),
        .checkpoint(.init(step: 3, path: "a \"b\"\n/c")),
        .warning("mind the\nline break"),
        .interrupted(.init(step: 3, run: nil, message: "m")),
        .finished(.init(system: "s", metrics: ["a": 1], baseline: ["a": 0.5], seconds: 2, run: "r")),
    ]

    @Test(arguments: events)
    func comeBackFromOneLine(event: RunEvent) throws {
        let line = try JSONLine.encode(event)
        #expect(!line.contains("\n"))
        #expect(try JSONLine.decode(RunEvent.self, line) == event)
        let fields = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(fields["event"] as? String == event.kind)
    }

    @Test func finishedIsAsPromised() throws {
        let line = try JSONLine.encode(Self.events.last)
        #expect(
            line == #"{"baseline":{"a":0.5},"event":"finished","metrics":{"a":1},"run":"r","seconds":2,"system":"s"}"#)
    }

    @Test func notANumberIsText() throws {
        let event = RunEvent.step(.init(step: 1, epoch: 0, metrics: ["loss": .nan], rate: nil, seconds: 0))
        let line = try JSONLine.encode(event)
        #expect(line.contains(#""loss":"NaN""#))
        guard case .step(let step) = try JSONLine.decode(RunEvent.self, line) else { return #expect(Bool(false)) }
        #expect(step.metrics["loss"]?.isNaN == true)
    }

    @Test func streamWritesALineAnEvent() {
        var text = ""
        let stream = EventStream { text += $0 }
        for event in Self.events { stream.receive(event) }
        #expect(text.split(separator: "\n").count == Self.events.count && text.hasSuffix("\n"))
    }

    @Test func unknownEventsAreNamed() {
        #expect(throws: DecodingError.self) { try JSONLine.decode(RunEvent.self, #"{"event":"lunch"}"#) }
    }
}
