import ApusControl
import ApusTensor
import Foundation
import Testing

/// What Gymnasium did; made by make-goldens.py.
struct Goldens: Decodable {
    struct Trajectory: Decodable {
        let start: [Double]
        let steps: [[Double]]
    }
    struct Table: Decodable {
        let starts: [Double]
        let table: [[[[Double]]]]
    }
    struct Advantages: Decodable {
        let rewards: [[Double]], values: [[Double]], ends: [[Int]], last: [Double], advantages: [[Double]]
        let discount: Double, decay: Double
    }
    let cartPole: [Trajectory], mountainCar: [Trajectory], lunarLander: [Trajectory]
    let frozenLake: Table, frozenLakeDry: Table, frozenLake8x8: Table, cliffWalking: Table, taxi: Table
    let advantages: Advantages

    static let gymnasium: Goldens = {
        let url = Bundle.module.url(forResource: "gymnasium", withExtension: "json", subdirectory: "Goldens")!
        return try! JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    }()
}

/// Whether numbers differ by no more than a tolerance.
private func areClose(_ a: [Double], _ b: some Sequence<Double>, _ tolerance: Double = 1e-12) -> Bool {
    zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
}

@Suite struct GymnasiumTests {
    @Test func cartPoleStepByStep() {
        for trajectory in Goldens.gymnasium.cartPole {
            var world = CartPole()
            world.begin(at: trajectory.start)
            for step in trajectory.steps {
                let outcome = world.step(Int(step[0]), .current)
                #expect(outcome == Outcome(reward: step[1], isTerminal: step[2] == 1))
                let state = [world.x, world.velocity, world.angle, world.angularVelocity]
                #expect(areClose(state, step[3...]))
            }
        }
    }

    @Test func mountainCarStepByStep() {
        var flags = 0
        for trajectory in Goldens.gymnasium.mountainCar {
            var world = MountainCar()
            world.begin(at: trajectory.start)
            for step in trajectory.steps {
                let outcome = world.step(Int(step[0]), .current)
                #expect(outcome == Outcome(reward: step[1], isTerminal: step[2] == 1))
                #expect(areClose([world.position, world.velocity], step[3...]))
                flags += outcome.isTerminal ? 1 : 0
            }
        }
        #expect(flags == 3)
    }

    @Test(arguments: ["lake", "dry lake", "large lake", "cliff", "taxi"])
    func tablesAreEqual(_ name: String) {
        let goldens = Goldens.gymnasium
        let (world, golden): (GridWorld, Goldens.Table) =
            switch name {
            case "lake": (.frozenLake(), goldens.frozenLake)
            case "dry lake": (.frozenLake(isSlippery: false), goldens.frozenLakeDry)
            case "large lake": (.frozenLake(.large), goldens.frozenLake8x8)
            case "cliff": (.cliffWalking(), goldens.cliffWalking)
            default: (.taxi(), goldens.taxi)
            }
        #expect(areClose(world.starts, golden.starts))
        #expect(world.table.count == golden.table.count)
        for (state, actions) in golden.table.enumerated() {
            for (action, chances) in actions.enumerated() {
                // Gymnasium lists equal outcomes apart, and so do we.
                let ours = world.table[state][action].map {
                    [$0.probability, Double($0.next), $0.reward, $0.isTerminal ? 1 : 0]
                }
                #expect(ours.count == chances.count)
                for (a, b) in zip(ours, chances) { #expect(areClose(a, b)) }
            }
        }
    }

    /// Box2D computes in single precision, and its joints give way a little: the craft flies the same way within some thousandths.
    @Test func theLanderFliesAlike() {
        for trajectory in Goldens.gymnasium.lunarLander {
            var world = LunarLander()
            world.begin(at: trajectory.start)
            #expect(trajectory.steps.count >= 20)
            for (number, step) in trajectory.steps.enumerated() {
                let outcome = world.step(Int(step[0]), dispersion: Array(step[2..<4]))
                #expect(!outcome.isTerminal)
                let observation = world.observation.prefix(6).map(Double.init)
                #expect(
                    areClose(observation, step[4...], 0.02), "step \(number): \(observation), Gymnasium's \(step[4...])"
                )
                // The first reward has no state before it to compare with.
                if number > 0 { #expect(abs(outcome.reward - step[1]) < 0.6, "step \(number)") }
            }
        }
    }

    @Test func advantagesAreThoseOfTheDefinition() {
        let golden = Goldens.gymnasium.advantages
        let ours = generalizedAdvantages(
            rewards: golden.rewards, values: golden.values, ends: golden.ends.map { $0.map { $0 == 1 } },
            lastValues: golden.last, discount: golden.discount, decay: golden.decay)
        #expect(areClose(Array(ours.joined()), golden.advantages.joined()))
    }
}

@Suite struct EnvironmentTests {
    private static var worlds: [any Environment] {
        [
            CartPole(), MountainCar(), LunarLander(), GridWorld.frozenLake(), GridWorld.cliffWalking(),
            GridWorld.taxi(),
        ]
    }

