import Apus
import ApusGallery
import Foundation
import Testing

@Suite struct GANTests {
    private let format = PictureFormat(channels: 1, height: 16, width: 16)

    private func players(_ preset: GAN.Preset, _ format: PictureFormat, classCount: Int = 10) -> Players {
        withSeed(1) { Players(preset.size, format, classCount: classCount) }
    }

    /// Those of PyTorch's DCGAN example.
    @Test func dcgan64HasItsPublishedSize() {
        let players = players(.dcgan64, PictureFormat(channels: 3, height: 64, width: 64))
        #expect(players.generator.parameterCount == 3_576_704)
        #expect(players.discriminator.parameterCount == 2_765_568)
    }

    @Test func smallPicturesHaveSmallNetworks() {
        let format = PictureFormat(channels: 1, height: 28, width: 28)
        // 100·128·7² + 2·128, 128·64·4² + 2·64, 64·4²
        let generator = 627_456 + 131_200 + 1024
        // 64·4², 64·128·4² + 2·128, 128·7²
        let discriminator = 1024 + 131_328 + 6272
        for preset in [GAN.Preset.dcgan, .wganGP] {
            #expect(players(preset, format).generator.parameterCount == generator)
            #expect(players(preset, format).discriminator.parameterCount == discriminator)
        }
        // Half the width: 104·64·7² + 2·64, 64·32·4² + 2·32, 32·4², and 10 classes of 4 numbers.
        let conditional = players(.conditional, format)
        #expect(conditional.generator.parameterCount == 326_272 + 32_832 + 512 + 40)
        // 32·4², 32·64·4² + 2·64, 64·7², and 10 classes of 64 numbers.
        #expect(conditional.discriminator.parameterCount == 512 + 32_896 + 3136 + 640)
    }

    @Test(arguments: [GAN.Preset.dcgan, .conditional, .wganGP], [(1, 28, 28), (3, 32, 32), (1, 17, 30), (3, 4, 5)])
    func networksAdaptToPictures(_ preset: GAN.Preset, _ size: (Int, Int, Int)) {
        let format = PictureFormat(channels: size.0, height: size.1, width: size.2)
        let players = players(preset, format, classCount: 3)
        let shares = Tensor([0, 2]).oneHot(3)
        let made = players.generator(.normal([2, 100], generator: Generator(seed: 1)), shares)
        #expect(made.shape == format.batchShape(2))
        #expect(players.discriminator(made, shares).shape == [2])
    }

    @Test(arguments: [GAN.Preset.dcgan, .conditional, .wganGP])
    func gradientsReachEveryParameter(_ preset: GAN.Preset) {
        let players = players(preset, format)
        let noise = Tensor.normal([10, 100], generator: Generator(seed: 1))
        let shares = Tensor((0..<10).map { $0 }).oneHot(10)
        let ofGenerator = valueAndGradients(players.generator) { generator in
            players.discriminator(generator(noise, shares), shares).mean()
        }.gradients
        let real = Tensor.normal(format.batchShape(10), generator: Generator(seed: 2))
        let ofDiscriminator = valueAndGradients(players.discriminator) { discriminator in
            softplus(discriminator(real, shares)).mean()
                + gradientPenalty(real: real, made: -real, mix: .ones([10]) * 0.3) { discriminator($0, shares) }
        }.gradients
        #expect(ofGenerator.count == players.generator.namedParameters.count)
        #expect(ofDiscriminator.count == players.discriminator.namedParameters.count)
        for element in Array(ofGenerator) + Array(ofDiscriminator) {
            #expect(element.gradient.norm().item() > 0, "\(element.name)")
        }
    }

    /// Bars in one row a class, as values in [−1, 1].
    private func bars(_ count: Int) -> ImageBatch {
        let labels = (0..<count).map { $0 % 10 }
        let values = labels.flatMap { label in
            TinyPictures.pixels(of: label, using: Generator(seed: UInt64(label))).map { Float($0) / 127.5 - 1 }
        }
        return ImageBatch(images: Tensor(values, shape: format.batchShape(count)), labels: Tensor(labels))
    }

