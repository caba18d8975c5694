import ApusData
import ApusTensor
import Foundation

/// A lander with a main engine and two side engines: come down between the flags, softly, on both legs.
///
/// Observation: place beside and above the pad, velocity, angle, angular velocity, and for each leg whether it touches the ground; all in the units of
/// Gymnasium's `LunarLander-v3`, whose constants, rewards and limits these are. An episode counts as solved from a return of 200 on.
///
/// Gymnasium's craft is three bodies with joints in a Box2D world. Here it is one rigid body with the same mass, inertia and engines, so that it flies the same way;
/// on the ground its legs are stiff, and break at the impact at which Gymnasium's sprung ones give way too far.
public struct LunarLander: Environment, Codable, Hashable, Sendable {
    /// Of the hull's origin, in m; the world is 20 by 13⅓ m.
    var position = Vector(x: 0, y: 0)
    /// Of the hull's centre of mass, in m/s.
    private(set) var velocity = Vector(x: 0, y: 0)
    /// To the left, in rad.
    private(set) var angle = 0.0
    /// In rad/s.
    private(set) var angularVelocity = 0.0
    /// The ground's heights, evenly from left to right.
    private(set) var terrain: [Double] = []
    private var touches = [false, false]
    private var shaping: Double?
    private var restingSeconds = 0.0
    private var hasCrashed = false
    /// What the last action burned, to be drawn.
    private(set) var flame: Flame?

    /// An engine.
    enum Flame: String, Codable, Hashable, Sendable { case left, main, right }

    /// In m, or m/s.
    struct Vector: Codable, Hashable, Sendable {
        var x: Double
        var y: Double

        static func + (a: Vector, b: Vector) -> Vector { Vector(x: a.x + b.x, y: a.y + b.y) }
        static func - (a: Vector, b: Vector) -> Vector { Vector(x: a.x - b.x, y: a.y - b.y) }
        static func * (s: Double, v: Vector) -> Vector { Vector(x: s * v.x, y: s * v.y) }
        func dot(_ other: Vector) -> Double { x * other.x + y * other.y }
        /// The part of `self × other` that stands on the plane.
        func cross(_ other: Vector) -> Double { x * other.y - y * other.x }
        /// Turned to the left.
        func rotated(by angle: Double) -> Vector {
            Vector(x: cos(angle) * x - sin(angle) * y, y: sin(angle) * x + cos(angle) * y)
        }
        var length: Double { dot(self).squareRoot() }
    }

    /// Pixels of Gymnasium's picture a metre: its constants are given in them.
    static let scale = 30.0
    static let (width, height) = (600 / scale, 400 / scale)
    static let interval = 1.0 / 50
    static let padHeight = height / 4
    static let legDown = 18 / scale
    static let gravity = -10.0
    /// What the legs bear, in m/s. At a faster impact Gymnasium's give way until the hull touches the ground: it was let fall there to find out.
    static let largestImpact = 1.7

    public init() {}

    public var observationShape: Shape { [8] }
    public var actionNames: [String] { ["coast", "left engine", "main engine", "right engine"] }
    public var stepLimit: Int? { 1000 }

    private var state: [Double] {
        [
            (position.x - Self.width / 2) / (Self.width / 2),
            (position.y - (Self.padHeight + Self.legDown)) / (Self.height / 2),
            velocity.x * (Self.width / 2) * Self.interval, velocity.y * (Self.height / 2) * Self.interval,
            angle, 20 * angularVelocity * Self.interval, touches[0] ? 1 : 0, touches[1] ? 1 : 0,
        ]
    }

    public var observation: [Float] { state.map(Float.init) }

    public mutating func reset(_ generator: Generator) {
        let chunks = 11
        var heights = (0...chunks).map { _ in generator.uniform(in: 0...(Self.height / 2)) }
        for flat in (chunks / 2 - 2)...(chunks / 2 + 2) { heights[flat] = Self.padHeight }
        // As Python's, the first has the last one before it.
        terrain = (0..<chunks).map { 0.33 * (heights[($0 + chunks) % (chunks + 1)] + heights[$0] + heights[$0 + 1]) }
        position = Vector(x: Self.width / 2, y: Self.height)
        // A push of up to 1000 N, for one step.
        velocity =
            (Self.interval / Craft.mass)
            * Vector(x: generator.uniform(in: -1000...1000), y: generator.uniform(in: -1000...1000))
        (angle, angularVelocity, touches, shaping) = (0, 0, [false, false], nil)
        (restingSeconds, hasCrashed, flame) = (0, false, nil)
        _ = step(0, generator)
    }

    public mutating func step(_ action: Int, _ generator: Generator) -> Outcome {
        step(action, dispersion: (0..<2).map { _ in generator.uniform(in: -1...1) / Self.scale })
    }

    /// - Parameter dispersion: how far the engines' push is off, in m.
    package mutating func step(_ action: Int, dispersion: [Double]) -> Outcome {
        fire(action, dispersion)
        move()
        return outcome(ofAction: action)
    }
}