    @Test(arguments: 0..<6)
    func savedStatesGoOnTheSameWay(_ index: Int) throws {
        var world = Self.worlds[index]
        try world.reset(Generator(seed: 3))
        for step in 0..<5 { _ = try world.step(step % world.actionCount, Generator(seed: UInt64(step))) }
        var copy = Self.worlds[index]
        try copy.restore(world.savedState())
        #expect(copy.observation == world.observation)
        for step in 0..<5 {
            let outcome = try world.step(step % world.actionCount, Generator(seed: UInt64(step)))
            #expect(try copy.step(step % world.actionCount, Generator(seed: UInt64(step))) == outcome)
            #expect(copy.observation == world.observation)
        }
        #expect(world.observation.count == world.observationShape.elementCount)
        let picture = try world.picture()
        #expect(Set(picture.pixels).count > 2, "something is drawn")
    }

    @Test func episodesAreCutOffAndBeginAnew() throws {
        let generator = Generator(seed: 1)
        var worlds = try VectorEnvironment(MountainCar(), count: 2, generator)
        var transition = try worlds.step([1, 1], generator)
        for _ in 1..<200 { transition = try worlds.step([1, 1], generator) }
        #expect(transition.areTruncated == [true, true] && transition.areTerminal == [false, false])
        #expect(transition.finished.map(\.episode.length) == [200, 200])
        #expect(transition.finished.map(\.episode.totalReward) == [-200, -200])
        #expect(transition.nextObservations != worlds.observations, "the next episode has begun")
    }

    @Test func aSoftLandingIsWorthWhile() throws {
        // Burning whenever it falls fast brings the craft down unharmed in most fields.
        var returns: [Double] = []
        for seed in 0..<20 {
            var world = LunarLander()
            let generator = Generator(seed: UInt64(seed))
            world.reset(generator)
            var total = 0.0
            for _ in 0..<1000 {
                let outcome = world.step(pilot(world.observation.map(Double.init)), generator)
                total += outcome.reward
                if outcome.isTerminal { break }
            }
            returns.append(total)
        }
        #expect(returns.reduce(0, +) / 20 > 150, "\(returns)")
    }

    /// Proportional and derivative control of angle and height, as simple as can be.
    private func pilot(_ s: [Double]) -> Int {
        if s[6] + s[7] > 0 { return s[3] < -0.1 ? 2 : 0 }
        let wantedAngle = min(max(0.5 * s[0] + s[2], -0.4), 0.4)
        let turn = 0.5 * (wantedAngle - s[4]) - s[5]
        let lift = 0.5 * (0.55 * abs(s[0]) - s[1]) - 0.5 * s[3]
        if lift > abs(turn) && lift > 0.05 { return 2 }
        return turn < -0.05 ? 3 : turn > 0.05 ? 1 : 0
    }