    /// The generator's pictures come near to the real ones' mean, whoever leads at the moment.
    @Test(arguments: [GAN.Preset.dcgan, .conditional, .wganGP])
    func madePicturesComeNearToRealOnes(_ preset: GAN.Preset) {
        var size = preset.size
        // Narrow networks need more steps than a test has.
        size.widths = [64, 128]
        let model = withSeed(1) { Adversaries(size, format, classCount: 10) }
        let step = GAN.Step(model, preset.recipe, learningRate: 5e-4, averageDecay: 0.5, classCount: 10)
        let batch = bars(20 * preset.recipe.criticSteps)
        let noise = Tensor.normal([40, 100], generator: Generator(seed: 3))
        let shares = Tensor((0..<40).map { $0 % 10 }).oneHot(10)
        func distance() -> Double {
            step.publish(to: model)
            let made = model.averaged.eval()(noise, shares)
            return square(made.mean(axes: 0) - batch.images.mean(axes: 0)).mean().item()
        }
        let before = distance()
        let outcomes = (0..<100).map { number in
            withGenerator(Generator(seed: UInt64(number))) { step.take(batch, model: model, learningRate: nil) }
        }
        #expect(outcomes.allSatisfy { $0.loss.isFinite })
        #expect(distance() < before / 2, "\(before) → \(distance())")
    }

    @Test func theAutoencodersLossFalls() throws {
        let model = withSeed(1) { VariationalAutoencoder(GAN.Preset.conditional.size, format, classCount: 10) }
        let optimizer = Adam(model, learningRate: 1e-3)
        let batch = bars(20)
        let losses = (0..<40).map { number in
            let noise = Tensor.normal([20, 100], generator: Generator(seed: UInt64(number)))
            let (loss, gradients) = valueAndGradients(model) { $0(batch.images, batch.labels.oneHot(10), noise: noise) }
            #expect(gradients.count == model.namedParameters.count)
            optimizer.step(gradients)
            return loss.item(as: Double.self)
        }
        #expect(losses[39] < losses[0] / 2, "\(losses[0]) → \(losses[39])")
    }

    /// Both optimizers and the average go on as if nothing had been.
    @Test(arguments: [GAN.Preset.conditional, .wganGP])
    func aResumedGameGoesTheSameWay(_ preset: GAN.Preset) throws {
        let place = try Workplace()
        let batch = bars(10 * preset.recipe.criticSteps)
        func trainer(epochs: Int, _ run: RunFolder?) -> Trainer<Adversaries, ImageBatch> {
            let model = withSeed(1) { Adversaries(preset.size, format, classCount: 10) }
            let step = GAN.Step(model, preset.recipe, learningRate: 2e-4, averageDecay: 0.9, classCount: 10)
            return Trainer(
                model, stepping: step, TrainerConfiguration(epochs: epochs, seed: 4), system: "gan", run: run)
        }
        let source = MadeBatches(count: 3) { _, _ in batch }
        let whole = trainer(epochs: 4, nil)
        try whole.fit(source)
        let run = try RunFolder.create(at: place.url("run"), system: "gan", configuration: ["a": 1])
        try trainer(epochs: 2, run).fit(source)
        let rest = trainer(epochs: 4, run)
        try rest.resume()
        try rest.fit(source)
        let (a, b) = (whole.model.stateDictionary(), rest.model.stateDictionary())
        #expect(a.keys == b.keys)
        for (name, value) in a { #expect(isEqual(value, b[name]!).item(as: Bool.self), "\(name)") }
    }
}

@Suite struct GANCommandTests {
    private func train(_ place: Workplace, _ preset: String, _ more: String...) throws -> Workplace.Result {
        try TinyPictures.writeIDX(to: place.url("data"))
        return try place.apus(
            [
                "train", "gan", "--data", "data", "--preset", preset, "--epochs", "3", "--batch-size", "20", "--out",
                "run", "--json",
            ] + more)
    }

