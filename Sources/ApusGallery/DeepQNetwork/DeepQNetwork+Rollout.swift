import Apus
import Foundation

extension DeepQNetwork {
    /// Where an episode begins.
    struct Start {
        /// What the user reads it as.
        var name: String
        var seed: UInt64 = 0
        /// What is seen at the beginning; drawn by the seed where nil.
        var observation: [Double]?

        /// A whole number, or a CSV file with an observation in each line.
        ///
        /// - Throws: `InputError` or `DataError` naming the input and the remedy.
        static func parse(_ input: String, _ world: World, _ environment: any Environment) throws -> [Start] {
            if let seed = UInt64(input) { return [Start(name: "seed \(seed)", seed: seed)] }
            guard environment is any StateSettable else {
                throw InputError(
                    input, "an episode in \(world.title) can't begin at an observation",
                    remedy: "Give whole numbers, each the seed of an episode")
            }
            let table = try Table(contentsOf: URL(fileURLWithPath: input))
            let names = world.observationNames
            guard table.columns.count == names.count, table.rowCount > 0 else {
                throw InputError(
                    input, "it has \(table.rowCount) lines of \(table.columns.count) columns",
                    remedy: "Write \(names.count) numbers a line: \(names.joined(separator: ", "))")
            }
            let columns = try table.columns.map { try table.numbers($0.name) }
            return try (0..<table.rowCount).map { row in
                let observation = columns.map { $0[row] }
                guard observation.allSatisfy(\.isFinite) else {
                    throw InputError(input, "row \(row + 1) has a number that is not finite", remedy: "Mend the row")
                }
                return Start(name: "\(input), row \(row + 1)", observation: observation)
            }
        }
    }

    /// An episode with everything that was seen, thought and done in it.
    struct Rollout {
        let start: Start
        var pictures: [Image] = []
        var observations: [[Float]] = []
        /// What the network said of each action, `[step][action]`.
        var scores: [[Float]] = []
        var actions: [Int] = []
        var rewards: [Double] = []

        var totalReward: Double { rewards.reduce(0, +) }

        /// Plays an episode, greedily; without a policy, at random.
        init(
            of policy: (any DiscretePolicy)?, in world: any Environment, from start: Start, drawsPictures: Bool = true
        ) throws {
            self.start = start
            var world = world
            let generator = Generator(seed: start.seed)
            try world.reset(generator)
            if let observation = start.observation, var settable = world as? any StateSettable {
                settable.begin(at: observation)
                world = settable
            }
            let batchShape = Shape([1] + Array(world.observationShape))
            while actions.count < world.stepLimit ?? 10_000 {
                let observation = world.observation
                observations.append(observation)
                if drawsPictures { pictures.append(try world.picture()) }
                let values: [Float]? = policy?.scores(Tensor(observation, shape: batchShape)).elements()
                let action =
                    values.map { row in row.indices.max { row[$0] < row[$1] }! }
                    ?? generator.integer(below: world.actionCount)
                scores.append(values ?? [])
                actions.append(action)
                let outcome = try world.step(action, generator)
                rewards.append(outcome.reward)
                if outcome.isTerminal { break }
            }
            if drawsPictures { pictures.append(try world.picture()) }
        }

        /// At the world's pace, or faster where it would be more than some pictures.
        func animation(_ world: World, frames: Int) throws -> Data {
            let stride = max(1, (pictures.count + frames - 1) / frames)
            // Fewer than 25 pictures a second are enough for the eye.
            let step = max(stride, Int((0.04 / world.interval).rounded()))
            let kept = pictures.indices.filter { $0 % step == 0 || $0 == pictures.count - 1 }.map { pictures[$0] }
            let pace = min(Double(step) * world.interval, max(0.04, world.interval))
            return try AnimatedPNG(kept, secondsPerFrame: pace, lastFrameSeconds: 1).data()
        }

        struct Event: Encodable, Sendable {
            let start: String
            let totalReward: Double
            let actions: [Int]
            let scores: [[Float]]
        }

        var event: Event {
            Event(start: start.name, totalReward: totalReward, actions: actions, scores: scores)
        }
    }
}