    /// Dropped straight on its feet, Gymnasium's lander bore 1.4 m/s and crashed from 1.6 m/s on; under control some bear 4 m/s.
    @Test(arguments: [(0.5, false), (2.0, true), (3.5, true)])
    func legsBearASoftImpact(_ speed: Double, _ crashes: Bool) {
        var world = LunarLander()
        let heightAbovePad = 0.005
        world.begin(at: [0, heightAbovePad, 0, -speed * (400 / 60) / 50, 0, 0])
        var last = Outcome(reward: 0, isTerminal: false)
        for _ in 0..<200 where !last.isTerminal { last = world.step(0, dispersion: [0, 0]) }
        #expect(last == Outcome(reward: crashes ? -100 : 100, isTerminal: true))
    }

    @Test func valueIterationFindsTheWay() {
        let cliff = GridWorld.cliffWalking()
        // Up, eleven to the right, and down: thirteen steps.
        #expect(abs(cliff.optimalValues(discount: 1)[36] + 13) < 1e-9)
        #expect(cliff.optimalActions(discount: 1)[36] == 0)
        let lake = GridWorld.frozenLake()
        #expect(abs(lake.optimalValues(discount: 0.99)[0] - 0.5420) < 1e-3)
    }

    @Test func mapsAreReadOrRefused() throws {
        let map = try GridWorld.Map(text: "SF\nHG\n\n", source: "a.txt")
        #expect(map.lines == ["SF", "HG"])
        #expect(GridWorld.frozenLake(map, isSlippery: false).stateCount == 4)
        for bad in ["", "SF\nG", "SFx\nFFG", "FFG", "SFF", "\u{0}\u{1}"] {
            #expect(throws: (any Error).self) { try GridWorld.Map(text: bad, source: "a.txt") }
        }
        do { _ = try GridWorld.Map(text: "SF\nHx", source: "a.txt") } catch {
            #expect("\(error)".contains("a.txt") && "\(error)".contains("line 2"))
        }
    }
}

@Suite struct AtariTests {
    /// Speaks as the emulator does, with screens of 4×6: black at the beginning, then white; action 1 ends the game.
    private static let emulator = """
        #!/bin/bash
        echo "ready 4 6 NOOP,FIRE ."
        while read -r word argument; do
            case $word in
            screen) head -c 72 /dev/zero ;;
            reset) echo "0 0"; head -c 24 /dev/zero ;;
            step) echo "1.5 $argument"; head -c 24 /dev/zero | tr '\\0' '\\377' ;;
            esac
        done
        """

    @Test func screensAreStackedAndRewardsPassedOn() throws {
        let script = FileManager.default.temporaryDirectory.appendingPathComponent("emulator-\(UUID().uuidString)")
        try Data(Self.emulator.utf8).write(to: script)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
        defer { try? FileManager.default.removeItem(at: script) }
        var game = try AtariGame("any", python: script.path)
        #expect(game.actionNames == ["noop", "fire"] && game.observationShape == [4, 84, 84])
        var (blanks, seed) = (4, UInt64(0))
        // Some seeds begin with steps of nothing.
        while blanks < 4 || seed == 0 {
            seed += 1
            try game.reset(Generator(seed: seed))
            blanks = (0..<4).count { game.observation[$0 * 84 * 84] == 0 }
        }
        let outcome = try game.step(0, .current)
        #expect(outcome == Outcome(reward: 1.5, isTerminal: false))
        let shades = (0..<4).map { screen in Set(game.observation[(screen * 7056)..<((screen + 1) * 7056)]) }
        #expect(shades == [[0], [0], [0], [1]], "the newest is the last")
        #expect(try game.step(1, .current).isTerminal)
        #expect(try game.picture().pixels == [UInt8](repeating: 0, count: 72))
        let copies = try VectorEnvironment(AtariGame("any", python: script.path), count: 2, Generator(seed: 1))
        #expect(copies.batch.shape == [2, 4, 84, 84])
    }
}
