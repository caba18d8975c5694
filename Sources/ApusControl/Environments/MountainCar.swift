import ApusData
import ApusTensor
import Foundation

/// A car in a valley whose engine is too weak for the slope: swing up to the flag on the right.
///
/// Observation: position and velocity. Each step costs 1 until the position 0.5 is reached; after 200 steps the episode is cut off, as `MountainCar-v0`.
///
/// Reference: Moore, “Efficient memory-based learning for robot control”, 1990.
public struct MountainCar: Environment, StateSettable, Codable, Hashable, Sendable {
    /// Along the valley, from −1.2 to 0.6.
    public var position = -0.5
    /// A step, at most 0.07.
    public var velocity = 0.0

    static let positions = -1.2...0.6
    static let largestVelocity = 0.07
    static let goal = 0.5
    static let force = 0.001
    static let gravity = 0.0025

    public init() {}

    public var observationShape: Shape { [2] }
    public var actionNames: [String] { ["back", "coast", "forward"] }
    public var stepLimit: Int? { 200 }
    public var observation: [Float] { [Float(position), Float(velocity)] }

    public mutating func reset(_ generator: Generator) {
        begin(at: [generator.uniform(in: -0.6 ... -0.4), 0])
    }

    public mutating func begin(at observation: [Double]) {
        (position, velocity) = (observation[0], observation[1])
    }

    public mutating func step(_ action: Int, _ generator: Generator) -> Outcome {
        velocity += Double(action - 1) * Self.force + cos(3 * position) * -Self.gravity
        velocity = min(max(velocity, -Self.largestVelocity), Self.largestVelocity)
        position = min(max(position + velocity, Self.positions.lowerBound), Self.positions.upperBound)
        // The wall on the left takes the car's speed.
        if position == Self.positions.lowerBound && velocity < 0 { velocity = 0 }
        return Outcome(reward: -1, isTerminal: position >= Self.goal && velocity >= 0)
    }

    /// The valley's height at a position.
    static func height(at position: Double) -> Double { sin(3 * position) * 0.45 + 0.55 }
}
