import ApusData
import ApusTensor
import Foundation

/// A game of the Atari 2600 through the Arcade Learning Environment, prepared as in the DQN paper.
///
/// Observation: the last four screens, gray, 84×84, in [0, 1]. Each action is held for four frames; a game is cut off after 27,000 of them, half an hour.
/// Each copy that is reset first starts an emulator of its own. An emulator's state is not saved: after `restore` a new game begins.
///
/// Reference: Mnih et al. 2015, “Preprocessing”.
public struct AtariGame: Environment {
    /// As ale-py calls it: `pong`.
    public let name: String
    public let actionNames: [String]
    private let python: String
    private var emulator: AtariEmulator?
    /// The last four, oldest first.
    private var screens: [[Float]] = []

    static let side = 84
    static let screenCount = 4

    /// - Parameter python: the interpreter that has ale-py; by default what `APUS_PYTHON` names, else `python3`.
    /// - Throws: where Python, ale-py or the game is missing, with what to do about it.
    public init(_ name: String, python: String? = nil) throws {
        self.name = name
        self.python = python ?? ProcessInfo.processInfo.environment["APUS_PYTHON"] ?? "python3"
        actionNames = try AtariEmulator(name, python: self.python).actionNames
    }

    public var observationShape: Shape { [Self.screenCount, Self.side, Self.side] }
    public var stepLimit: Int? { 27_000 }
    public var observation: [Float] {
        screens.isEmpty
            ? Array(repeating: 0, count: Self.screenCount * Self.side * Self.side) : screens.flatMap { $0 }
    }

    public mutating func reset(_ generator: Generator) throws {
        let emulator = try self.emulator ?? AtariEmulator(name, python: python)
        self.emulator = emulator
        let frame = try emulator.reset(seed: Int32(truncatingIfNeeded: generator.next() >> 33))
        screens = Array(repeating: Self.prepared(frame), count: Self.screenCount)
        // Up to 30 frames of nothing, so that games don't all go the same way.
        for _ in 0..<generator.integer(below: 8) { _ = try step(0, generator) }
    }

    public mutating func step(_ action: Int, _ generator: Generator) throws -> Outcome {
        guard let emulator else { preconditionFailure("AtariGame: step before reset") }
        let frame = try emulator.step(action)
        screens = screens.dropFirst() + [Self.prepared(frame)]
        return Outcome(reward: frame.reward, isTerminal: frame.isOver)
    }

    private static func prepared(_ frame: AtariEmulator.Frame) -> [Float] {
        let picture = FloatImage(Image(width: frame.width, height: frame.height, channels: 1, pixels: frame.pixels))
        return picture.resized(height: side, width: side).values.map { min(max($0, 0), 1) }
    }

    public func picture() throws -> Image {
        guard let emulator else { preconditionFailure("AtariGame: picture before reset") }
        let screen = try emulator.screen()
        return Image(width: screen.width, height: screen.height, channels: 3, pixels: screen.pixels)
    }

    public func savedState() -> Data { Data() }

    public mutating func restore(_ state: Data) throws { try reset(.current) }
}
