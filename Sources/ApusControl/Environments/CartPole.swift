import ApusData
import ApusTensor
import Foundation

/// A pole on a cart that is pushed to the left or to the right: keep it upright.
///
/// Observation: position in m, velocity in m/s, angle in rad, angular velocity in rad/s. Each step is worth 1. The episode ends where the cart
/// is 2.4 m away from the middle or the pole leans by 12°, and is cut off after 500 steps, as `CartPole-v1`.
///
/// Reference: Barto, Sutton and Anderson, “Neuronlike adaptive elements that can solve difficult learning control problems”, 1983;
/// equations corrected after Florian, 2007.
public struct CartPole: Environment, StateSettable, Codable, Hashable, Sendable {
    /// Of the cart, in m.
    public var x = 0.0
    /// In m/s.
    public var velocity = 0.0
    /// Of the pole from upright, to the right, in rad.
    public var angle = 0.0
    /// In rad/s.
    public var angularVelocity = 0.0

    static let gravity = 9.8
    static let cartMass = 1.0
    static let poleMass = 0.1
    /// From the cart to the pole's middle, in m.
    static let halfLength = 0.5
    /// In N.
    static let force = 10.0
    /// Seconds a step.
    static let interval = 0.02
    static let largestX = 2.4
    static let largestAngle = 12 * 2 * Double.pi / 360

    public init() {}

    public var observationShape: Shape { [4] }
    public var actionNames: [String] { ["left", "right"] }
    public var stepLimit: Int? { 500 }
    public var observation: [Float] { [Float(x), Float(velocity), Float(angle), Float(angularVelocity)] }

    public mutating func reset(_ generator: Generator) {
        begin(at: (0..<4).map { _ in generator.uniform(in: -0.05...0.05) })
    }

    public mutating func begin(at observation: [Double]) {
        (x, velocity, angle, angularVelocity) = (observation[0], observation[1], observation[2], observation[3])
    }

    public mutating func step(_ action: Int, _ generator: Generator) -> Outcome {
        let force = action == 1 ? Self.force : -Self.force
        let (sine, cosine) = (sin(angle), cos(angle))
        let mass = Self.cartMass + Self.poleMass
        let moment = Self.poleMass * Self.halfLength

        // Florian's (23) and (24) without friction
        let push = (force + moment * (angularVelocity * angularVelocity) * sine) / mass
        let angularAcceleration =
            (Self.gravity * sine - cosine * push)
            / (Self.halfLength * (4.0 / 3.0 - Self.poleMass * (cosine * cosine) / mass))
        let acceleration = push - moment * angularAcceleration * cosine / mass

        x += Self.interval * velocity
        velocity += Self.interval * acceleration
        angle += Self.interval * angularVelocity
        angularVelocity += Self.interval * angularAcceleration

        let isTerminal = abs(x) > Self.largestX || abs(angle) > Self.largestAngle
        return Outcome(reward: 1, isTerminal: isTerminal)
    }
}