    @Test func trainingPredictionAndEvaluationAgree() throws {
        let place = try Workplace()
        let trained = try train(place, "conditional")
        #expect(trained.status == 0, "\(trained.errors)")
        let finished = try #require(trained.events.last)
        let metrics = try #require(finished["metrics"] as? [String: Double])
        let baseline = try #require(finished["baseline"] as? [String: Double])
        for name in ["fid", "precision", "recall", "spread", "evenness", "reachedClasses"] {
            #expect(metrics[name]?.isFinite == true && baseline[name]?.isFinite == true, "\(name)")
        }
        for file in ["model.safetensors", "classifier.safetensors", "baseline.safetensors", "film"] {
            #expect(place.exists("run/\(file)"), "\(file)")
        }
        let report = try String(contentsOf: place.url("run/report.html"), encoding: .utf8)
        for part in ["Samples", "While it learned", "Interpolations", "Is it memory?", "The game", "Machine"] {
            #expect(report.contains(part), "\(part)")
        }
        let evaluated = try place.apus("evaluate", "gan", "--model", "run", "--json")
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        expectSame(evaluated.events.last?["metrics"], metrics)
        expectSame(evaluated.events.last?["baseline"], baseline)
        try checkPredictions(place)
    }

    /// Up to roundings: a model that was just trained lies in memory in another way than one that was read.
    private func expectSame(_ found: Any?, _ expected: [String: Double]) {
        let found = found as? [String: Double] ?? [:]
        #expect(Set(found.keys) == Set(expected.keys))
        for (name, value) in expected {
            #expect(abs(found[name, default: .nan] - value) <= 1e-5 * abs(value) + 1e-9, "\(name)")
        }
    }

    private func checkPredictions(_ place: Workplace) throws {
        func predict(_ arguments: String...) throws -> Workplace.Result {
            try place.apus(["predict", "gan", "--model", "run", "--json"] + arguments)
        }
        try TinyPictures.picture(of: 4).write(to: place.url("four.png"))
        // The classes are named 0 to 9 here; 12 is none of them.
        let first = try predict("3", "12", "four.png")
        #expect(first.status == 0, "\(first.errors)")
        let answers = first.events("prediction")
        #expect(answers.compactMap { $0["kind"] as? String } == ["class", "number", "picture"])
        #expect((answers[2]["pixelDistance"] as? Double).map { (0...1).contains($0) } == true)
        let grid = try Image(contentsOf: place.url("gan.png"))
        // Rows of 3 inputs and 2 ways between them.
        #expect(grid.height == (5 * (16 + 2) - 2) * 7)
        let again = try predict("3", "12", "four.png", "--set", "out=again.png")
        #expect(try Data(contentsOf: place.url("again.png")) == Data(contentsOf: place.url("gan.png")))
        #expect(again.events("prediction").count == 3)
        _ = try predict("3", "--set", "seed=1", "--set", "out=other.png")
        _ = try predict("3", "--set", "out=same.png")
        #expect(try Data(contentsOf: place.url("other.png")) != Data(contentsOf: place.url("same.png")))

        try Data("no picture".utf8).write(to: place.url("broken.png"))
        let bad = try predict("broken.png", "missing.png", "nonsense", "5")
        #expect(bad.status == 1)
        #expect(bad.events("error").compactMap { $0["input"] as? String } == ["broken.png", "missing.png", "nonsense"])
        #expect(bad.events("prediction").count == 1)
        #expect(bad.errors.contains("no such file") && bad.errors.contains("The model makes 0, 1"), "\(bad.errors)")
        #expect(try predict("3", "--set", "out=gan.gif").errors.contains("PNG"))
    }

    @Test(arguments: ["dcgan", "wgan-gp"])
    func theOtherPresetsTrainToo(_ preset: String) throws {
        let place = try Workplace()
        let trained = try train(place, preset, "--epochs", "1")
        #expect(trained.status == 0, "\(trained.errors)")
        let predicted = try place.apus("predict", "gan", "--model", "run", "3", "12", "--set", "count=4")
        #expect(predicted.status == 0, "\(predicted.errors)")
        #expect(predicted.output.contains("gan.png"))
    }

    @Test func picturesThatAreTooSmallAreNamed() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"))
        let result = try place.apus("train", "gan", "--data", "data", "--preset", "dcgan64", "--out", "run")
        #expect(result.status == 1)
        #expect(result.errors.contains("64×64"), "\(result.errors)")
    }
}
