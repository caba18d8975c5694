import Apus
import Foundation

/// Where an agent learns to act.
package enum World: Codable, Hashable, Sendable {
    case cartPole, mountainCar, lunarLander
    case frozenLake, frozenLake8x8, cliffWalking, taxi
    /// A lake of the user's own.
    case map(GridWorld.Map, path: String)
    /// A game of the Arcade Learning Environment, such as `pong`.
    case atari(String)

    /// Those that need nothing from outside, by what `--set world=` is given.
    static let named: [(name: String, world: World)] = [
        ("cart-pole", .cartPole), ("mountain-car", .mountainCar), ("lunar-lander", .lunarLander),
        ("frozen-lake", .frozenLake), ("frozen-lake-8x8", .frozenLake8x8), ("cliff-walking", .cliffWalking),
        ("taxi", .taxi),
    ]

    /// What Atari's games are given as: `atari:pong`.
    static let atariPrefix = "atari:"

    /// - Throws: `InputError` with the nearest name.
    init(named name: String) throws {
        if name.hasPrefix(Self.atariPrefix) {
            self = .atari(String(name.dropFirst(Self.atariPrefix.count)))
            return
        }
        guard let entry = Self.named.first(where: { $0.name == name }) else {
            throw InputError.unknown(
                "world", name, of: "There are", among: Self.named.map(\.name) + [Self.atariPrefix + "GAME"])
        }
        self = entry.world
    }

    /// A lake's map from a file.
    ///
    /// - Throws: `DataError` or `InputError` naming the file and the remedy.
    init(mapAt url: URL) throws {
        guard let text = String(data: try readFile(url), encoding: .utf8) else {
            throw InputError(url.relativePath, "is no text in UTF-8", remedy: "Write lines of S, F, H and G")
        }
        self = .map(try GridWorld.Map(text: text, source: url.relativePath), path: url.standardizedFileURL.path)
    }

    var title: String {
        switch self {
        case .cartPole: "CartPole"
        case .mountainCar: "MountainCar"
        case .lunarLander: "LunarLander"
        case .frozenLake: "FrozenLake 4×4"
        case .frozenLake8x8: "FrozenLake 8×8"
        case .cliffWalking: "CliffWalking"
        case .taxi: "Taxi"
        case .map(_, let path): (path as NSString).lastPathComponent
        case .atari(let game): "Atari \(game)"
        }
    }

    func makeEnvironment() throws -> any Environment {
        switch self {
        case .cartPole: CartPole()
        case .mountainCar: MountainCar()
        case .lunarLander: LunarLander()
        case .frozenLake: GridWorld.frozenLake(.small)
        case .frozenLake8x8: GridWorld.frozenLake(.large)
        case .cliffWalking: GridWorld.cliffWalking()
        case .taxi: GridWorld.taxi()
        case .map(let map, _): GridWorld.frozenLake(map, isSlippery: false)
        case .atari(let game): try AtariGame(game)
        }
    }

    /// What the numbers of an observation are.
    var observationNames: [String] {
        switch self {
        case .cartPole: ["position", "velocity", "angle", "angular velocity"]
        case .mountainCar: ["position", "velocity"]
        case .lunarLander:
            ["beside", "above", "velocity →", "velocity ↑", "angle", "angular velocity", "left leg", "right leg"]
        default: []
        }
    }

    /// Seconds from one picture of an animation to the next at the world's own pace.
    var interval: Double {
        switch self {
        case .cartPole, .lunarLander: 0.02
        case .mountainCar: 1.0 / 30
        case .atari: 1.0 / 15
        default: 0.25
        }
    }
}

// MARK: Recipes

extension World {
    /// Periods between two measurements, and rounds in each.
    var schedule: (epochs: Int, rounds: Int) {
        switch self {
        case .cartPole: (20, 10)
        case .mountainCar: (20, 24)
        case .lunarLander: (20, 24)
        case .frozenLake, .frozenLake8x8, .cliffWalking, .map: (15, 10)
        case .taxi: (20, 24)
        case .atari: (50, 100)
        }
    }

    /// How Q-learning does well here. Where SB3's tuned recipes exist, they were begun with.
    var deepQ: DeepQLearner.Configuration {
        var recipe = DeepQLearner.Configuration()
        switch self {
        case .cartPole: recipe.learningRate = 2.3e-3
        case .mountainCar:
            recipe.discount = 0.98
            recipe.learningRate = 4e-3
            recipe.batchSize = 128
            recipe.capacity = 20_000
            recipe.targetInterval = 300
            recipe.explorationShare = 0.2
            recipe.lastExploration = 0.07
        case .lunarLander:
            recipe.learningRate = 6.3e-4
            recipe.batchSize = 128
            recipe.targetInterval = 125
            recipe.explorationShare = 0.12
            recipe.lastExploration = 0.1
        case .frozenLake, .frozenLake8x8, .map, .cliffWalking, .taxi:
            recipe.explorationShare = 0.5
            recipe.targetInterval = 50
            recipe.capacity = 20_000
        case .atari:
            recipe.isPixels = true
            recipe.clipsRewards = true
            recipe.capacity = 20_000
            recipe.learningStart = 5_000
            recipe.learningRate = 1e-4
            recipe.copies = 4
            recipe.stepsPerRound = 32
            recipe.updatesPerRound = 8
            recipe.batchSize = 32
            recipe.targetInterval = 250
            recipe.explorationShare = 0.1
            recipe.lastExploration = 0.01
        }
        return recipe
    }

    /// How policy gradients do well here.
    var proximalPolicy: ProximalPolicyLearner.Configuration {
        var recipe = ProximalPolicyLearner.Configuration()
        switch self {
        case .cartPole: break
        case .mountainCar:
            recipe = .init()
            (recipe.copies, recipe.horizon, recipe.discount, recipe.decay) = (16, 16, 0.99, 0.98)
            (recipe.epochs, recipe.batchSize) = (4, 64)
        default:
            (recipe.copies, recipe.horizon, recipe.discount, recipe.decay) = (16, 64, 0.99, 0.95)
            (recipe.epochs, recipe.batchSize, recipe.entropyWeight, recipe.learningRate) = (4, 256, 0.01, 3e-4)
        }
        return recipe
    }
}