// MARK: Flight

extension LunarLander {
    /// The hull with its two legs as one body.
    enum Craft {
        static let hull = [(-14, 17), (-17, 0), (-17, -10), (17, -10), (17, 0), (14, 17)].map {
            Vector(x: Double($0.0) / scale, y: Double($0.1) / scale)
        }
        /// Where the legs stay as long as nothing presses them: the joints' limits.
        static let legAngles = [0.4, -0.4]
        static let legAway = 20 / scale
        /// Half of a leg's width and height.
        static let legSize = Vector(x: 2 / scale, y: 8 / scale)
        static let mass = hullMass + 2 * legMass
        static let hullMass = 5 * polygon.area
        static let legMass = 4 * legSize.x * legSize.y

        static let legCentres = [-1.0, 1.0].enumerated().map { leg, side in
            -1 * Vector(x: side * legAway, y: legDown).rotated(by: legAngles[leg])
        }
        /// The hull's centre of mass, from its origin.
        static let hullCentre = polygon.centroid
        static let centre =
            (1 / mass) * (hullMass * hullCentre + legMass * legCentres[0] + legMass * legCentres[1])
        /// Around the centre of mass.
        static let inertia: Double = {
            let ofLeg = legMass * (4 * legSize.x * legSize.x + 4 * legSize.y * legSize.y) / 12
            let legs = legCentres.reduce(0) { $0 + ofLeg + legMass * ($1 - centre).dot($1 - centre) }
            let ofHull = 5 * polygon.secondMoment - hullMass * hullCentre.dot(hullCentre)
            return legs + ofHull + hullMass * (hullCentre - centre).dot(hullCentre - centre)
        }()

        /// Each leg's lower corners, where it stands.
        static let feet = legCentres.enumerated().map { leg, centre in
            [-1.0, 1.0].map { centre + Vector(x: $0 * legSize.x, y: -legSize.y).rotated(by: legAngles[leg]) }
        }

        /// Area, centroid, and ∫|r|² dA of the hull, a sum over the triangles between its origin and its edges.
        private static let polygon: (area: Double, centroid: Vector, secondMoment: Double) = {
            var (area, centre, moment) = (0.0, Vector(x: 0, y: 0), 0.0)
            for (a, b) in zip(hull, hull.dropFirst() + hull.prefix(1)) {
                let triangle = a.cross(b) / 2
                area += triangle
                centre = centre + (triangle / 3) * (a + b)
                moment += triangle / 6 * (a.dot(a) + a.dot(b) + b.dot(b))
            }
            return (area, (1 / area) * centre, moment)
        }()
    }

    /// The engines' impulses, in N·s, with Gymnasium's constants.
    private mutating func fire(_ action: Int, _ dispersion: [Double]) {
        flame = [nil, .left, .main, .right][action]
        guard let flame else { return }
        // Where the craft's top and its left side point to.
        let (tip, side) = (Vector(x: sin(angle), y: cos(angle)), Vector(x: -cos(angle), y: sin(angle)))
        let offset: Vector
        let place: Vector
        let power: Double
        switch flame {
        case .main:
            let shift = (4 / Self.scale + 2 * dispersion[0]) * tip + dispersion[1] * side
            offset = Vector(x: shift.x, y: -shift.y)
            place = position + offset
            power = 13
        case .left, .right:
            let direction = flame == .left ? -1.0 : 1.0
            let shift = dispersion[0] * tip + (3 * dispersion[1] + direction * 12 / Self.scale) * side
            offset = Vector(x: shift.x, y: -shift.y)
            place = position + offset + Vector(x: -tip.x * 17 / Self.scale, y: tip.y * 14 / Self.scale)
            power = 0.6
        }
        push((-power) * offset, at: place)
    }

    private var centre: Vector { position + Craft.centre.rotated(by: angle) }

    /// Of the craft's centre of mass; `velocity` is that of the hull's.
    private var centreVelocity: Vector {
        get { velocity + turning(at: (Craft.centre - Craft.hullCentre).rotated(by: angle)) }
        set { velocity = newValue - turning(at: (Craft.centre - Craft.hullCentre).rotated(by: angle)) }
    }

    /// `ω × r`
    private func turning(at arm: Vector) -> Vector { angularVelocity * Vector(x: -arm.y, y: arm.x) }

    /// An impulse on a point of the body.
    private mutating func push(_ impulse: Vector, at point: Vector) {
        let speed = centreVelocity + (1 / Craft.mass) * impulse
        angularVelocity += (point - centre).cross(impulse) / Craft.inertia
        centreVelocity = speed
    }

    /// One interval: gravity, the ground, then the way of a symplectic Euler step.
    private mutating func move() {
        centreVelocity = centreVelocity + Vector(x: 0, y: Self.gravity * Self.interval)
        stand()
        let (speed, next) = (centreVelocity, centre + Self.interval * centreVelocity)
        angle += Self.interval * angularVelocity
        position = next - Craft.centre.rotated(by: angle)
        centreVelocity = speed
    }
}

