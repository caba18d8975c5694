import Apus
import ApusGallery
import Foundation
import Testing

@Suite struct DeepQNetworkModels {
    /// The published network: 1,687,206 parameters with 6 actions, from its layers' sizes in the paper.
    @Test func thePapersNetworkHasItsSize() {
        let network = ValueNetwork([4, 84, 84], actionCount: 6, encoder: .convolutions, width: 512, isDueling: false)
        #expect(network.parameterCount == 1_687_206)
        #expect(network.scores(.zeros([2, 4, 84, 84])).shape == [2, 6])
        let dueling = ValueNetwork([4, 84, 84], actionCount: 6, encoder: .convolutions, width: 512, isDueling: true)
        // A second stream of 3136 × 512 and its value.
        #expect(dueling.parameterCount == 1_687_206 + 3136 * 512 + 512 + 512 + 1)
    }

    @Test func advantagesDoNotChangeTheValue() {
        let head = withSeed(3) { DuelingHead(5, 3, width: 8) }
        let x = Tensor.uniform([4, 5])
        let difference = head(x).mean(axes: 1) - head.value(x).squeezed(1)
        #expect(abs(difference).max().item() < 1e-6, "the mean over actions is V")
    }

    @Test(arguments: ["dqn", "prioritized", "ppo"])
    func gradientsReachEveryParameter(_ preset: String) throws {
        let system = DeepQNetwork()
        var options = TrainOptions(folder: URL(fileURLWithPath: "."))
        options.settings = try SettingValues(of: system.card, for: .training)
        let configuration = try DeepQNetwork.Configuration(options, preset: system.preset(named: preset))
        let policy = withSeed(1) { configuration.makePolicy(in: CartPole()) }
        let x = Tensor.normal([6, 4])
        func norms(_ loss: (any DiscretePolicy) -> Tensor) -> [Double] {
            gradientNorms(policy, loss)
        }
        let reached = norms { policy in
            guard let network = policy as? any ActorCritic else { return square(policy.scores(x)).sum() }
            let (logits, values) = network.logitsAndValues(x)
            return square(logits - 1).sum() + square(values - 1).sum()
        }
        #expect(reached.count == policy.namedParameters.count && reached.allSatisfy { $0 > 0 })
    }

    private func gradientNorms<Policy: DiscretePolicy>(_ policy: Policy, _ loss: (any DiscretePolicy) -> Tensor)
        -> [Double]
    {
        let (_, gradients) = valueAndGradients(policy) { loss($0) }
        return policy.namedParameters.map { gradients[$0.slot].map { abs($0).sum().item() } ?? 0 }
    }
}

@Suite struct DeepQNetworkCommands {
    private func train(_ place: Workplace, _ arguments: String..., out: String = "run") throws
        -> Workplace.Result
    {
        try place.apus(
            ["train", "deep-q-network", "--threads", "1", "--set", "seeds=2", "--out", place.url(out).path] + arguments)
    }

    private func value(_ metric: String, of metrics: Any?) throws -> Double {
        try #require((metrics as? [String: Double])?[metric])
    }

    @Test func itLearnsToWalkAlongACliff() throws {
        let place = try Workplace()
        let result = try train(place, "--set", "world=cliff-walking", "--epochs", "8", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let finished = try #require(result.events("finished").last)
        // Thirteen steps are best; random actions fall off again and again.
        #expect(try value("return", of: finished["metrics"]) >= -17)
        #expect(try value("return", of: finished["baseline"]) < -200)
        let report = try String(contentsOf: place.url("run/report.html"), encoding: .utf8)
        #expect(report.contains("95 % interval") && report.contains("by value iteration"))

        // What is kept plays the same again.
        let again = try place.apus(["evaluate", "deep-q-network", "--model", place.url("run").path, "--json"])
        let measured = try #require(again.events("finished").last)
        #expect(measured["metrics"] as? [String: Double] == finished["metrics"] as? [String: Double])

        let picture = place.url("walk.png")
        let use = try place.apus([
            "predict", "deep-q-network", "--model", place.url("run").path, "3", "--set", "out=\(picture.path)",
        ])
        #expect(use.status == 0, "\(use.errors)")
        let bytes = try Data(contentsOf: picture)
        #expect(bytes.range(of: Data("acTL".utf8)) != nil, "an animated PNG")
        #expect(try Image(contentsOf: picture).width > 100, "which plain readers read too")

        for (input, word) in [("nowhere.csv", "can't begin at"), ("-3", "can't begin at")] {
            let bad = try place.apus(["predict", "deep-q-network", "--model", place.url("run").path, "--", input])
            #expect(bad.status == 1 && bad.errors.contains(word), "\(bad.errors)")
        }
    }

    @Test func anEpisodeBeginsWhereTheUserSays() throws {
        let place = try Workplace()
        #expect(try train(place, "--epochs", "1", "--preset", "ppo").status == 0)
        let (good, bad) = (place.url("states.csv"), place.url("bad.csv"))
        try Data("0,0,0.01,0\n1.5,0.2,0,0\n".utf8).write(to: good)
        try Data("1,2\n3,4\n".utf8).write(to: bad)
        let use = try place.apus([
            "predict", "deep-q-network", "--model", place.url("run").path, "--json", "--set",
            "out=\(place.url("a.png").path)", good.path, bad.path, place.url("none.csv").path,
        ])
        #expect(use.status == 1)
        #expect(use.events("episode").count == 2)
        #expect((use.output + use.errors).contains("4 numbers a line"))
    }

    /// Worlds, replay and priorities are in the checkpoint too.
    @Test func anInterruptedRunGoesTheSameWay() throws {
        let place = try Workplace()
        let arguments = [
            "train", "deep-q-network", "--set", "seeds=2", "--set", "world=frozen-lake", "--epochs", "4", "--json",
        ]
        let whole = try place.apus(arguments + ["--out", "whole"])
        #expect(whole.status == 0, "\(whole.errors)")
        let stopped = try place.start(arguments + ["--out", "cut"])
        while try stopped.process.isRunning && !stopped.output.contains("\"epoch\":1") { usleep(20_000) }
        stopped.process.interrupt()
        stopped.process.waitUntilExit()
        #expect(stopped.process.terminationStatus == 130)
        let rest = try place.apus("train", "deep-q-network", "--resume", "cut", "--json")
        #expect(rest.status == 0, "\(rest.errors)")
        func weights(_ run: String) throws -> Data { try Data(contentsOf: place.url("\(run)/model.safetensors")) }
        #expect(try weights("whole") == weights("cut"))
    }

    @Test func mistakesAreNamed() throws {
        let place = try Workplace()
        let map = place.url("lake.txt")
        try Data("SFF\nFXG\n".utf8).write(to: map)
        for (arguments, words) in [
            (["--set", "world=cart-pol"], ["cart-pol", "Did you mean cart-pole?"]),
            (["--set", "seeds=0"], ["seeds=0", "1 to 20"]),
            (["--data", map.path], ["lake.txt", "line 2", "S (start)"]),
            (["--data", place.url("none.txt").path], ["none.txt", "no such file"]),
            (["--set", "world=atari:no-such-game"], ["Atari", "ale-py"]),
        ] {
            let result = try place.apus(["train", "deep-q-network", "--out", place.url("bad").path] + arguments)
            #expect(result.status == 1, "\(arguments)")
            for word in words { #expect(result.errors.contains(word), "\(arguments): \(result.errors)") }
        }
    }
}