// MARK: Ground

extension LunarLander {
    /// The ground below a point: its height there and the direction that stands on it.
    private func ground(below x: Double) -> (height: Double, normal: Vector) {
        let chunk = Self.width / Double(terrain.count - 1)
        let left = min(max(Int(x / chunk), 0), terrain.count - 2)
        let slope = (terrain[left + 1] - terrain[left]) / chunk
        let length = (1 + slope * slope).squareRoot()
        return (terrain[left] + slope * (x - Double(left) * chunk), Vector(x: -slope / length, y: 1 / length))
    }

    /// A point of the craft where it is now, from the hull's origin.
    func placed(_ point: Vector) -> Vector { position + point.rotated(by: angle) }

    /// Sequential impulses (Catto 2005) keep the feet out of the ground; a hull that touches it has crashed.
    private mutating func stand() {
        let friction = (0.1 * 0.2).squareRoot()
        var contacts: [(point: Vector, normal: Vector, depth: Double, pressed: Double, rubbed: Double)] = []
        touches = [false, false]
        var legsBreak = false
        for (leg, feet) in Craft.feet.enumerated() {
            for foot in feet {
                let point = placed(foot)
                let (height, normal) = ground(below: point.x)
                let depth = (height - point.y) * normal.y
                guard depth > -0.01 else { continue }
                touches[leg] = true
                if -centreVelocity.dot(normal) > Self.largestImpact { legsBreak = true }
                contacts.append((point, normal, depth, 0, 0))
            }
        }
        hasCrashed = legsBreak || Craft.hull.contains { placed($0).y <= ground(below: placed($0).x).height }
        for _ in 0..<(contacts.isEmpty ? 0 : 30) {
            for index in contacts.indices {
                let contact = contacts[index]
                let tangent = Vector(x: contact.normal.y, y: -contact.normal.x)
                // What lies too deep is pushed out over some steps, but for a slop that keeps contacts alive.
                let recovery = 0.2 / Self.interval * max(0, contact.depth - 0.005)
                let needed =
                    (recovery - speed(at: contact.point).dot(contact.normal)) * mass(contact.point, contact.normal)
                let pressed = max(0, contact.pressed + needed)
                push((pressed - contact.pressed) * contact.normal, at: contact.point)
                let stop = -speed(at: contact.point).dot(tangent) * mass(contact.point, tangent)
                let rubbed = min(max(contact.rubbed + stop, -friction * pressed), friction * pressed)
                push((rubbed - contact.rubbed) * tangent, at: contact.point)
                (contacts[index].pressed, contacts[index].rubbed) = (pressed, rubbed)
            }
        }
    }

    private func speed(at point: Vector) -> Vector { centreVelocity + turning(at: point - centre) }

    /// What an impulse along `direction` at a point has to move.
    private func mass(_ point: Vector, _ direction: Vector) -> Double {
        let arm = (point - centre).cross(direction)
        return 1 / (1 / Craft.mass + arm * arm / Craft.inertia)
    }

    // MARK: Reward

    /// Nearer, slower and more upright than before is worth something, fuel costs; crashing costs 100, and coming to rest is worth 100.
    private mutating func outcome(ofAction action: Int) -> Outcome {
        let state = state
        let now =
            -100 * (state[0] * state[0] + state[1] * state[1]).squareRoot()
            - 100 * (state[2] * state[2] + state[3] * state[3]).squareRoot() - 100 * abs(state[4])
            + 10 * state[6] + 10 * state[7]
        let fuel = [0, 0.03, 0.3, 0.03][action]
        let reward = (shaping.map { now - $0 } ?? 0) - fuel
        shaping = now
        let isStill = touches == [true, true] && velocity.length < 0.01 && abs(angularVelocity) < 2 / 180 * Double.pi
        restingSeconds = isStill ? restingSeconds + Self.interval : 0
        if hasCrashed || abs(state[0]) >= 1 { return Outcome(reward: -100, isTerminal: true) }
        // Box2D lets a body sleep after half a second.
        if restingSeconds >= 0.5 { return Outcome(reward: 100, isTerminal: true) }
        return Outcome(reward: reward, isTerminal: false)
    }
}

extension LunarLander: StateSettable {
    /// As if seen so in the air over even ground.
    public mutating func begin(at observation: [Double]) {
        terrain = Array(repeating: Self.padHeight, count: 11)
        position = Vector(
            x: (observation[0] + 1) * Self.width / 2,
            y: observation[1] * (Self.height / 2) + Self.padHeight + Self.legDown)
        velocity = Vector(
            x: observation[2] / (Self.width / 2 * Self.interval), y: observation[3] / (Self.height / 2 * Self.interval))
        angle = observation[4]
        angularVelocity = observation[5] / (20 * Self.interval)
        (touches, shaping, restingSeconds, hasCrashed, flame) = ([false, false], nil, 0, false, nil)
    }
}
